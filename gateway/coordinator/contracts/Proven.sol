// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Device, ILedger, IRegistry, KINDS, Seal} from "./Interfaces.sol";
import {Marks} from "./Marks.sol";
import {ShareProof} from "./ShareProof.sol";
import {Share, Step} from "./Shares.sol";

/// Shares of one final seal, with their common proof.
/// @param gateway Who sealed it.
/// @param epoch Epoch of the seal.
/// @param kind Kind of the seal; every device's kind.
/// @param shares From left to right.
/// @param path Hashes and sums of the subtrees that hold none of them, from left to right.
/// @param steps How they make the root (ShareProof.sol).
struct Batch {
    address gateway;
    uint32 epoch;
    uint8 kind;
    Share[] shares;
    Step[] path;
    bytes steps;
}

/// @title What is final on the ledger and what of it is used up, for what is given for it.
abstract contract Proven {
    /// A final seal, as read once for all claims on it.
    struct Terms {
        bytes32 root;
        uint256 work;
        uint256 epoch;
        uint256 kind;
        uint256 start;
        uint256 end;
    }

    /// Who owns which device.
    IRegistry public immutable REGISTRY;

    /// Where the seals are.
    ILedger public immutable LEDGER;

    uint256 private immutable GENESIS;
    uint256 private immutable EPOCH;
    uint256 private immutable SETTLING;

    error RegistryMismatch(address registry, address ledger);
    error KindUnknown(uint8 kind);
    error NotFinal(uint32 epoch, uint256 finalAt);
    error NoSeal(address gateway, uint32 epoch, uint8 kind);
    error NotInSeal(address gateway, uint32 epoch, uint8 kind);
    error DeviceUnknown(bytes32 device);
    error NotOwner(bytes32 device, address owner, address given);
    error WrongKind(bytes32 device, uint8 got, uint8 want);

    constructor(IRegistry registry, ILedger ledger) {
        if (address(ledger.REGISTRY()) != address(registry)) {
            revert RegistryMismatch(address(registry), address(ledger));
        }
        REGISTRY = registry;
        LEDGER = ledger;
        GENESIS = ledger.GENESIS();
        EPOCH = ledger.EPOCH();
        SETTLING = ledger.SEALING() + ledger.DISPUTE();
    }

    /// Reads a seal, which must be final.
    function _terms(address gateway, uint32 epoch, uint8 kind) internal view returns (Terms memory terms) {
        if (kind >= KINDS) revert KindUnknown(kind);
        uint256 start = GENESIS + epoch * EPOCH;
        uint256 end = start + EPOCH;
        if (block.timestamp < end + SETTLING) revert NotFinal(epoch, end + SETTLING);
        Seal memory found = LEDGER.sealOf(gateway, epoch, kind);
        if (found.sealedAt == 0) revert NoSeal(gateway, epoch, kind);
        return Terms(found.root, found.work, epoch, kind, start, end);
    }

    /// Checks a batch against its seal. Index and count do not matter here: no leaf is used twice, because of its mark.
    function _proven(Batch calldata batch) internal view returns (Terms memory terms) {
        terms = _terms(batch.gateway, batch.epoch, batch.kind);
        (bytes32 root, uint256 total) = ShareProof.rootOf(batch.shares, batch.path, batch.steps);
        if (root != terms.root || total != terms.work) revert NotInSeal(batch.gateway, batch.epoch, batch.kind);
    }

    /// A device that must be the owner's and of the seal's kind.
    /// @param device Memory that is written anew for each share.
    function _load(Device memory device, bytes32 id, address owner, uint256 kind) internal view {
        address registry = address(REGISTRY);
        bytes4 selector = IRegistry.deviceOf.selector;
        bool answered;
        // The answer's words are the struct's words: not decoding them saves a tenth of a claim.
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, id)
            answered := staticcall(gas(), registry, 0, 36, device, 224)
            answered := and(answered, eq(returndatasize(), 224))
        }
        if (!answered || device.owner == address(0)) revert DeviceUnknown(id);
        if (device.owner != owner) revert NotOwner(id, device.owner, owner);
        // Below KINDS, as read.
        // forge-lint: disable-next-line(unsafe-typecast)
        if (device.kind != kind) revert WrongKind(id, device.kind, uint8(kind));
    }

    /// Uses up a share that is proven.
    /// @return work Growth of the device's work register.
    function _use(
        Terms memory terms,
        Share calldata share,
        Device memory device,
        mapping(bytes32 device => uint256) storage marks
    ) internal returns (uint256 work) {
        bytes32 id = share.device;
        uint256 mark = marks[id];
        (mark, work) = Marks.advance(mark, share, device, terms.epoch, terms.start, terms.end);
        marks[id] = mark;
    }
}
