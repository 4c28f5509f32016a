// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Demands, State} from "../Demands.sol";
import {Evidence} from "../Evidence.sol";
import {Share, Shares, Step} from "../Shares.sol";
import {Algorithms, IEd25519} from "../Signatures.sol";
import {FaultsFixture} from "./FaultsFixture.sol";
import {vm} from "./Vm.sol";

/// Shares of a seal on demand.
contract FaultsOpaqueTest is FaultsFixture {
    uint256 private constant ANSWER = 1 days;

    function setUp() public {
        deployAll(IEd25519(address(0)));
        registerDevice(Algorithms.ES256);
    }

    /// `n` shares of 5, 6, 7… of work.
    function shares(uint256 n) private pure returns (Share[] memory s) {
        s = new Share[](n);
        for (uint64 i = 0; i < n; ++i) s[i] = Share(bytes32(uint256(i) + 1), 100, 105 + i, i, i + 1);
    }

    function demand(uint128 point) private {
        uint256 bond = faults.bondFor(GATEWAY);
        vm.prank(CHALLENGER);
        faults.demandShare{value: bond}(GATEWAY, 0, KIND, point);
    }

    function demandRefused(uint32 epoch, uint8 kind, uint128 point, bytes memory reason) private {
        vm.prank(CHALLENGER);
        vm.expectRevert(reason);
        faults.demandShare{value: MIN_BOND}(GATEWAY, epoch, kind, point);
    }

    function answer(uint128 point, Share[] memory s, uint64 index) private view returns (bytes memory) {
        Step[] memory path = sumPath(s, 0, s.length, index);
        return abi.encodeCall(faults.answerShare, (GATEWAY, 0, KIND, point, s[index], index, path));
    }

    function opaque(uint128 point) private view returns (bytes memory) {
        return abi.encodeCall(faults.opaque, (GATEWAY, 0, KIND, point));
    }

    function send(bytes memory call) private {
        (bool done, bytes memory result) = address(faults).call(call);
        if (!done) revertWith(result);
    }

    function test_every_point_has_one_share() public {
        Share[] memory s = shares(5);
        seal(GATEWAY, 0, KIND, s);
        uint128 point = 0;
        for (uint64 i = 0; i < 5; ++i) {
            uint128 from = point;
            for (; point < from + 5 + i; ++point) {
                demand(point);
                uint64 wrong = (i + 1) % 5;
                (bool done,) = address(faults).call(answer(point, s, wrong));
                require(!done, "another share");
                send(answer(point, s, i));
            }
        }
        equal(point, ledger.sealOf(GATEWAY, 0, KIND).work);
        require(!ledger.gatewayOf(GATEWAY).frozen, "it answered");
        demandRefused(0, KIND, point, abi.encodeWithSelector(Demands.PointNotBelow.selector, point, point));
    }

    function testFuzz_an_honest_gateway_can_answer(uint8 count, uint128 point) public {
        Share[] memory s = shares(uint256(count % 40) + 1);
        seal(GATEWAY, 0, KIND, s);
        point %= ledger.sealOf(GATEWAY, 0, KIND).work;
        demand(point);
        uint64 index = 0;
        for (uint128 before = 0; before + 5 + index <= point; ++index) before += 5 + index;
        send(answer(point, s, index));
        equal(faults.owed(GATEWAY), MIN_BOND);
        vm.warp(block.timestamp + ANSWER + 1);
        bytes32 id = faults.shareDemandId(GATEWAY, 0, KIND, point);
        refused(opaque(point), abi.encodeWithSelector(Demands.NoDemand.selector, id, State.Answered));
    }

    function test_the_next_share_is_no_answer() public {
        Share[] memory s = shares(3);
        seal(GATEWAY, 0, KIND, s);
        demand(5);
        refused(answer(5, s, 0), abi.encodeWithSelector(Demands.WrongShare.selector, 5, 0, 5));
        refused(answer(5, s, 2), abi.encodeWithSelector(Demands.WrongShare.selector, 5, 11, 18));
        Share[] memory other = shares(4);
        refused(answer(5, other, 1), abi.encodeWithSelector(Evidence.NotInSeal.selector, 1, 3));
        send(answer(5, s, 1));
    }

    function test_a_hidden_share_slashes_and_voids() public {
        Share[] memory s = shares(3);
        seal(GATEWAY, 0, KIND, s);
        seal(OTHER, 0, KIND, shares(1));
        demand(7);
        uint256 deadline = block.timestamp + ANSWER;
        refused(opaque(7), abi.encodeWithSelector(Demands.AnswerStillDue.selector, deadline + 1));
        vm.warp(deadline + 1);
        refused(answer(7, s, 1), abi.encodeWithSelector(Demands.TooLate.selector, deadline));
        uint256 before = CHALLENGER.balance;
        send(opaque(7));
        equal(CHALLENGER.balance - before, STAKE / 2);
        equal(faults.owed(CHALLENGER), MIN_BOND);
        equal(ledger.totalWork(0, KIND), 5);
        require(ledger.gatewayOf(GATEWAY).frozen, "frozen");
    }

    function test_a_seal_of_more_work_than_its_shares_has_no_answer() public {
        Share[] memory s = shares(2);
        vm.warp(ledger.epochEnd(0));
        vm.prank(GATEWAY);
        ledger.seal(0, KIND, sumTree(s, 0, 2).hash, 12, 2);
        demand(3);
        refused(answer(3, s, 0), abi.encodeWithSelector(Evidence.NotInSeal.selector, 0, 2));
        vm.warp(block.timestamp + ANSWER + 1);
        send(opaque(3));
    }

    function test_a_seal_of_another_count_has_no_answer() public {
        Share[] memory s = shares(3);
        vm.warp(ledger.epochEnd(0));
        vm.prank(GATEWAY);
        ledger.seal(0, KIND, sumTree(s, 0, 3).hash, 18, 4);
        demand(17);
        refused(answer(17, s, 2), abi.encodeWithSelector(Shares.SharePath.selector, 1));
        vm.warp(block.timestamp + ANSWER + 1);
        send(opaque(17));
    }

    function test_only_what_is_sealed_is_asked_for() public {
        seal(GATEWAY, 0, KIND, shares(1));
        demandRefused(0, KIND + 1, 0, abi.encodeWithSelector(Evidence.NoSeal.selector, GATEWAY, 0, KIND + 1));
        demandRefused(1, KIND, 0, abi.encodeWithSelector(Evidence.NoSeal.selector, GATEWAY, 1, KIND));
    }

    function test_a_point_is_asked_for_once() public {
        seal(GATEWAY, 0, KIND, shares(1));
        demand(0);
        bytes32 id = faults.shareDemandId(GATEWAY, 0, KIND, 0);
        bytes memory known = abi.encodeWithSelector(Demands.DemandKnown.selector, id, State.Open);
        vm.prank(CHALLENGER);
        vm.expectRevert(known);
        faults.demandShare{value: 1 ether}(GATEWAY, 0, KIND, 0);
    }

    /// A demand is decided before the epoch is final, and years later nobody is asked for old shares.
    function test_demands_end_an_answer_before_the_epoch_is_final() public {
        seal(GATEWAY, 0, KIND, shares(2));
        uint256 until = ledger.finalAt(0) - ANSWER;
        vm.warp(until + 1);
        demandRefused(0, KIND, 0, abi.encodeWithSelector(Demands.TooLate.selector, until));
        vm.warp(until);
        demand(0);
        equal(faults.demandOf(faults.shareDemandId(GATEWAY, 0, KIND, 0)).deadline, ledger.finalAt(0));
    }

    function test_a_bond_comes_back_when_the_seal_is_voided_meanwhile() public {
        Share[] memory s = shares(2);
        seal(GATEWAY, 0, KIND, s);
        demand(0);
        slashes(GATEWAY, abi.encodeCall(faults.unbacked, (GATEWAY, sealedShare(0, KIND, s, 0))));
        (bool done,) = address(faults).call(answer(0, s, 0));
        require(!done, "there is no seal any more");
        vm.warp(block.timestamp + ANSWER + 1);
        uint256 before = CHALLENGER.balance;
        send(opaque(0));
        equal(CHALLENGER.balance, before);
        equal(faults.owed(CHALLENGER), MIN_BOND);
        demandRefused(0, KIND, 1, abi.encodeWithSelector(Evidence.NoSeal.selector, GATEWAY, 0, KIND));
    }
}
