// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Registry} from "./Registry.sol";

/// @title The gateways' append-only logs, as far as a stranger needs them: one (size, root) per checkpoint.
/// @notice Immutable, without an owner. This contract's address is the "coordinator" of every scope.
contract Ledger {
    /// One storage slot.
    /// @param stake Wei that a proven fault takes.
    /// @param seq Number of the newest commitment; 0 = none.
    /// @param last Size of the log at the newest commitment.
    /// @param exit When the gateway asked to leave, seconds since 1970; 0 = it has not.
    /// @param frozen Set by a proven fault: no further commitment.
    struct Gateway {
        uint88 stake;
        uint64 seq;
        uint64 last;
        uint32 exit;
        bool frozen;
    }

    /// Checkpoints kept per gateway.
    uint64 public constant RING = 1024;

    /// The register of devices that belongs to this ledger.
    Registry public immutable REGISTRY;

    /// Seconds a commitment stays provable: epoch, sealing and dispute time together. A younger one is never overwritten,
    /// and a stake does not leave earlier.
    uint40 public immutable RETENTION;

    mapping(address gateway => Gateway) private _gateways;
    mapping(address gateway => bytes32[RING]) private _ring;

    event Committed(address indexed gateway, uint64 indexed seq, uint64 size, bytes32 root);
    event Staked(address indexed gateway, uint256 stake);
    event ExitStarted(address indexed gateway, uint256 withdrawableAt);
    event Withdrawn(address indexed gateway, uint256 stake);

    error RegistryMismatch(address ledger);
    error SeqNotNext(uint64 got, uint64 next);
    error SizeFell(uint64 got, uint64 last);
    error RingFull(uint64 seq, uint256 freeAt);
    error Exiting(uint256 withdrawableAt);
    error NotExiting();
    error TooEarly(uint256 withdrawableAt);
    error StakeTooLarge(uint256 got);
    error NoStake();
    error PaymentFailed();
    error FrozenGateway();

    /// @param registry The Registry that was deployed for this address.
    /// @param retention Seconds of epoch + sealing + dispute (7 d + 12 h + 3 d on public networks).
    constructor(Registry registry, uint40 retention) {
        if (registry.LEDGER() != address(this)) revert RegistryMismatch(registry.LEDGER());
        REGISTRY = registry;
        RETENTION = retention;
    }

    /// @notice Adds to the caller's stake.
    function stake() external payable {
        Gateway storage gateway = _gateways[msg.sender];
        if (gateway.exit != 0) revert Exiting(_withdrawableAt(gateway.exit));
        uint256 total = uint256(gateway.stake) + msg.value;
        if (total > type(uint88).max) revert StakeTooLarge(total);
        // The line above bounds it.
        // forge-lint: disable-next-line(unsafe-typecast)
        gateway.stake = uint88(total);
        emit Staked(msg.sender, total);
    }

    /// @notice Announces that the caller leaves: no commitment from now on, and the stake may go after RETENTION.
    function exit() external {
        Gateway storage gateway = _gateways[msg.sender];
        if (gateway.exit != 0) revert Exiting(_withdrawableAt(gateway.exit));
        if (gateway.stake == 0) revert NoStake();
        gateway.exit = uint32(block.timestamp);
        emit ExitStarted(msg.sender, _withdrawableAt(gateway.exit));
    }

    /// @notice Pays the stake back once everything the caller committed is beyond dispute. The log may go on afterwards.
    function withdraw() external {
        Gateway storage gateway = _gateways[msg.sender];
        if (gateway.exit == 0) revert NotExiting();
        uint256 until = _withdrawableAt(gateway.exit);
        if (block.timestamp < until) revert TooEarly(until);
        uint256 amount = gateway.stake;
        gateway.stake = 0;
        gateway.exit = 0;
        emit Withdrawn(msg.sender, amount);
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentFailed();
    }

    /// @notice Records a checkpoint of the caller's log.
    /// @dev `seq` makes a transaction that is sent twice revert: exactly once is a promise of this contract.
    /// @param seq One more than the caller's newest commitment; the first is 1.
    /// @param size Entries in the log; never less than before.
    /// @param root RFC 6962 root over them.
    function commit(uint64 seq, uint64 size, bytes32 root) external {
        Gateway memory gateway = _gateways[msg.sender];
        if (gateway.exit != 0) revert Exiting(_withdrawableAt(gateway.exit));
        if (gateway.frozen) revert FrozenGateway();
        if (seq != gateway.seq + 1) revert SeqNotNext(seq, gateway.seq + 1);
        if (size < gateway.last) revert SizeFell(size, gateway.last);
        uint256 place = seq % RING;
        bytes32 old = _ring[msg.sender][place];
        if (old != 0) {
            uint256 freeAt = uint256(uint40(uint256(old))) + RETENTION;
            if (block.timestamp < freeAt) revert RingFull(seq, freeAt);
        }
        gateway.seq = seq;
        gateway.last = size;
        _gateways[msg.sender] = gateway;
        _ring[msg.sender][place] = _mark(msg.sender, seq, size, root, uint40(block.timestamp));
        emit Committed(msg.sender, seq, size, root);
    }

    /// @notice The state of a gateway.
    function gatewayOf(address gateway) external view returns (Gateway memory) {
        return _gateways[gateway];
    }

    /// @notice What the ring holds in the place of `seq`: keccak256(gateway, seq, size, root, minedAt) with its last five bytes
    /// replaced by `minedAt`, seconds since 1970. Zero = nothing yet. A place is reused every 1,024 commitments.
    function checkpoint(address gateway, uint64 seq) external view returns (bytes32) {
        return _ring[gateway][seq % RING];
    }

    /// @notice Whether `gateway` committed exactly this and the ring still holds it.
    function isCommitted(address gateway, uint64 seq, uint64 size, bytes32 root) external view returns (bool) {
        bytes32 held = _ring[gateway][seq % RING];
        return held != 0 && held == _mark(gateway, seq, size, root, uint40(uint256(held)));
    }

    function _withdrawableAt(uint32 exitAt) private view returns (uint256) {
        return uint256(exitAt) + RETENTION;
    }

    /// The time stands in the clear so that the age of a place is known without its preimage; 27 bytes of hash remain.
    function _mark(address gateway, uint64 seq, uint64 size, bytes32 root, uint40 minedAt) private pure returns (bytes32) {
        uint256 hash = uint256(keccak256(abi.encode(gateway, seq, size, root, minedAt)));
        return bytes32((hash & ~uint256(type(uint40).max)) | minedAt);
    }
}
