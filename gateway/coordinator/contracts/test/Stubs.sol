// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Device, Gateway, ILedger, IRegistry, Seal} from "../Interfaces.sol";
import {IEd25519} from "../Signatures.sol";
import {StatementReader} from "../Statement.sol";

/// A register that answers from a table; one slot for a device whose key is in use, as in the real one.
contract StubRegistry is IRegistry {
    struct Short {
        address owner;
        uint8 kind;
        uint24 cap;
        uint32 since;
        uint32 mark;
    }

    address public LEDGER;
    IEd25519 public immutable ED25519;
    mapping(bytes32 device => Short) private _shorts;
    mapping(bytes32 device => Device) private _devices;
    mapping(bytes32 device => bytes32) public successorOf;

    constructor(IEd25519 ed25519) {
        ED25519 = ed25519;
    }

    function belongsTo(address ledger) external {
        LEDGER = ledger;
    }

    function set(bytes32 device, Device calldata what) external {
        delete _shorts[device];
        if (what.end == type(uint64).max && what.until == type(uint40).max) {
            _shorts[device] = Short(what.owner, what.kind, uint24(what.cap), uint32(what.since), uint32(what.mark));
        } else {
            _devices[device] = what;
        }
    }

    function deviceOf(bytes32 device) public view returns (Device memory) {
        Short memory short = _shorts[device];
        if (short.owner == address(0)) return _devices[device];
        return Device(
            short.owner, short.kind, short.cap, short.since, short.mark, type(uint64).max, type(uint40).max
        );
    }

    function firstMark(bytes32 device) external view returns (uint64) {
        return deviceOf(device).mark;
    }

    function scopeOf(address gateway) external view returns (bytes16) {
        return StatementReader.scopeOf(LEDGER, gateway);
    }
}

/// A ledger that answers from a table, with the times of a public network.
contract StubLedger is ILedger {
    IRegistry public immutable REGISTRY;
    address public constant FAULTS = address(0xFA);
    uint40 public immutable GENESIS = uint40(block.timestamp);
    uint40 public constant EPOCH = 7 days;
    uint40 public constant SEALING = 12 hours;
    uint40 public constant DISPUTE = 3 days;
    uint40 public constant RETENTION = EPOCH + SEALING + DISPUTE;
    uint80 public constant MIN_STAKE = 1;
    uint64 public constant RING = 1024;

    mapping(address gateway => mapping(uint32 epoch => mapping(uint8 kind => Seal))) private _seals;
    mapping(uint32 epoch => mapping(uint8 kind => uint128)) public totalWork;

    constructor(IRegistry registry) {
        REGISTRY = registry;
    }

    function set(address gateway, uint32 epoch, uint8 kind, bytes32 root, uint128 work, uint64 count) external {
        totalWork[epoch][kind] = totalWork[epoch][kind] - _seals[gateway][epoch][kind].work + work;
        _seals[gateway][epoch][kind] = Seal(root, work, count, count == 0 ? 0 : uint40(block.timestamp));
    }

    function setTotal(uint32 epoch, uint8 kind, uint128 work) external {
        totalWork[epoch][kind] = work;
    }

    function epochAt(uint256 time) external view returns (uint32) {
        return uint32((time - GENESIS) / EPOCH);
    }

    function epochEnd(uint32 epoch) public view returns (uint256) {
        return GENESIS + (uint256(epoch) + 1) * EPOCH;
    }

    function finalAt(uint32 epoch) external view returns (uint256) {
        return epochEnd(epoch) + SEALING + DISPUTE;
    }

    function sealOf(address gateway, uint32 epoch, uint8 kind) external view returns (Seal memory) {
        return _seals[gateway][epoch][kind];
    }

    function gatewayOf(address) external pure returns (Gateway memory gateway) {}

    function committedAt(address, uint64, uint64, bytes32) external pure returns (uint40) {
        return 0;
    }

    function isCommitted(address, uint64, uint64, bytes32) external pure returns (bool) {
        return false;
    }

    function slash(address, address) external pure returns (uint256) {
        return 0;
    }
}
