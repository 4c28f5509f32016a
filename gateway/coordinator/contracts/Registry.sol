// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Enrolment, EnrolmentReader} from "./Enrolment.sol";
import {Inclusion} from "./Inclusion.sol";
import {IEd25519, Signatures} from "./Signatures.sol";
import {Statement, StatementReader} from "./Statement.sol";

/// @title Who owns which device.
/// @notice Immutable, without an owner. A device says itself whose it is; nobody can register somebody else's device.
contract Registry {
    /// One storage slot.
    /// @param owner Account that is paid for the device's work.
    /// @param kind Kind of device, as its maker's run states it; rewards are split by kind.
    /// @param cap Most work per hour that the maker's run grants the device.
    /// @param since When it was registered, seconds since 1970.
    struct Device {
        address owner;
        uint8 kind;
        uint48 cap;
        uint40 since;
    }

    /// A place in a maker's production run. The leaf is device 32 ‖ kind 1 ‖ cap 6, big-endian.
    /// @param maker Account that admitted the run.
    /// @param root RFC 6962 root over the run's leaves.
    /// @param count Leaves in the run.
    /// @param index The device's place, from 0.
    struct Entry {
        address maker;
        bytes32 root;
        uint64 count;
        uint64 index;
        uint8 kind;
        uint48 cap;
    }

    /// What the device signed.
    /// @param gateway The gateway in the statement's scope.
    /// @param statement 160 bytes, kind 1.
    /// @param body Bytes whose SHA-256 is the statement's root.
    struct Enrolled {
        address gateway;
        bytes statement;
        bytes body;
    }

    /// The ledger that belongs to this register; its address is the "coordinator" of every scope.
    address public immutable LEDGER;

    /// Verifier of Ed25519 signatures; zero = such devices cannot be registered here.
    IEd25519 public immutable ED25519;

    mapping(bytes32 device => Device) private _devices;

    /// @notice The work register at enrolment: what a device did before it joined is never paid.
    mapping(bytes32 device => uint64) public firstMark;

    /// @notice When a run was admitted, seconds since 1970, by keccak256(maker, root, count).
    mapping(bytes32 run => uint256) public admittedAt;

    event Admitted(address indexed maker, bytes32 indexed root, uint64 count);
    event Registered(bytes32 indexed device, address indexed owner, uint8 kind, uint48 cap, uint64 mark);

    error EmptyRun();
    error NotMaker(address maker, address caller);
    error RunKnown(bytes32 run);
    error RunUnknown(bytes32 run);
    error NotInRun(bytes32 device, uint64 index);
    error WrongKind(uint8 got, uint8 want);
    error WrongScope(bytes16 got, bytes16 want);
    error WrongBody(bytes32 got, bytes32 want);
    error WrongDevice(bytes32 got, bytes32 want);
    error ZeroOwner();
    error DeviceKnown(bytes32 device, address owner);
    error BadSignature(bytes32 device);

    /// @param ledger Address at which the Ledger is going to be deployed.
    /// @param ed25519 Verifier of Ed25519 signatures, or zero.
    constructor(address ledger, IEd25519 ed25519) {
        Signatures.requireP256();
        LEDGER = ledger;
        ED25519 = ed25519;
    }

    /// @notice Admits a production run: `count` devices in one transaction. A single home-made device is a run of one.
    /// @param maker Must be the caller.
    /// @param root RFC 6962 root over the leaves of the run.
    /// @param count Leaves in the run.
    function admit(address maker, bytes32 root, uint64 count) external {
        if (maker != msg.sender) revert NotMaker(maker, msg.sender);
        if (count == 0) revert EmptyRun();
        bytes32 run = runId(maker, root, count);
        if (admittedAt[run] != 0) revert RunKnown(run);
        admittedAt[run] = block.timestamp;
        emit Admitted(maker, root, count);
    }

    /// @notice Registers a device in the name of the owner it signed. Whoever sends this, the owner is the signed one.
    /// @param entry The device's place in an admitted run.
    /// @param path RFC 6962 inclusion proof of that place.
    /// @param enrolment The signed enrolment (statement kind 1) with its body.
    /// @param signature 64 bytes by the device's key.
    function register(Entry calldata entry, bytes32[] calldata path, Enrolled calldata enrolment, bytes calldata signature)
        external
    {
        (bytes32 id, address owner, uint64 mark) = _enrolled(enrolment, signature);
        _requireInRun(entry, path, id);
        if (_devices[id].owner != address(0)) revert DeviceKnown(id, _devices[id].owner);
        _devices[id] = Device({owner: owner, kind: entry.kind, cap: entry.cap, since: uint40(block.timestamp)});
        if (mark != 0) firstMark[id] = mark;
        emit Registered(id, owner, entry.kind, entry.cap, mark);
    }

    /// @notice A device; all zero when it is not registered.
    function deviceOf(bytes32 device) external view returns (Device memory) {
        return _devices[device];
    }

    /// @notice Key of a run in `admittedAt`.
    function runId(address maker, bytes32 root, uint64 count) public pure returns (bytes32) {
        return keccak256(abi.encode(maker, root, count));
    }

    /// @notice What statements for this register and a gateway must carry as their scope.
    function scopeOf(address gateway) public view returns (bytes16) {
        return StatementReader.scopeOf(LEDGER, gateway);
    }

    function _requireInRun(Entry calldata entry, bytes32[] calldata path, bytes32 id) private view {
        bytes32 run = runId(entry.maker, entry.root, entry.count);
        if (admittedAt[run] == 0) revert RunUnknown(run);
        bytes32 leaf = Inclusion.leafHash(abi.encodePacked(id, entry.kind, entry.cap));
        if (!Inclusion.holds(leaf, entry.index, entry.count, path, entry.root)) revert NotInRun(id, entry.index);
    }

    function _enrolled(Enrolled calldata enrolment, bytes calldata signature)
        private
        view
        returns (bytes32 id, address owner, uint64 mark)
    {
        Statement memory statement = StatementReader.read(enrolment.statement);
        if (statement.kind != StatementReader.ENROL) revert WrongKind(statement.kind, StatementReader.ENROL);
        bytes16 scope = scopeOf(enrolment.gateway);
        if (statement.scope != scope) revert WrongScope(statement.scope, scope);
        bytes32 body = sha256(enrolment.body);
        if (body != statement.root) revert WrongBody(body, statement.root);
        Enrolment memory said = EnrolmentReader.read(enrolment.body);
        if (said.owner == address(0)) revert ZeroOwner();
        id = Signatures.deviceId(said.key);
        if (id != statement.device) revert WrongDevice(id, statement.device);
        if (!Signatures.verify(said.key, enrolment.statement, signature, ED25519)) revert BadSignature(id);
        return (id, said.owner, statement.work);
    }
}
