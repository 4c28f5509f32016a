// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Device, KINDS} from "../Interfaces.sol";
import {Registry} from "../Registry.sol";
import {Algorithms, IEd25519} from "../Signatures.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// What an owner does with a device, and who may register it.
contract RegistryOwnerTest is Fixture {
    address private constant BUYER = address(0xB0B);
    bytes32 private device;

    function setUp() public {
        deploy(IEd25519(address(0)));
        Draft memory d = draft(Algorithms.ES256K);
        device = d.device;
        Sending memory sending = prepare(d);
        admit(sending);
        send(sending);
    }

    function as_(address account) private {
        vm.prank(account);
    }

    function notOwner(address caller) private {
        vm.expectRevert(abi.encodeWithSelector(Registry.NotOwner.selector, OWNER, caller));
    }

    function test_a_device_changes_hands_when_both_want_it() public {
        Device memory before = registry.deviceOf(device);
        vm.expectEmit();
        emit Registry.Offered(device, OWNER, BUYER);
        as_(OWNER);
        registry.offer(device, BUYER);
        require(registry.offeredTo(device) == BUYER && registry.deviceOf(device).owner == OWNER, "offered only");
        vm.expectEmit();
        emit Registry.Transferred(device, OWNER, BUYER);
        as_(BUYER);
        registry.accept(device);
        Device memory found = registry.deviceOf(device);
        require(found.owner == BUYER, "the buyer's");
        // Nothing else has changed.
        found.owner = OWNER;
        require(keccak256(abi.encode(found)) == keccak256(abi.encode(before)), "the rest");
        require(registry.offeredTo(device) == address(0), "no offer left");
        as_(BUYER);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotOffered.selector, device, BUYER));
        registry.accept(device);
        as_(OWNER);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotOwner.selector, BUYER, OWNER));
        registry.offer(device, OWNER);
    }

    function test_only_the_owner_offers_and_retires() public {
        as_(BUYER);
        notOwner(BUYER);
        registry.offer(device, BUYER);
        as_(BUYER);
        notOwner(BUYER);
        registry.retire(device);
    }

    function test_only_the_one_it_is_offered_to_accepts() public {
        as_(BUYER);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotOffered.selector, device, BUYER));
        registry.accept(device);
        as_(OWNER);
        registry.offer(device, BUYER);
        as_(MAKER);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotOffered.selector, device, MAKER));
        registry.accept(device);
        as_(address(0));
        vm.expectRevert(abi.encodeWithSelector(Registry.NotOffered.selector, device, address(0)));
        registry.accept(device);
    }

    function test_an_offer_is_taken_back() public {
        as_(OWNER);
        registry.offer(device, BUYER);
        as_(OWNER);
        registry.offer(device, address(0));
        as_(BUYER);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotOffered.selector, device, BUYER));
        registry.accept(device);
    }

    function test_unknown_devices_have_no_owner() public {
        bytes32 unknown = keccak256("unknown");
        bytes memory reason = abi.encodeWithSelector(Registry.DeviceUnknown.selector, unknown);
        vm.expectRevert(reason);
        registry.offer(unknown, BUYER);
        vm.expectRevert(reason);
        registry.retire(unknown);
        require(registry.deviceOf(unknown).owner == address(0) && registry.deviceOf(unknown).end == 0, "all zero");
        equal(registry.firstMark(unknown), 0);
    }

    function test_a_retired_device_keeps_its_figures_and_ends_now() public {
        Device memory want = registry.deviceOf(device);
        equal(want.end, type(uint64).max);
        equal(want.until, type(uint40).max);
        vm.warp(block.timestamp + 100 days);
        want.until = uint40(block.timestamp);
        vm.expectEmit();
        emit Registry.Retired(device, type(uint64).max, want.until);
        as_(OWNER);
        registry.retire(device);
        require(keccak256(abi.encode(registry.deviceOf(device))) == keccak256(abi.encode(want)), "the rest");
        equal(registry.firstMark(device), want.mark);
    }

    function test_an_offer_ends_with_the_device() public {
        as_(OWNER);
        registry.offer(device, BUYER);
        as_(OWNER);
        registry.retire(device);
        bytes memory reason = abi.encodeWithSelector(Registry.DeviceEnded.selector, device);
        as_(BUYER);
        vm.expectRevert(reason);
        registry.accept(device);
        as_(OWNER);
        vm.expectRevert(reason);
        registry.retire(device);
        as_(OWNER);
        vm.expectRevert(reason);
        registry.offer(device, BUYER);
    }

    function test_a_retired_device_is_not_registered_again() public {
        as_(OWNER);
        registry.retire(device);
        refused(prepare(draft(Algorithms.ES256K)), abi.encodeWithSelector(Registry.DeviceKnown.selector, device, OWNER));
    }

    /// A stranger cannot register a device out of a run of his own.
    function test_only_who_the_device_signed_registers_it() public {
        deploy(IEd25519(address(0)));
        Sending memory sending = prepare(draft(Algorithms.ES256K));
        admit(sending);
        as_(MAKER);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotNamed.selector, MAKER));
        registry.register(sending.entry, sending.path, sending.enrolled, sending.signature);
        as_(OWNER);
        registry.register(sending.entry, sending.path, sending.enrolled, sending.signature);
        require(registry.deviceOf(device).owner == OWNER, "by its owner");
    }

    /// Another device than the one that is registered.
    function sendingOf(uint8 kind, uint48 cap, uint64 mark) private returns (Sending memory sending) {
        Draft memory d = draft(Algorithms.ES256);
        device = d.device;
        d.work = mark;
        sending = prepare(d);
        sending.entry.kind = kind;
        sending.entry.cap = cap;
        sending.entry.root = sha256(abi.encodePacked(hex"00", device, kind, cap));
        admit(sending);
    }

    function test_kinds_beyond_the_last_are_refused() public {
        refused(sendingOf(KINDS, CAP, 1), abi.encodeWithSelector(Registry.KindUnknown.selector, KINDS));
        send(sendingOf(KINDS - 1, CAP, 1));
        equal(registry.deviceOf(device).kind, KINDS - 1);
    }

    /// However large cap and mark are, they come back; only large ones take a second slot.
    function testFuzz_a_device_is_what_was_registered(uint8 kind, uint48 cap, uint64 mark, bool small) public {
        kind = kind % KINDS;
        if (small) {
            cap = cap % (1 << 24);
            mark = mark % (1 << 34);
        }
        send(sendingOf(kind, cap, mark));
        Device memory want =
            Device(OWNER, kind, cap, uint40(block.timestamp), mark, type(uint64).max, type(uint40).max);
        require(keccak256(abi.encode(registry.deviceOf(device))) == keccak256(abi.encode(want)), "as registered");
        equal(registry.firstMark(device), mark);
        bool one = vm.load(address(registry), bytes32(uint256(keccak256(abi.encode(device, uint256(1)))))) == 0;
        require(one == (cap < 1 << 24 && mark < 1 << 34), "slots");
        as_(OWNER);
        registry.retire(device);
        want.until = uint40(block.timestamp);
        require(keccak256(abi.encode(registry.deviceOf(device))) == keccak256(abi.encode(want)), "retired");
    }
}
