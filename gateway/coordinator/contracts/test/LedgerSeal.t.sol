// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry, Seal, Times} from "../Interfaces.sol";
import {Ledger} from "../Ledger.sol";
import {IEd25519} from "../Signatures.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// Epochs, seals and their totals.
contract LedgerSealTest is Fixture {
    bytes32 private constant ROOT = keccak256("shares");
    address private constant OTHER = address(0x07E4);

    function setUp() public {
        deploy(IEd25519(address(0)));
        stakeOf(GATEWAY, 3 ether);
    }

    function stakeOf(address gateway, uint256 amount) private {
        vm.deal(gateway, amount);
        vm.prank(gateway);
        ledger.stake{value: amount}();
    }

    function seal(address gateway, uint32 epoch, uint8 kind, uint128 work) private {
        vm.prank(gateway);
        ledger.seal(epoch, kind, ROOT, work, 10);
    }

    function refusedSeal(uint32 epoch, uint8 kind, uint128 work, uint64 count, bytes memory reason) private {
        vm.prank(GATEWAY);
        vm.expectRevert(reason);
        ledger.seal(epoch, kind, ROOT, work, count);
    }

    function test_epochs_begin_at_genesis() public view {
        uint256 genesis = ledger.GENESIS();
        equal(genesis, block.timestamp);
        equal(ledger.RETENTION(), RETENTION);
        equal(ledger.epochAt(genesis - 1), 0);
        equal(ledger.epochAt(genesis), 0);
        equal(ledger.epochAt(genesis + EPOCH - 1), 0);
        equal(ledger.epochAt(genesis + EPOCH), 1);
        equal(ledger.epochEnd(0), genesis + EPOCH);
        equal(ledger.finalAt(0), genesis + RETENTION);
    }

    function testFuzz_a_time_lies_in_its_epoch(uint40 time) public view {
        vm.assume(time >= ledger.GENESIS());
        uint32 epoch = ledger.epochAt(time);
        require(time < ledger.epochEnd(epoch) && time >= ledger.epochEnd(epoch) - EPOCH, "in it");
    }

    function test_times_must_let_an_epoch_be_final_within_the_next() public {
        refusedTimes(Times(7 days, 4 days, 3 days + 1));
        refusedTimes(Times(0, 1, 1));
        refusedTimes(Times(7 days, 0, 3 days));
        refusedTimes(Times(7 days, 12 hours, 0));
        refusedTimes(Times(uint40(type(uint32).max) + 1, 1, 1));
    }

    function refusedTimes(Times memory times) private {
        vm.mockCall(OTHER, abi.encodeWithSignature("LEDGER()"), abi.encode(nextAddress()));
        vm.expectRevert(abi.encodeWithSelector(Ledger.BadTimes.selector, times.epoch, times.sealing, times.dispute));
        new Ledger(IRegistry(OTHER), OWNER, times, MIN_STAKE);
    }

    function nextAddress() private view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
    }

    function test_a_seal_is_kept_and_counted() public {
        stakeOf(OTHER, 1 ether);
        vm.warp(ledger.epochEnd(0));
        vm.expectEmit();
        emit Ledger.Sealed(GATEWAY, 0, 3);
        seal(GATEWAY, 0, 3, 1000);
        seal(GATEWAY, 0, 15, 30);
        seal(OTHER, 0, 3, 500);
        Seal memory held = ledger.sealOf(GATEWAY, 0, 3);
        require(held.root == ROOT, "root");
        equal(held.work, 1000);
        equal(held.count, 10);
        equal(held.sealedAt, block.timestamp);
        equal(ledger.totalWork(0, 3), 1500);
        equal(ledger.totalWork(0, 15), 30);
        equal(ledger.totalWork(1, 3), 0);
        equal(ledger.sealOf(OTHER, 0, 15).sealedAt, 0);
        equal(ledger.gatewayOf(GATEWAY).sealedKinds, (1 << 3) | (1 << 15));
    }

    function test_a_seal_comes_in_the_sealing_time_only() public {
        uint256 end = ledger.epochEnd(0);
        bytes memory reason = abi.encodeWithSelector(Ledger.NotSealable.selector, 0, end, end + SEALING);
        vm.warp(end - 1);
        refusedSeal(0, 3, 1000, 10, reason);
        vm.warp(end + SEALING);
        refusedSeal(0, 3, 1000, 10, reason);
        vm.warp(end + SEALING - 1);
        refusedSeal(1, 3, 1000, 10, abi.encodeWithSelector(Ledger.NotSealable.selector, 1, end + EPOCH, end + EPOCH + SEALING));
        seal(GATEWAY, 0, 3, 1000);
    }

    function test_a_seal_is_made_once() public {
        vm.warp(ledger.epochEnd(0));
        seal(GATEWAY, 0, 3, 1000);
        refusedSeal(0, 3, 1, 1, abi.encodeWithSelector(Ledger.AlreadySealed.selector, 0, 3));
    }

    function test_the_kinds_of_a_gateway_are_kept() public {
        vm.warp(ledger.epochEnd(0));
        seal(GATEWAY, 0, 3, 1000);
        vm.warp(ledger.epochEnd(1));
        seal(GATEWAY, 1, 5, 1000);
        seal(GATEWAY, 1, 3, 1000);
        equal(ledger.gatewayOf(GATEWAY).sealedKinds, (1 << 3) | (1 << 5));
    }

    function test_refuses_unknown_kinds_and_impossible_work() public {
        vm.warp(ledger.epochEnd(0));
        refusedSeal(0, 16, 1000, 10, abi.encodeWithSelector(Ledger.KindUnknown.selector, 16));
        refusedSeal(0, 3, 0, 0, abi.encodeWithSelector(Ledger.SealRange.selector, 0, 0));
        refusedSeal(0, 3, 9, 10, abi.encodeWithSelector(Ledger.SealRange.selector, 9, 10));
        uint128 much = ledger.MAX_SEAL_WORK() + 1;
        refusedSeal(0, 3, much, 10, abi.encodeWithSelector(Ledger.SealRange.selector, much, 10));
        seal(GATEWAY, 0, 3, much - 1);
    }

    function test_only_a_staked_gateway_that_stays_seals() public {
        vm.warp(ledger.epochEnd(0));
        vm.prank(OTHER);
        vm.expectRevert(abi.encodeWithSelector(Ledger.StakeTooSmall.selector, 0, MIN_STAKE));
        ledger.seal(0, 3, ROOT, 1000, 10);
        vm.prank(GATEWAY);
        ledger.exit();
        refusedSeal(0, 3, 1000, 10, abi.encodeWithSelector(Ledger.Exiting.selector, block.timestamp + RETENTION));
        address faults = ledger.FAULTS();
        vm.prank(faults);
        ledger.slash(OTHER, OWNER);
        vm.prank(OTHER);
        vm.expectRevert(abi.encodeWithSelector(Ledger.FrozenGateway.selector));
        ledger.seal(0, 3, ROOT, 1000, 10);
    }

    function testFuzz_the_total_is_the_sum(uint96 first, uint96 second) public {
        vm.assume(first >= 10 && second >= 10);
        stakeOf(OTHER, 1 ether);
        vm.warp(ledger.epochEnd(0));
        seal(GATEWAY, 0, 3, first);
        seal(OTHER, 0, 3, second);
        equal(ledger.totalWork(0, 3), uint256(first) + second);
        address faults = ledger.FAULTS();
        vm.prank(faults);
        ledger.slash(GATEWAY, OWNER);
        equal(ledger.totalWork(0, 3), second);
    }

    /// The first seal of an epoch and kind. A gateway that seals a kind for the first time in its life pays for noting that.
    function test_gas_of_a_seal() public {
        for (uint32 epoch = 0; epoch < 3; ++epoch) {
            vm.warp(ledger.epochEnd(epoch));
            vm.prank(GATEWAY);
            ledger.seal(epoch, 3, ROOT, 123_456_789_012, 50_000);
            uint256 used = vm.lastCallGas().gasTotalUsed;
            emit log_named_uint(epoch == 0 ? "seal, first of its kind" : "seal", used);
            require(used <= (epoch == 0 ? 100_000 : 96_000), "more than the goal");
        }
    }
}
