// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Gateway, Times} from "../Interfaces.sol";
import {Ledger} from "../Ledger.sol";
import {Registry} from "../Registry.sol";
import {IEd25519} from "../Signatures.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

contract Refuser {
    Ledger private immutable LEDGER;

    constructor(Ledger ledger) payable {
        LEDGER = ledger;
        ledger.stake{value: msg.value}();
        ledger.exit();
    }

    function go() external {
        LEDGER.withdraw();
    }
}

contract LedgerTest is Fixture {
    bytes32 private constant ROOT = keccak256("root");

    function setUp() public {
        deploy(IEd25519(address(0)));
    }

    function commit(uint64 seq, uint64 size) private {
        vm.prank(GATEWAY);
        ledger.commit(seq, size, ROOT);
    }

    function commitRefused(uint64 seq, uint64 size, bytes memory reason) private {
        vm.prank(GATEWAY);
        vm.expectRevert(reason);
        ledger.commit(seq, size, ROOT);
    }

    function test_commit_records_and_reports() public {
        vm.expectEmit();
        emit Ledger.Committed(GATEWAY, 1, 10, ROOT);
        commit(1, 10);
        commit(2, 10);
        commit(3, 25);
        Gateway memory gateway = ledger.gatewayOf(GATEWAY);
        equal(gateway.seq, 3);
        equal(gateway.last, 25);
        require(ledger.isCommitted(GATEWAY, 1, 10, ROOT), "first is there");
        require(ledger.isCommitted(GATEWAY, 3, 25, ROOT), "last is there");
        require(!ledger.isCommitted(GATEWAY, 3, 26, ROOT), "another size");
        require(!ledger.isCommitted(GATEWAY, 3, 25, keccak256("x")), "another root");
        require(!ledger.isCommitted(OWNER, 3, 25, ROOT), "another gateway");
        require(!ledger.isCommitted(GATEWAY, 4, 25, ROOT), "not yet");
        equal(uint256(uint40(uint256(ledger.checkpoint(GATEWAY, 3)))), block.timestamp);
    }

    function test_commit_keeps_the_documented_hash() public {
        commit(1, 10);
        uint256 hash = uint256(keccak256(abi.encode(GATEWAY, uint256(1), uint256(10), ROOT, block.timestamp)));
        equal(uint256(ledger.checkpoint(GATEWAY, 1)) >> 40, hash >> 40);
    }

    function test_commit_twice_reverts() public {
        commit(1, 10);
        commitRefused(1, 10, abi.encodeWithSelector(Ledger.SeqNotNext.selector, 1, 2));
    }

    function testFuzz_seq_must_be_next(uint64 seq, uint8 before) public {
        for (uint64 i = 1; i <= before % 4; ++i) commit(i, i);
        uint64 next = uint64(before % 4) + 1;
        vm.assume(seq != next);
        commitRefused(seq, 100, abi.encodeWithSelector(Ledger.SeqNotNext.selector, seq, next));
        commit(next, 100);
    }

    function testFuzz_size_must_not_fall(uint64 first, uint64 second) public {
        commit(1, first);
        if (second < first) commitRefused(2, second, abi.encodeWithSelector(Ledger.SizeFell.selector, second, first));
        else commit(2, second);
    }

    function testFuzz_gateways_do_not_meet(address other, uint64 size) public {
        vm.assume(other != GATEWAY);
        commit(1, 10);
        vm.prank(other);
        ledger.commit(1, size, keccak256("theirs"));
        equal(ledger.gatewayOf(GATEWAY).last, 10);
        equal(ledger.gatewayOf(other).last, size);
        require(ledger.isCommitted(GATEWAY, 1, 10, ROOT), "still ours");
    }

    function test_a_full_ring_waits_for_its_oldest() public {
        for (uint64 seq = 1; seq <= 1024; ++seq) commit(seq, seq);
        uint256 freeAt = block.timestamp + RETENTION;
        vm.warp(freeAt - 1);
        commitRefused(1025, 1025, abi.encodeWithSelector(Ledger.RingFull.selector, 1025, freeAt));
        vm.warp(freeAt);
        commit(1025, 1025);
        require(!ledger.isCommitted(GATEWAY, 1, 1, ROOT), "the place is reused");
        require(ledger.isCommitted(GATEWAY, 1025, 1025, ROOT), "by this");
    }

    function test_gas_of_a_commit() public {
        for (uint64 seq = 1; seq <= 1024; ++seq) commit(seq, 1 << 30);
        vm.warp(block.timestamp + RETENTION);
        vm.prank(GATEWAY);
        ledger.commit(1025, (1 << 30) + 10_000, ROOT);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("commit", used);
        require(used <= 37_500, "more than the goal");
    }

    function test_the_pair_must_match() public {
        Registry foreign = new Registry(OWNER, IEd25519(address(0)));
        vm.expectRevert(abi.encodeWithSelector(Ledger.RegistryMismatch.selector, OWNER));
        new Ledger(foreign, OWNER, Times(EPOCH, SEALING, DISPUTE), MIN_STAKE);
    }

    function test_stake_comes_back_after_retention() public {
        vm.deal(GATEWAY, 5 ether);
        vm.prank(GATEWAY);
        ledger.stake{value: 2 ether}();
        vm.prank(GATEWAY);
        ledger.stake{value: 1 ether}();
        equal(ledger.gatewayOf(GATEWAY).stake, 3 ether);
        commit(1, 1);
        vm.prank(GATEWAY);
        ledger.exit();
        uint256 until = block.timestamp + RETENTION;
        commitRefused(2, 2, abi.encodeWithSelector(Ledger.Exiting.selector, until));
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.Exiting.selector, until));
        ledger.exit();
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.Exiting.selector, until));
        ledger.stake{value: 1}();
        vm.warp(until - 1);
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.TooEarly.selector, until));
        ledger.withdraw();
        vm.warp(until);
        vm.prank(GATEWAY);
        ledger.withdraw();
        equal(GATEWAY.balance, 5 ether);
        equal(address(ledger).balance, 0);
        commit(2, 2);
    }

    function test_exit_needs_a_stake_and_withdraw_an_exit() public {
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.NoStake.selector));
        ledger.exit();
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.NotExiting.selector));
        ledger.withdraw();
    }

    function test_a_stake_has_a_bound() public {
        uint256 much = uint256(type(uint80).max) + 1;
        vm.deal(GATEWAY, much);
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.StakeTooLarge.selector, much));
        ledger.stake{value: much}();
    }

    function test_a_payment_that_is_refused_reverts() public {
        vm.deal(address(this), 1 ether);
        Refuser refuser = new Refuser{value: 1 ether}(ledger);
        vm.warp(block.timestamp + RETENTION);
        vm.expectRevert(abi.encodeWithSelector(Ledger.PaymentFailed.selector));
        refuser.go();
        equal(ledger.gatewayOf(address(refuser)).stake, 1 ether);
    }
}
