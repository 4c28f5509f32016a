// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Enrolment, EnrolmentReader} from "./Enrolment.sol";
import {Inclusion} from "./Inclusion.sol";
import {Device, IRegistry, KINDS} from "./Interfaces.sol";
import {IEd25519, PublicKey, Signatures} from "./Signatures.sol";
import {Slots} from "./Slots.sol";
import {Statement, StatementReader} from "./Statement.sol";
import {SuccessionReader} from "./Succession.sol";

/// @title Who owns which device.
/// @notice Immutable, without an owner. A device says itself whose it is; nobody can register somebody else's device.
contract Registry is IRegistry {
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

    /// With what a key ends.
    /// @param gateway The gateway in the statement's scope.
    /// @param key The ending key; a body of kind 2 or 3 does not hold it.
    /// @param statement 160 bytes, kind 2 or 3.
    /// @param body Bytes whose SHA-256 is the statement's root.
    /// @param signature 64 bytes by the ending key.
    struct Ending {
        address gateway;
        PublicKey key;
        bytes statement;
        bytes body;
        bytes signature;
    }

    /// @inheritdoc IRegistry
    address public immutable LEDGER;

    /// @inheritdoc IRegistry
    IEd25519 public immutable ED25519;

    mapping(bytes32 device => uint256) private _devices;
    mapping(bytes32 device => Slots.Rest) private _rests;

    /// @notice When a run was admitted, seconds since 1970, by keccak256(maker, root, count).
    mapping(bytes32 run => uint256) public admittedAt;

    /// @notice To whom a device's owner offers it; zero = to nobody.
    mapping(bytes32 device => address) public offeredTo;

    /// @inheritdoc IRegistry
    mapping(bytes32 device => bytes32) public successorOf;

    event Admitted(address indexed maker, bytes32 indexed root, uint64 count);
    event Registered(bytes32 indexed device, address indexed owner, uint8 kind, uint48 cap, uint64 mark);
    event Offered(bytes32 indexed device, address indexed owner, address indexed to);
    event Transferred(bytes32 indexed device, address indexed from, address indexed to);
    event Succeeded(bytes32 indexed device, bytes32 indexed successor, uint64 end);
    event Retired(bytes32 indexed device, uint64 end, uint40 until);

    error EmptyRun();
    error NotMaker(address maker, address caller);
    error RunKnown(bytes32 run);
    error RunUnknown(bytes32 run);
    error NotInRun(bytes32 device, uint64 index);
    error KindUnknown(uint8 kind);
    error WrongKind(uint8 got, uint8 want);
    error WrongScope(bytes16 got, bytes16 want);
    error WrongBody(bytes32 got, bytes32 want);
    error WrongDevice(bytes32 got, bytes32 want);
    error WrongOwner(address got, address want);
    error ZeroOwner();
    error NotNamed(address caller);
    error NotOwner(address owner, address caller);
    error NotOffered(bytes32 device, address caller);
    error DeviceKnown(bytes32 device, address owner);
    error DeviceUnknown(bytes32 device);
    error DeviceEnded(bytes32 device);
    error EnrolledEarlier(uint64 work, uint64 end);
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

    /// @notice Registers a device in the name of the owner it signed.
    /// @dev Sent by the owner or the gateway, both of whom the device signed: anybody can admit a run, and a stranger who
    /// saw the enrolment could otherwise register the device first, out of a run of his own with another kind and cap.
    /// @param entry The device's place in an admitted run.
    /// @param path RFC 6962 inclusion proof of that place.
    /// @param enrolment The signed enrolment (statement kind 1) with its body.
    /// @param signature 64 bytes by the device's key.
    function register(Entry calldata entry, bytes32[] calldata path, Enrolled calldata enrolment, bytes calldata signature)
        external
    {
        (Statement memory statement, address owner) = _enrolled(enrolment, signature);
        _requireInRun(entry, path, statement.device);
        if (entry.kind >= KINDS) revert KindUnknown(entry.kind);
        _add(statement, owner, entry.kind, entry.cap);
    }

    /// @notice Offers a device to another account; zero takes an offer back. The caller is its owner.
    function offer(bytes32 device, address to) external {
        _requireOwner(device);
        offeredTo[device] = to;
        emit Offered(device, msg.sender, to);
    }

    /// @notice Takes over a device that was offered to the caller. What is claimed from now on is paid to the caller.
    function accept(bytes32 device) external {
        if (offeredTo[device] != msg.sender || msg.sender == address(0)) revert NotOffered(device, msg.sender);
        uint256 packed = _requireAlive(device);
        delete offeredTo[device];
        _devices[device] = Slots.withOwner(packed, msg.sender);
        emit Transferred(device, Slots.ownerOf(packed), msg.sender);
    }

    /// @notice Puts a new key in the place of an old one: it gets owner, kind and cap. Work of the old key is payable up to
    /// the register in its rotation, work of the new one from the register in its enrolment.
    /// @dev The stretches do not overlap: either the new register starts at or above the old end, or it was read later.
    /// @param rotation Signed by the old key, statement kind 2: names the next key.
    /// @param enrolment Signed by the next key, statement kind 1, for the device's present owner.
    /// @param signature 64 bytes by the next key.
    function succeed(Ending calldata rotation, Enrolled calldata enrolment, bytes calldata signature) external {
        Statement memory last = _ending(rotation, StatementReader.ROTATE);
        uint256 packed = _requireAlive(last.device);
        (Statement memory first, address owner) = _enrolled(enrolment, signature);
        bytes32 next = Signatures.deviceId(SuccessionReader.readRotation(rotation.body));
        if (first.device != next) revert WrongDevice(first.device, next);
        if (owner != Slots.ownerOf(packed)) revert WrongOwner(owner, Slots.ownerOf(packed));
        if (first.work < last.work && first.from < last.to) revert EnrolledEarlier(first.work, last.work);
        Device memory old = Slots.unpack(packed, _rests[last.device]);
        _end(last.device, last.work, type(uint40).max);
        successorOf[last.device] = next;
        emit Succeeded(last.device, next, last.work);
        _add(first, owner, old.kind, old.cap);
    }

    /// @notice Takes a device out of service. Epochs that begin from now on are not payable. The caller is its owner.
    function retire(bytes32 device) external {
        _requireOwner(device);
        _end(device, type(uint64).max, uint40(block.timestamp));
    }

    /// @notice Takes a device out of service on its key's own word, which may also come after its end and bring it forward.
    /// Work above the statement's register is not payable, nor are epochs that begin after the revocation's `since`.
    /// @param revocation Signed by the key, statement kind 3.
    function revoke(Ending calldata revocation) external {
        Statement memory last = _ending(revocation, StatementReader.REVOKE);
        if (_devices[last.device] == 0) revert DeviceUnknown(last.device);
        uint64 since = SuccessionReader.readRevocation(revocation.body);
        // A revocation that lies in the future lets the register grow until then.
        uint64 end = since > last.to ? type(uint64).max : last.work;
        // Below 2^53 ms: fits.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint40 until = since == 0 ? type(uint40).max : uint40(since / 1000);
        _end(last.device, end, until);
    }

    /// @inheritdoc IRegistry
    function deviceOf(bytes32 device) external view returns (Device memory) {
        return Slots.unpack(_devices[device], _rests[device]);
    }

    /// @inheritdoc IRegistry
    function firstMark(bytes32 device) external view returns (uint64) {
        return Slots.unpack(_devices[device], _rests[device]).mark;
    }

    /// @notice Key of a run in `admittedAt`.
    function runId(address maker, bytes32 root, uint64 count) public pure returns (bytes32) {
        return keccak256(abi.encode(maker, root, count));
    }

    /// @inheritdoc IRegistry
    function scopeOf(address gateway) public view returns (bytes16) {
        return StatementReader.scopeOf(LEDGER, gateway);
    }

    function _add(Statement memory statement, address owner, uint8 kind, uint48 cap) private {
        bytes32 device = statement.device;
        uint256 known = _devices[device];
        if (known != 0) revert DeviceKnown(device, Slots.ownerOf(known));
        _devices[device] = Slots.pack(_rests[device], owner, kind, cap, statement.work);
        emit Registered(device, owner, kind, cap, statement.work);
    }

    /// An end only ever moves forward: what was cut off stays unpayable.
    function _end(bytes32 device, uint64 end, uint40 until) private {
        Slots.Rest storage rest = _rests[device];
        Device memory was = Slots.unpack(_devices[device], rest);
        if (was.end < end) end = was.end;
        if (was.until < until) until = was.until;
        rest.mark = was.mark;
        rest.cap = was.cap;
        rest.end = end;
        rest.until = until;
        _devices[device] = Slots.withEnd(_devices[device]);
        emit Retired(device, end, until);
    }

    function _requireAlive(bytes32 device) private view returns (uint256 packed) {
        packed = _devices[device];
        if (packed == 0) revert DeviceUnknown(device);
        if (Slots.ended(packed)) revert DeviceEnded(device);
    }

    function _requireOwner(bytes32 device) private view {
        address owner = Slots.ownerOf(_requireAlive(device));
        if (owner != msg.sender) revert NotOwner(owner, msg.sender);
    }

    function _requireInRun(Entry calldata entry, bytes32[] calldata path, bytes32 id) private view {
        bytes32 run = runId(entry.maker, entry.root, entry.count);
        if (admittedAt[run] == 0) revert RunUnknown(run);
        bytes32 leaf = Inclusion.leafHash(abi.encodePacked(id, entry.kind, entry.cap));
        if (!Inclusion.holds(leaf, entry.index, entry.count, path, entry.root)) revert NotInRun(id, entry.index);
    }

    function _statement(address gateway, bytes calldata raw, bytes calldata body, uint8 kind)
        private
        view
        returns (Statement memory statement)
    {
        statement = StatementReader.read(raw);
        if (statement.kind != kind) revert WrongKind(statement.kind, kind);
        bytes16 scope = scopeOf(gateway);
        if (statement.scope != scope) revert WrongScope(statement.scope, scope);
        bytes32 hash = sha256(body);
        if (hash != statement.root) revert WrongBody(hash, statement.root);
    }

    function _enrolled(Enrolled calldata enrolment, bytes calldata signature)
        private
        view
        returns (Statement memory statement, address owner)
    {
        statement = _statement(enrolment.gateway, enrolment.statement, enrolment.body, StatementReader.ENROL);
        Enrolment memory said = EnrolmentReader.read(enrolment.body);
        owner = said.owner;
        if (owner == address(0)) revert ZeroOwner();
        if (msg.sender != owner && msg.sender != enrolment.gateway) revert NotNamed(msg.sender);
        _verify(said.key, statement.device, enrolment.statement, signature);
    }

    function _ending(Ending calldata ending, uint8 kind) private view returns (Statement memory statement) {
        statement = _statement(ending.gateway, ending.statement, ending.body, kind);
        _verify(ending.key, statement.device, ending.statement, ending.signature);
    }

    function _verify(PublicKey memory key, bytes32 device, bytes calldata statement, bytes calldata signature)
        private
        view
    {
        bytes32 id = Signatures.deviceId(key);
        if (id != device) revert WrongDevice(id, device);
        if (!Signatures.verify(key, statement, signature, ED25519)) revert BadSignature(id);
    }
}
