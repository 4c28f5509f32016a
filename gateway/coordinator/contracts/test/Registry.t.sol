// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Device} from "../Interfaces.sol";
import {Registry} from "../Registry.sol";
import {Algorithms, IEd25519, Signatures} from "../Signatures.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

contract RegistryTest is Fixture {
    function setUp() public {
        deploy(IEd25519(address(0)));
    }

    function registers(uint8 algorithm) private {
        Draft memory d = draft(algorithm);
        Sending memory sending = prepare(d);
        admit(sending);
        vm.expectEmit();
        emit Registry.Registered(d.device, OWNER, KIND, CAP, d.work);
        send(sending);
        Device memory device = registry.deviceOf(d.device);
        require(device.owner == OWNER, "the signed owner");
        equal(device.kind, KIND);
        equal(device.cap, CAP);
        equal(device.since, block.timestamp);
        equal(registry.firstMark(d.device), d.work);
    }

    function test_registers_an_ES256_device() public {
        registers(Algorithms.ES256);
    }

    function test_registers_an_ES256K_device() public {
        registers(Algorithms.ES256K);
    }

    function test_a_device_is_one_slot() public {
        Draft memory d = draft(Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        send(sending);
        bytes32 slot = keccak256(abi.encode(d.device, uint256(0)));
        bytes32 packed = vm.load(address(registry), slot);
        uint256 want = uint256(uint160(OWNER)) | uint256(KIND) << 160 | block.timestamp << 164;
        equal(uint256(packed), want | uint256(CAP) << 198 | uint256(d.work) << 222);
        equal(uint256(vm.load(address(registry), keccak256(abi.encode(d.device, uint256(1))))), 0);
    }

    function test_accepts_high_s_of_ES256_as_secure_elements_emit_it() public {
        Draft memory d = draft(Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        sending.signature = otherS(sending.signature, P256_ORDER);
        send(sending);
        require(registry.deviceOf(d.device).owner == OWNER, "registered");
    }

    function test_refuses_high_s_of_ES256K() public {
        Draft memory d = draft(Algorithms.ES256K);
        Sending memory sending = prepare(d);
        admit(sending);
        sending.signature = otherS(sending.signature, SECP256K1_ORDER);
        refused(sending, abi.encodeWithSelector(Registry.BadSignature.selector, d.device));
    }

    uint256 private constant P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 private constant SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function otherS(bytes memory signature, uint256 order) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        return abi.encode(r, order - uint256(s));
    }

    function test_registers_once() public {
        Draft memory d = draft(Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        send(sending);
        d.owner = MAKER;
        d.root = sha256(bodyOf(d));
        refused(prepare(d), abi.encodeWithSelector(Registry.DeviceKnown.selector, d.device, OWNER));
    }

    function test_refuses_another_owner_than_signed() public {
        Draft memory d = draft(Algorithms.ES256);
        bytes32 signed = d.root;
        d.owner = MAKER;
        refused(d, abi.encodeWithSelector(Registry.WrongBody.selector, sha256(bodyOf(d)), signed));
    }

    function test_refuses_no_owner() public {
        Draft memory d = draft(Algorithms.ES256);
        d.owner = address(0);
        d.root = sha256(bodyOf(d));
        refused(d, abi.encodeWithSelector(Registry.ZeroOwner.selector));
    }

    function test_refuses_a_statement_of_another_kind() public {
        Draft memory d = draft(Algorithms.ES256);
        d.statementKind = 0;
        refused(d, abi.encodeWithSelector(Registry.WrongKind.selector, 0, 1));
    }

    function test_refuses_the_scope_of_another_gateway() public {
        Draft memory d = draft(Algorithms.ES256);
        bytes16 want = d.scope;
        d.scope = registry.scopeOf(OWNER);
        refused(d, abi.encodeWithSelector(Registry.WrongScope.selector, d.scope, want));
    }

    function test_refuses_the_scope_of_another_chain() public {
        Draft memory d = draft(Algorithms.ES256);
        vm.chainId(10);
        refused(d, abi.encodeWithSelector(Registry.WrongScope.selector, d.scope, registry.scopeOf(GATEWAY)));
    }

    function test_scope_is_the_documented_hash() public view {
        bytes32 hash = sha256(abi.encodePacked("fieldseal/1", uint64(block.chainid), address(ledger), GATEWAY));
        require(registry.scopeOf(GATEWAY) == bytes16(hash), "scope");
    }

    function test_refuses_a_key_that_is_not_the_device() public {
        Draft memory d = draft(Algorithms.ES256);
        bytes32 id = d.device;
        d.device = keccak256("another");
        refused(d, abi.encodeWithSelector(Registry.WrongDevice.selector, id, d.device));
    }

    function test_refuses_a_run_nobody_admitted() public {
        Draft memory d = draft(Algorithms.ES256);
        bytes32 run = registry.runId(MAKER, leafOf(d.device), 1);
        refused(prepare(d), abi.encodeWithSelector(Registry.RunUnknown.selector, run));
    }

    function test_refuses_a_larger_cap_than_the_run_grants() public {
        Draft memory d = draft(Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        sending.entry.cap = CAP + 1;
        refused(sending, abi.encodeWithSelector(Registry.NotInRun.selector, d.device, 0));
    }

    function test_a_run_is_admitted_by_its_maker_once() public {
        vm.expectRevert(abi.encodeWithSelector(Registry.NotMaker.selector, MAKER, address(this)));
        registry.admit(MAKER, keccak256("run"), 10);
        vm.prank(MAKER);
        vm.expectRevert(abi.encodeWithSelector(Registry.EmptyRun.selector));
        registry.admit(MAKER, keccak256("run"), 0);
        vm.expectEmit();
        emit Registry.Admitted(MAKER, keccak256("run"), 10_000);
        vm.prank(MAKER);
        registry.admit(MAKER, keccak256("run"), 10_000);
        equal(vm.lastCallGas().gasTotalUsed <= 50_000 ? 1 : 0, 1);
        bytes32 run = registry.runId(MAKER, keccak256("run"), 10_000);
        equal(registry.admittedAt(run), block.timestamp);
        vm.prank(MAKER);
        vm.expectRevert(abi.encodeWithSelector(Registry.RunKnown.selector, run));
        registry.admit(MAKER, keccak256("run"), 10_000);
    }

    function testFuzz_a_changed_signature_is_refused(uint256 place, uint8 flip, bool koblitz) public {
        Draft memory d = draft(koblitz ? Algorithms.ES256K : Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        vm.assume(flip != 0);
        sending.signature[place % 64] ^= bytes1(flip);
        refused(sending, abi.encodeWithSelector(Registry.BadSignature.selector, d.device));
    }

    /// Whatever byte of statement or body changes, the registration fails.
    function testFuzz_a_changed_byte_is_refused(uint256 place, uint8 flip, bool inBody) public {
        Draft memory d = draft(Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        vm.assume(flip != 0);
        if (inBody) sending.enrolled.body[place % 160] ^= bytes1(flip);
        else sending.enrolled.statement[place % 160] ^= bytes1(flip);
        try registry.register(sending.entry, sending.path, sending.enrolled, sending.signature) {
            revert("accepted");
        } catch {}
        require(registry.deviceOf(d.device).owner == address(0), "nothing is half written");
    }

    function testFuzz_places_in_a_run(uint8 count, uint8 index, uint8 claimed) public {
        vm.assume(count > 0);
        index = index % count;
        Draft memory d = draft(Algorithms.ES256K);
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = sha256(abi.encode("leaf", i));
        leaves[index] = leafOf(d.device);
        Sending memory sending = prepare(d);
        sending.entry.count = count;
        sending.entry.root = treeOf(leaves, 0, count);
        sending.entry.index = claimed;
        sending.path = pathOf(leaves, 0, count, index);
        admit(sending);
        if (claimed == index) send(sending);
        else refused(sending, abi.encodeWithSelector(Registry.NotInRun.selector, d.device, claimed));
        require((registry.deviceOf(d.device).owner == OWNER) == (claimed == index), "only in its own place");
    }

    /// RFC 9162 §2.1.1, by its text: split at the largest power of two below the count.
    function treeOf(bytes32[] memory leaves, uint256 from, uint256 to) private pure returns (bytes32) {
        if (to - from == 1) return leaves[from];
        uint256 middle = from + split(to - from);
        return sha256(abi.encodePacked(hex"01", treeOf(leaves, from, middle), treeOf(leaves, middle, to)));
    }

    /// RFC 9162 §2.1.3.1.
    function pathOf(bytes32[] memory leaves, uint256 from, uint256 to, uint256 index)
        private
        pure
        returns (bytes32[] memory)
    {
        if (to - from == 1) return new bytes32[](0);
        uint256 middle = from + split(to - from);
        bool left = index < middle;
        bytes32[] memory below = left ? pathOf(leaves, from, middle, index) : pathOf(leaves, middle, to, index);
        bytes32[] memory path = new bytes32[](below.length + 1);
        for (uint256 i = 0; i < below.length; ++i) path[i] = below[i];
        path[below.length] = left ? treeOf(leaves, middle, to) : treeOf(leaves, from, middle);
        return path;
    }

    function split(uint256 n) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }

    /// With a register that has run: the first mark stands in the device's one slot.
    function test_gas_of_a_registration() public {
        uint64[3] memory marks = [0, 1_234_567, uint64(1 << 34) - 1];
        for (uint256 i = 0; i < marks.length; ++i) {
            deploy(IEd25519(address(0)));
            Draft memory d = draft(Algorithms.ES256);
            d.work = marks[i];
            Sending memory sending = prepare(d);
            admit(sending);
            send(sending);
            uint256 used = vm.lastCallGas().gasTotalUsed;
            emit log_named_uint("register", used);
            equal(registry.firstMark(d.device), marks[i]);
            require(used <= 80_000, "more than the goal");
        }
    }

    function test_refuses_a_signature_of_another_length() public {
        Draft memory d = draft(Algorithms.ES256);
        Sending memory sending = prepare(d);
        admit(sending);
        sending.signature = bytes.concat(sending.signature, hex"1b");
        refused(sending, abi.encodeWithSelector(Signatures.SignatureLength.selector, 65, 64));
    }
}
