// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEd25519} from "./Signatures.sol";

/// What the register knows of a device.
/// @param owner Account that is paid for the device's work; zero = not registered.
/// @param kind Kind of device, as its maker's run states it, below KINDS; rewards are split by kind.
/// @param cap Most work per hour that the maker's run grants the device.
/// @param since When it was registered, seconds since 1970.
/// @param mark The work register at enrolment: what a device did before it joined is never paid.
/// @param end Work above this is not payable; type(uint64).max while the key is in use.
/// @param until Epochs that begin at this time or later are not payable, seconds since 1970; type(uint40).max while the
/// key is in use.
struct Device {
    address owner;
    uint8 kind;
    uint48 cap;
    uint40 since;
    uint64 mark;
    uint64 end;
    uint40 until;
}

/// A gateway in the ledger; one storage slot.
/// @param stake Wei that a proven fault takes.
/// @param seq Number of the newest commitment; 0 = none.
/// @param last Size of the log at the newest commitment.
/// @param exit When the gateway asked to leave, seconds since 1970; 0 = it has not.
/// @param frozen Set by a proven fault: no further commitment or seal.
/// @param sealedKinds Kinds that it has ever sealed, bit by bit.
struct Gateway {
    uint80 stake;
    uint48 seq;
    uint64 last;
    uint32 exit;
    bool frozen;
    uint16 sealedKinds;
}

/// What a gateway says about one epoch and kind.
/// @param root Sum tree over the shares (Shares.sol).
/// @param work Sum of all shares.
/// @param count Number of shares.
/// @param sealedAt When it was sealed, seconds since 1970; 0 = no seal, or voided.
struct Seal {
    bytes32 root;
    uint128 work;
    uint64 count;
    uint40 sealedAt;
}

/// Durations in seconds: 7 d, 12 h and 3 d on public networks, shorter on local chains.
struct Times {
    uint40 epoch;
    uint40 sealing;
    uint40 dispute;
}

// Device kinds are 0 ≤ kind < KINDS.
uint8 constant KINDS = 16;

/// @title Who owns which device (Registry.sol).
interface IRegistry {
    /// The ledger that belongs to this register; its address is the "coordinator" of every scope.
    function LEDGER() external view returns (address);

    /// Verifier of Ed25519 signatures; zero = none.
    function ED25519() external view returns (IEd25519);

    /// A device; all zero when it is not registered.
    function deviceOf(bytes32 device) external view returns (Device memory);

    /// The work register at enrolment.
    function firstMark(bytes32 device) external view returns (uint64);

    /// The device that took the place of this one; zero = none.
    function successorOf(bytes32 device) external view returns (bytes32);

    /// What statements for this register and a gateway must carry as their scope.
    function scopeOf(address gateway) external view returns (bytes16);
}

/// @title The gateways' logs, seals and stakes (Ledger.sol).
interface ILedger {
    function REGISTRY() external view returns (IRegistry);

    /// The only account that may slash.
    function FAULTS() external view returns (address);

    /// Start of epoch 0, seconds since 1970.
    function GENESIS() external view returns (uint40);

    function EPOCH() external view returns (uint40);
    function SEALING() external view returns (uint40);
    function DISPUTE() external view returns (uint40);

    /// EPOCH + SEALING + DISPUTE.
    function RETENTION() external view returns (uint40);

    /// Least wei with which a gateway may seal.
    function MIN_STAKE() external view returns (uint80);

    /// Checkpoints kept per gateway.
    function RING() external view returns (uint64);

    /// The epoch in which a time falls; 0 for times before GENESIS.
    function epochAt(uint256 time) external view returns (uint32);

    /// When an epoch ends and its sealing time begins, seconds since 1970. The epoch begins at epochEnd(epoch) − EPOCH.
    function epochEnd(uint32 epoch) external view returns (uint256);

    /// From when on the seals of an epoch stand, seconds since 1970; until then they can be challenged.
    function finalAt(uint32 epoch) external view returns (uint256);

    function gatewayOf(address gateway) external view returns (Gateway memory);

    /// When `gateway` committed exactly this, seconds since 1970; 0 = it did not, or the ring no longer holds it.
    function committedAt(address gateway, uint64 seq, uint64 size, bytes32 root) external view returns (uint40);

    function isCommitted(address gateway, uint64 seq, uint64 size, bytes32 root) external view returns (bool);

    /// A seal; all zero when there is none, or when it was voided.
    function sealOf(address gateway, uint32 epoch, uint8 kind) external view returns (Seal memory);

    /// Sum of the seals of an epoch and kind, without the voided ones.
    function totalWork(uint32 epoch, uint8 kind) external view returns (uint128);

    /// Freezes a gateway, takes its whole stake and voids its seals that are not final. Half of the stake goes to the
    /// challenger, half is burned. Only FAULTS; a gateway that is frozen already, or without stake, gives 0.
    /// @return reward Wei for the challenger.
    function slash(address gateway, address challenger) external returns (uint256 reward);
}
