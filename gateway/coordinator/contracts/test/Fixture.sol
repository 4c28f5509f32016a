// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Times} from "../Interfaces.sol";
import {Ledger} from "../Ledger.sol";
import {Registry} from "../Registry.sol";
import {Algorithms, IEd25519, PublicKey, Signatures} from "../Signatures.sol";
import {StatementReader} from "../Statement.sol";
import {deployed} from "./Deploy.sol";
import {vm} from "./Vm.sol";

/// A deployed pair and a device to play with.
abstract contract Fixture {
    uint40 internal constant EPOCH = 7 days;
    uint40 internal constant SEALING = 12 hours;
    uint40 internal constant DISPUTE = 3 days;
    uint40 internal constant RETENTION = EPOCH + SEALING + DISPUTE;
    uint80 internal constant MIN_STAKE = 1 ether;
    uint256 internal constant DEVICE_SECRET = 0xd0d0;
    address internal constant OWNER = address(0xA11CE);
    address internal constant MAKER = address(0x3A4E2);
    address internal constant GATEWAY = address(0x6A7E);
    uint8 internal constant KIND = 3;
    uint48 internal constant CAP = 11_000;

    /// forge prints it with -vv.
    event log_named_uint(string key, uint256 value);

    Registry internal registry;
    Ledger internal ledger;

    /// What can be wrong about an enrolment, field by field.
    struct Draft {
        uint8 algorithm;
        uint8 statementKind;
        uint64 work;
        bytes16 scope;
        bytes32 device;
        bytes32 root;
        address owner;
        uint8 grade;
        PublicKey key;
    }

    function deploy(IEd25519 ed25519) internal {
        vm.warp(1_800_000_000);
        uint256 nonce = vm.getNonce(address(this));
        registry = Registry(deployed("Registry", abi.encode(vm.computeCreateAddress(address(this), nonce + 1), ed25519)));
        // Faults is what this test creates next, if it does.
        address faults = vm.computeCreateAddress(address(this), nonce + 2);
        bytes memory arguments = abi.encode(registry, faults, Times(EPOCH, SEALING, DISPUTE), MIN_STAKE);
        ledger = Ledger(deployed("Ledger", arguments));
    }

    function equal(uint256 got, uint256 want) internal pure {
        require(got == want, "not equal");
    }

    function keyOf(uint8 algorithm) internal returns (PublicKey memory) {
        if (algorithm == Algorithms.ES256) {
            (uint256 x, uint256 y) = vm.publicKeyP256(DEVICE_SECRET);
            return PublicKey(algorithm, bytes32(x), bytes32(y));
        }
        if (algorithm == Algorithms.ES256K) {
            uint256 x = vm.createWallet(DEVICE_SECRET).publicKeyX;
            uint256 y = vm.createWallet(DEVICE_SECRET).publicKeyY;
            return PublicKey(algorithm, bytes32(x), bytes32(y));
        }
        return PublicKey(algorithm, keccak256("ed25519"), 0);
    }

    function draft(uint8 algorithm) internal returns (Draft memory d) {
        d.algorithm = algorithm;
        d.key = keyOf(algorithm);
        d.statementKind = StatementReader.ENROL;
        d.work = 1_234_567;
        d.scope = registry.scopeOf(GATEWAY);
        d.device = Signatures.deviceId(d.key);
        d.owner = OWNER;
        d.grade = 4;
        d.root = sha256(bodyOf(d));
    }

    function bodyOf(Draft memory d) internal pure returns (bytes memory) {
        return abi.encodePacked(
            uint8(1), d.algorithm, d.grade, uint72(0), d.owner, keccak256("profile"), bytes16("nonce"), bytes16(0),
            d.key.x, d.key.y
        );
    }

    function statementOf(Draft memory d) internal pure returns (bytes memory) {
        bytes memory start = abi.encodePacked(
            uint8(1), d.statementKind, uint8(1), uint8(0), uint32(7), uint64(0), uint16(1), uint48(0),
            uint64(1_800_000_000_000), uint64(1_800_000_000_000)
        );
        return abi.encodePacked(start, d.work, uint64(0), bytes16(0), d.scope, uint64(0), d.device, d.root);
    }

    function enrolledOf(Draft memory d) internal pure returns (Registry.Enrolled memory) {
        return Registry.Enrolled({gateway: GATEWAY, statement: statementOf(d), body: bodyOf(d)});
    }

    /// Signs as a COSE library would: the prefix is written out here once more, on purpose.
    function signatureOf(Draft memory d) internal pure returns (bytes memory) {
        bytes memory statement = statementOf(d);
        bytes32 r;
        bytes32 s;
        if (d.algorithm == Algorithms.ES256) {
            bytes memory message = bytes.concat(hex"846a", "Signature1", hex"43a101264058a0", statement);
            (r, s) = vm.signP256(DEVICE_SECRET, sha256(message));
        } else {
            bytes memory message = bytes.concat(hex"846a", "Signature1", hex"44a101382e4058a0", statement);
            (, r, s) = vm.sign(DEVICE_SECRET, sha256(message));
        }
        return abi.encodePacked(r, s);
    }

    function leafOf(bytes32 device) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(hex"00", device, KIND, CAP));
    }

    /// A run of one: its root is the leaf.
    function entryOf(bytes32 device) internal pure returns (Registry.Entry memory) {
        return Registry.Entry({maker: MAKER, root: leafOf(device), count: 1, index: 0, kind: KIND, cap: CAP});
    }

    /// A registration, ready to send. Hashing calls a precompile, and a cheat code acts on the next call of any kind: so all
    /// arguments are made before.
    struct Sending {
        Registry.Entry entry;
        bytes32[] path;
        Registry.Enrolled enrolled;
        bytes signature;
    }

    function prepare(Draft memory d) internal pure returns (Sending memory) {
        bytes memory signature = d.algorithm == Algorithms.EDDSA ? new bytes(64) : signatureOf(d);
        return Sending(entryOf(d.device), new bytes32[](0), enrolledOf(d), signature);
    }

    function admit(Sending memory sending) internal {
        vm.prank(MAKER);
        registry.admit(MAKER, sending.entry.root, sending.entry.count);
    }

    function send(Sending memory sending) internal {
        vm.prank(GATEWAY);
        registry.register(sending.entry, sending.path, sending.enrolled, sending.signature);
    }

    function refused(Sending memory sending, bytes memory reason) internal {
        vm.expectRevert(reason);
        send(sending);
    }

    /// Admits the run, then expects the registration to fail with exactly this error.
    function refused(Draft memory d, bytes memory reason) internal {
        Sending memory sending = prepare(d);
        admit(sending);
        refused(sending, reason);
    }
}
