// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Device} from "../Interfaces.sol";
import {Registry} from "../Registry.sol";
import {Algorithms, IEd25519, PublicKey, Signatures} from "../Signatures.sol";
import {StatementReader} from "../Statement.sol";
import {SuccessionReader} from "../Succession.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// Keys that end: rotations and revocations.
contract RegistrySucceedTest is Fixture {
    uint64 private constant MARK = 1_234_567;
    uint64 private constant TIME = 1_800_000_000_000;

    /// A statement with a body and who signs it, before it is signed.
    struct Plan {
        uint256 secret;
        uint8 kind;
        uint64 time;
        uint64 work;
        bytes16 scope;
        bytes body;
    }

    PublicKey private oldKey;
    PublicKey private nextKey;
    bytes32 private device;
    bytes32 private next;

    function setUp() public {
        deploy(IEd25519(address(0)));
        Draft memory d = draft(Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        send(sending);
        oldKey = d.key;
        device = d.device;
        nextKey = p256Key(0xbeef);
        next = Signatures.deviceId(nextKey);
    }

    function p256Key(uint256 secret) private pure returns (PublicKey memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        return PublicKey(Algorithms.ES256, bytes32(x), bytes32(y));
    }

    function signed(Plan memory p) private pure returns (Registry.Ending memory ending) {
        ending.gateway = GATEWAY;
        ending.key = p256Key(p.secret);
        ending.body = p.body;
        bytes memory start = abi.encodePacked(
            uint8(1), p.kind, uint8(1), uint8(0), uint32(7), uint64(9), uint16(1), uint48(0), p.time, p.time, p.work
        );
        bytes32 id = Signatures.deviceId(ending.key);
        ending.statement =
            abi.encodePacked(start, uint64(0), bytes16(0), p.scope, uint64(0), id, sha256(p.body));
        bytes memory message = bytes.concat(hex"846a", "Signature1", hex"43a101264058a0", ending.statement);
        (bytes32 r, bytes32 s) = vm.signP256(p.secret, sha256(message));
        ending.signature = abi.encodePacked(r, s);
    }

    function rotationBody() private view returns (bytes memory) {
        return abi.encodePacked(
            uint8(1), nextKey.algorithm, uint8(5), uint232(0), bytes16("nonce"), bytes16(0), nextKey.x, nextKey.y
        );
    }

    function rotationPlan() private view returns (Plan memory) {
        bytes16 scope = registry.scopeOf(GATEWAY);
        return Plan(DEVICE_SECRET, StatementReader.ROTATE, TIME + 1000, MARK + 500, scope, rotationBody());
    }

    function enrolmentPlan() private view returns (Plan memory) {
        bytes memory body = abi.encodePacked(
            uint8(1), nextKey.algorithm, uint8(5), uint72(0), OWNER, keccak256("profile"), bytes16("nonce"), bytes16(0),
            nextKey.x, nextKey.y
        );
        return Plan(0xbeef, StatementReader.ENROL, TIME + 2000, MARK + 520, registry.scopeOf(GATEWAY), body);
    }

    function revocationPlan(uint8 reason, uint64 since) private view returns (Plan memory) {
        bytes memory body = abi.encodePacked(uint8(1), reason, uint48(0), since, bytes16("nonce"));
        bytes16 scope = registry.scopeOf(GATEWAY);
        return Plan(DEVICE_SECRET, StatementReader.REVOKE, TIME + 1000, MARK + 500, scope, body);
    }

    function succeed(Plan memory rotation, Plan memory enrolment, bytes memory reason) private {
        Registry.Ending memory ending = signed(rotation);
        Registry.Ending memory enrolled = signed(enrolment);
        vm.prank(GATEWAY);
        if (reason.length > 0) vm.expectRevert(reason);
        registry.succeed(
            ending, Registry.Enrolled(GATEWAY, enrolled.statement, enrolled.body), enrolled.signature
        );
    }

    function revoke(Plan memory plan, bytes memory reason) private {
        Registry.Ending memory ending = signed(plan);
        if (reason.length > 0) vm.expectRevert(reason);
        registry.revoke(ending);
    }

    function same(Device memory got, Device memory want) private pure {
        require(keccak256(abi.encode(got)) == keccak256(abi.encode(want)), "device");
    }

    function test_a_next_key_takes_owner_kind_and_cap() public {
        Device memory old = registry.deviceOf(device);
        vm.warp(block.timestamp + 3 days);
        vm.expectEmit();
        emit Registry.Retired(device, MARK + 500, type(uint40).max);
        vm.expectEmit();
        emit Registry.Succeeded(device, next, MARK + 500);
        vm.expectEmit();
        emit Registry.Registered(next, OWNER, KIND, CAP, MARK + 520);
        succeed(rotationPlan(), enrolmentPlan(), "");
        require(registry.successorOf(device) == next, "successor");
        same(
            registry.deviceOf(next),
            Device(OWNER, KIND, CAP, uint40(block.timestamp), MARK + 520, type(uint64).max, type(uint40).max)
        );
        old.end = MARK + 500;
        same(registry.deviceOf(device), old);
    }

    function test_a_key_is_succeeded_once() public {
        succeed(rotationPlan(), enrolmentPlan(), "");
        succeed(rotationPlan(), enrolmentPlan(), abi.encodeWithSelector(Registry.DeviceEnded.selector, device));
    }

    /// A register at the end of its range does not keep a key alive that has been succeeded.
    function test_an_end_at_the_largest_register_is_an_end() public {
        Plan memory rotation = rotationPlan();
        rotation.work = type(uint64).max;
        succeed(rotation, enrolmentPlan(), "");
        succeed(rotation, enrolmentPlan(), abi.encodeWithSelector(Registry.DeviceEnded.selector, device));
    }

    function test_stretches_do_not_overlap() public {
        Plan memory enrolment = enrolmentPlan();
        // Read before the old key ended, at a lower register: the stretch between would count twice.
        enrolment.time = TIME + 999;
        enrolment.work = MARK + 499;
        succeed(
            rotationPlan(), enrolment, abi.encodeWithSelector(Registry.EnrolledEarlier.selector, MARK + 499, MARK + 500)
        );
        // A new meter starts lower, but was read later.
        enrolment.time = TIME + 1000;
        enrolment.work = 0;
        succeed(rotationPlan(), enrolment, "");
        equal(registry.firstMark(next), 0);
    }

    function test_a_register_above_the_end_may_have_been_read_before() public {
        Plan memory enrolment = enrolmentPlan();
        enrolment.time = TIME;
        enrolment.work = MARK + 500;
        succeed(rotationPlan(), enrolment, "");
    }

    function test_the_rotation_names_the_key_that_enrols() public {
        PublicKey memory other = p256Key(0xcafe);
        Plan memory rotation = rotationPlan();
        rotation.body = abi.encodePacked(
            uint8(1), other.algorithm, uint8(5), uint232(0), bytes16("nonce"), bytes16(0), other.x, other.y
        );
        bytes32 want = Signatures.deviceId(other);
        succeed(rotation, enrolmentPlan(), abi.encodeWithSelector(Registry.WrongDevice.selector, next, want));
    }

    function test_the_next_key_enrols_for_the_present_owner() public {
        vm.prank(OWNER);
        registry.offer(device, MAKER);
        vm.prank(MAKER);
        registry.accept(device);
        succeed(rotationPlan(), enrolmentPlan(), abi.encodeWithSelector(Registry.WrongOwner.selector, OWNER, MAKER));
    }

    function test_another_than_owner_or_gateway_does_not_send_it() public {
        Registry.Ending memory ending = signed(rotationPlan());
        Registry.Ending memory enrolled = signed(enrolmentPlan());
        vm.expectRevert(abi.encodeWithSelector(Registry.NotNamed.selector, address(this)));
        registry.succeed(ending, Registry.Enrolled(GATEWAY, enrolled.statement, enrolled.body), enrolled.signature);
    }

    function test_the_ending_key_signs_for_this_coordinator() public {
        Plan memory plan = rotationPlan();
        plan.kind = StatementReader.REVOKE;
        succeed(plan, enrolmentPlan(), abi.encodeWithSelector(Registry.WrongKind.selector, 3, 2));
        plan = rotationPlan();
        plan.scope = registry.scopeOf(OWNER);
        bytes16 want = registry.scopeOf(GATEWAY);
        succeed(plan, enrolmentPlan(), abi.encodeWithSelector(Registry.WrongScope.selector, plan.scope, want));
        plan = rotationPlan();
        plan.secret = 0xcafe;
        bytes32 stranger = Signatures.deviceId(p256Key(0xcafe));
        succeed(plan, enrolmentPlan(), abi.encodeWithSelector(Registry.DeviceUnknown.selector, stranger));
    }

    function test_the_ending_key_is_the_devices() public {
        Registry.Ending memory ending = signed(revocationPlan(2, 0));
        ending.key = nextKey;
        vm.expectRevert(abi.encodeWithSelector(Registry.WrongDevice.selector, next, device));
        registry.revoke(ending);
        ending.key = oldKey;
        ending.signature[5] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(Registry.BadSignature.selector, device));
        registry.revoke(ending);
        ending.body[10] ^= 0x01;
        bytes32 want = sha256(signed(revocationPlan(2, 0)).body);
        vm.expectRevert(abi.encodeWithSelector(Registry.WrongBody.selector, sha256(ending.body), want));
        registry.revoke(ending);
        ending.key.algorithm = 7;
        ending.body[10] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(Signatures.AlgorithmUnknown.selector, 7));
        registry.revoke(ending);
    }

    function test_a_revoked_key_ends_at_its_statement() public {
        Device memory want = registry.deviceOf(device);
        want.end = MARK + 500;
        revoke(revocationPlan(1, 0), "");
        same(registry.deviceOf(device), want);
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(Registry.DeviceEnded.selector, device));
        registry.offer(device, MAKER);
    }

    function test_a_key_revoked_since_ends_then() public {
        Device memory want = registry.deviceOf(device);
        want.end = MARK + 500;
        want.until = uint40(TIME / 1000 - 40);
        revoke(revocationPlan(1, TIME - 40_000 + 999), "");
        same(registry.deviceOf(device), want);
    }

    function test_a_revocation_for_later_lets_the_register_grow_until_then() public {
        Device memory want = registry.deviceOf(device);
        want.until = uint40(TIME / 1000 + 3600);
        revoke(revocationPlan(3, TIME + 3_600_000), "");
        same(registry.deviceOf(device), want);
    }

    /// An end moves forward only, in whatever order its reasons arrive.
    function test_an_end_is_brought_forward_and_never_back() public {
        succeed(rotationPlan(), enrolmentPlan(), "");
        Plan memory plan = revocationPlan(1, TIME - 5000);
        plan.work = MARK + 100;
        revoke(plan, "");
        Device memory found = registry.deviceOf(device);
        equal(found.end, MARK + 100);
        equal(found.until, TIME / 1000 - 5);
        revoke(revocationPlan(1, TIME - 1000), "");
        same(registry.deviceOf(device), found);
        equal(registry.deviceOf(next).end, type(uint64).max);
    }

    function test_an_unknown_device_is_not_revoked() public {
        Plan memory plan = revocationPlan(0, 0);
        plan.secret = 0xcafe;
        bytes32 stranger = Signatures.deviceId(p256Key(0xcafe));
        revoke(plan, abi.encodeWithSelector(Registry.DeviceUnknown.selector, stranger));
    }

    function badRotation(uint256 place, uint8 value, bytes memory reason) private {
        Plan memory plan = rotationPlan();
        plan.body[place] = bytes1(value);
        succeed(plan, enrolmentPlan(), reason);
    }

    function test_each_rule_of_a_rotation() public {
        badRotation(0, 2, abi.encodeWithSelector(SuccessionReader.RotationVersion.selector, 2));
        badRotation(1, 7, abi.encodeWithSelector(SuccessionReader.RotationAlgorithm.selector, 7));
        badRotation(2, 0, abi.encodeWithSelector(SuccessionReader.RotationGrade.selector, 0));
        badRotation(2, 7, abi.encodeWithSelector(SuccessionReader.RotationGrade.selector, 7));
        bytes memory reserved = abi.encodeWithSelector(SuccessionReader.RotationReserved.selector);
        badRotation(3, 1, reserved);
        badRotation(31, 1, reserved);
        badRotation(48, 1, reserved);
        badRotation(63, 1, reserved);
        badRotation(1, Algorithms.EDDSA, reserved);
        Plan memory plan = rotationPlan();
        plan.body = bytes.concat(plan.body, hex"00");
        succeed(plan, enrolmentPlan(), abi.encodeWithSelector(SuccessionReader.RotationLength.selector, 129, 128));
    }

    function badRevocation(uint256 place, uint8 value, bytes memory reason) private {
        Plan memory plan = revocationPlan(1, TIME);
        plan.body[place] = bytes1(value);
        revoke(plan, reason);
    }

    function test_each_rule_of_a_revocation() public {
        badRevocation(0, 0, abi.encodeWithSelector(SuccessionReader.RevocationVersion.selector, 0));
        badRevocation(1, 4, abi.encodeWithSelector(SuccessionReader.RevocationReason.selector, 4));
        bytes memory reserved = abi.encodeWithSelector(SuccessionReader.RevocationReserved.selector);
        badRevocation(2, 1, reserved);
        badRevocation(7, 1, reserved);
        uint64 far = (TIME & ((1 << 48) - 1)) | (1 << 53);
        badRevocation(9, 0x20, abi.encodeWithSelector(SuccessionReader.RevocationTime.selector, far));
        Plan memory plan = revocationPlan(1, 0);
        plan.body = hex"01";
        revoke(plan, abi.encodeWithSelector(SuccessionReader.RevocationLength.selector, 1, 32));
    }

    function test_gas_of_a_succession() public {
        succeed(rotationPlan(), enrolmentPlan(), "");
        emit log_named_uint("succeed", vm.lastCallGas().gasTotalUsed);
        setUp();
        revoke(revocationPlan(1, 0), "");
        emit log_named_uint("revoke", vm.lastCallGas().gasTotalUsed);
    }
}
