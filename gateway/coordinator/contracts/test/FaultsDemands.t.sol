// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Demand, Demands, State} from "../Demands.sol";
import {Commitment, Evidence, Logged} from "../Evidence.sol";
import {Faults} from "../Faults.sol";
import {Times} from "../Interfaces.sol";
import {Ledger} from "../Ledger.sol";
import {Registry} from "../Registry.sol";
import {Algorithms, IEd25519} from "../Signatures.sol";
import {FaultsFixture} from "./FaultsFixture.sol";
import {vm} from "./Vm.sol";

interface Fees {
    function fee(uint256 baseFee) external;
}

/// Asks, and takes no money but what it asks for again from within.
contract Greedy {
    Faults private immutable FAULTS;
    uint256 public payments;
    bool public refuses = true;

    constructor(Faults faults) payable {
        FAULTS = faults;
    }

    function demand(address gateway, Commitment calldata said, uint64 index) external {
        FAULTS.demand{value: 0.01 ether}(gateway, said, index);
    }

    function open() external {
        refuses = false;
    }

    receive() external payable {
        require(!refuses, "no");
        ++payments;
        // A second payment of the same money would be one too many.
        try FAULTS.collect(address(this)) {} catch {}
    }
}

/// Leaves of the log on demand.
contract FaultsDemandsTest is FaultsFixture {
    Commitment private said;

    function setUp() public {
        deployAll(IEd25519(address(0)));
        registerDevice(Algorithms.ES256);
        writeLog(6);
        said = commit(GATEWAY);
    }

    function demand(uint64 index) private {
        uint256 bond = faults.bondFor(GATEWAY);
        vm.prank(CHALLENGER);
        faults.demand{value: bond}(GATEWAY, said, index);
    }

    function demandRefused(address gateway, Commitment memory c, uint64 index, uint256 bond, bytes memory reason) private {
        vm.prank(CHALLENGER);
        vm.expectRevert(reason);
        faults.demand{value: bond}(gateway, c, index);
    }

    function answer(uint64 index) private view returns (bytes memory) {
        return abi.encodeCall(faults.answer, (GATEWAY, said, index, log[index], logPath(0, said.size, index)));
    }

    function withheld(uint64 index) private view returns (bytes memory) {
        return abi.encodeCall(faults.withheld, (GATEWAY, said, index));
    }

    function send(bytes memory call) private {
        (bool done, bytes memory result) = address(faults).call(call);
        if (!done) revertWith(result);
    }

    function noDemand(uint64 index, State state) private view returns (bytes memory) {
        return abi.encodeWithSelector(Demands.NoDemand.selector, faults.leafDemandId(GATEWAY, said, index), state);
    }

    function test_an_answer_earns_the_bond() public {
        demand(3);
        equal(faults.openDemands(GATEWAY), 1);
        Demand memory open = faults.demandOf(faults.leafDemandId(GATEWAY, said, 3));
        require(open.by == CHALLENGER && open.state == State.Open, "open");
        equal(open.deadline, block.timestamp + 1 days);
        equal(open.bond, MIN_BOND);
        vm.warp(open.deadline);
        send(answer(3));
        equal(faults.openDemands(GATEWAY), 0);
        equal(faults.owed(GATEWAY), MIN_BOND);
        uint256 before = GATEWAY.balance;
        faults.collect(GATEWAY);
        equal(GATEWAY.balance - before, MIN_BOND);
        equal(address(faults).balance, 0);
        vm.warp(open.deadline + 1);
        refused(withheld(3), noDemand(3, State.Answered));
        refused(answer(3), noDemand(3, State.Answered));
    }

    function test_no_answer_slashes_for_who_asked() public {
        demand(3);
        uint256 before = CHALLENGER.balance;
        vm.warp(block.timestamp + 1 days + 1);
        // Whoever sends it.
        vm.prank(MAKER);
        faults.withheld(GATEWAY, said, 3);
        require(ledger.gatewayOf(GATEWAY).frozen, "frozen");
        equal(CHALLENGER.balance - before, STAKE / 2);
        equal(ledger.burned(), STAKE / 2);
        equal(faults.owed(CHALLENGER), MIN_BOND);
        faults.collect(CHALLENGER);
        equal(CHALLENGER.balance - before, STAKE / 2 + MIN_BOND);
        equal(address(faults).balance, 0);
        equal(MAKER.balance, 0);
    }

    function test_the_deadline_is_exact() public {
        demand(3);
        uint256 deadline = block.timestamp + 1 days;
        vm.warp(deadline);
        refused(withheld(3), abi.encodeWithSelector(Demands.AnswerStillDue.selector, deadline + 1));
        vm.warp(deadline + 1);
        refused(answer(3), abi.encodeWithSelector(Demands.TooLate.selector, deadline));
    }

    function test_nothing_is_answered_or_missed_that_was_not_asked() public {
        demand(3);
        refused(answer(2), noDemand(2, State.None));
        vm.warp(block.timestamp + 2 days);
        refused(withheld(2), noDemand(2, State.None));
        bytes memory other = abi.encodeCall(faults.withheld, (OTHER, said, 3));
        bytes32 id = faults.leafDemandId(OTHER, said, 3);
        refused(other, abi.encodeWithSelector(Demands.NoDemand.selector, id, State.None));
    }

    function test_only_the_leaf_itself_is_an_answer() public {
        demand(3);
        bytes memory reason = abi.encodeWithSelector(Evidence.NotInLog.selector, 3, said.size);
        refused(abi.encodeCall(faults.answer, (GATEWAY, said, 3, log[2], logPath(0, said.size, 3))), reason);
        refused(abi.encodeCall(faults.answer, (GATEWAY, said, 3, log[2], logPath(0, said.size, 2))), reason);
        equal(faults.owed(GATEWAY), 0);
        send(answer(3));
    }

    function test_one_leaf_is_asked_for_once() public {
        demand(3);
        bytes32 id = faults.leafDemandId(GATEWAY, said, 3);
        uint256 bond = faults.bondFor(GATEWAY);
        demandRefused(GATEWAY, said, 3, bond, abi.encodeWithSelector(Demands.DemandKnown.selector, id, State.Open));
        send(answer(3));
        bytes memory known = abi.encodeWithSelector(Demands.DemandKnown.selector, id, State.Answered);
        demandRefused(GATEWAY, said, 3, MIN_BOND, known);
    }

    function test_only_what_is_committed_is_asked_for() public {
        bytes memory none = abi.encodeWithSelector(Evidence.NotCommitted.selector, OTHER, 1);
        demandRefused(OTHER, said, 3, MIN_BOND, none);
        Commitment memory larger = Commitment(1, 70, said.root);
        none = abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 1);
        demandRefused(GATEWAY, larger, 3, MIN_BOND, none);
        bytes memory beyond = abi.encodeWithSelector(Demands.IndexNotBelow.selector, 7, 7);
        demandRefused(GATEWAY, said, 7, MIN_BOND, beyond);
    }

    /// Many questions at once cost more and more; all of it goes to the gateway that answers.
    function test_the_bond_grows_with_open_demands() public {
        uint256 paid;
        for (uint64 i = 0; i < 5; ++i) {
            uint256 bond = MIN_BOND * (i + 1);
            equal(faults.bondFor(GATEWAY), bond);
            bytes memory small = abi.encodeWithSelector(Demands.BondTooSmall.selector, bond - 1, bond);
            demandRefused(GATEWAY, said, i, bond - 1, small);
            demand(i);
            paid += bond;
        }
        equal(address(faults).balance, paid);
        equal(faults.bondFor(OTHER), MIN_BOND);
        for (uint64 i = 0; i < 5; ++i) send(answer(i));
        equal(faults.owed(GATEWAY), paid);
        equal(faults.bondFor(GATEWAY), MIN_BOND);
    }

    function test_the_bond_follows_the_base_fee() public {
        Fees(address(vm)).fee(100 gwei);
        equal(faults.bondFor(GATEWAY), 100 gwei * faults.BOND_GAS());
        require(faults.bondFor(GATEWAY) > MIN_BOND, "more than the least");
    }

    function test_a_bond_comes_back_when_the_stake_is_gone() public {
        demand(1);
        demand(2);
        log[0] = entry(reading(99));
        Commitment memory other = commit(GATEWAY);
        bytes32[] memory none = new bytes32[](0);
        bytes32 zero;
        slashes(GATEWAY, abi.encodeCall(faults.forked, (GATEWAY, said, other, 0, zero, none, zero, none)));
        // It may still answer…
        log[0] = entry(enrolment());
        send(answer(1));
        equal(faults.owed(GATEWAY), MIN_BOND);
        // …and what it does not answer is paid back, once.
        vm.warp(block.timestamp + 1 days + 1);
        uint256 before = CHALLENGER.balance;
        send(withheld(2));
        equal(CHALLENGER.balance, before);
        equal(faults.owed(CHALLENGER), 2 * MIN_BOND);
        (bool done,) = address(faults).call(withheld(2));
        require(!done, "once");
        faults.collect(CHALLENGER);
        faults.collect(GATEWAY);
        equal(address(faults).balance, 0);
        demandRefused(GATEWAY, said, 3, MIN_BOND, abi.encodeWithSelector(Evidence.AlreadyFrozen.selector, GATEWAY));
    }

    function test_a_bond_comes_back_when_the_stake_has_left() public {
        vm.prank(GATEWAY);
        ledger.exit();
        vm.warp(block.timestamp + RETENTION);
        vm.prank(GATEWAY);
        ledger.withdraw();
        demand(2);
        vm.warp(block.timestamp + 1 days + 1);
        send(withheld(2));
        equal(faults.owed(CHALLENGER), MIN_BOND);
        require(ledger.gatewayOf(GATEWAY).frozen, "frozen");
    }

    function test_an_answer_needs_no_place_in_the_ring() public {
        vm.warp(START + RETENTION);
        for (uint64 seq = 2; seq <= 1024; ++seq) {
            vm.prank(GATEWAY);
            ledger.commit(seq, said.size, said.root);
        }
        demand(3);
        vm.prank(GATEWAY);
        ledger.commit(1025, said.size, said.root);
        demandRefused(GATEWAY, said, 4, 1 ether, abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 1));
        send(answer(3));
        equal(faults.owed(GATEWAY), MIN_BOND);
    }

    /// A gateway that asks itself through a contract that takes no money holds up nobody.
    function test_who_takes_no_payment_blocks_nothing() public {
        Greedy greedy = new Greedy{value: 1 ether}(faults);
        vm.deal(address(greedy), 1 ether);
        greedy.demand(GATEWAY, said, 3);
        vm.warp(block.timestamp + 1 days + 1);
        send(withheld(3));
        require(ledger.gatewayOf(GATEWAY).frozen, "frozen");
        equal(ledger.owed(address(greedy)), STAKE / 2);
        equal(faults.owed(address(greedy)), MIN_BOND);
        vm.expectRevert(abi.encodeWithSelector(Demands.PaymentFailed.selector));
        faults.collect(address(greedy));
        equal(faults.owed(address(greedy)), MIN_BOND);
    }

    function test_money_is_collected_once() public {
        Greedy greedy = new Greedy(faults);
        vm.deal(address(greedy), 1 ether);
        greedy.demand(GATEWAY, said, 3);
        demand(4);
        demand(5);
        vm.warp(block.timestamp + 1 days + 1);
        send(withheld(3));
        greedy.open();
        uint256 before = address(greedy).balance;
        faults.collect(address(greedy));
        equal(address(greedy).balance - before, MIN_BOND);
        equal(greedy.payments(), 1);
        equal(address(faults).balance, 5 * MIN_BOND);
        vm.expectRevert(abi.encodeWithSelector(Demands.NothingOwed.selector, address(greedy)));
        faults.collect(address(greedy));
    }

    /// Balance = open bonds + what is owed, whatever happens.
    /// forge-config: default.fuzz.runs = 250
    function testFuzz_no_wei_is_lost(uint256 seed) public {
        uint256 held;
        for (uint64 i = 0; i < 7; ++i) {
            uint256 extra = (seed >> (8 * i)) & 0xff;
            uint256 bond = faults.bondFor(GATEWAY) + extra;
            vm.prank(i % 2 == 0 ? CHALLENGER : OTHER);
            faults.demand{value: bond}(GATEWAY, said, i);
            held += bond;
            if (extra & 1 == 1) send(answer(i));
        }
        vm.warp(block.timestamp + 1 days + 1);
        for (uint64 i = 0; i < 7; ++i) {
            if ((seed >> (8 * i)) & 1 == 0) send(withheld(i));
        }
        equal(address(faults).balance, held);
        equal(faults.openDemands(GATEWAY), 0);
        equal(faults.owed(CHALLENGER) + faults.owed(OTHER) + faults.owed(GATEWAY), held);
        address[3] memory all = [CHALLENGER, OTHER, GATEWAY];
        for (uint256 i = 0; i < 3; ++i) {
            if (faults.owed(all[i]) != 0) faults.collect(all[i]);
        }
        equal(address(faults).balance, 0);
    }

    function test_a_dispute_time_must_leave_time_to_answer() public {
        uint256 nonce = vm.getNonce(address(this));
        Registry r = new Registry(vm.computeCreateAddress(address(this), nonce + 1), IEd25519(address(0)));
        address next = vm.computeCreateAddress(address(this), nonce + 2);
        Ledger l = new Ledger(r, next, Times(10, 2, 2), MIN_STAKE);
        vm.expectRevert(abi.encodeWithSelector(Demands.DisputeTooShort.selector, 2));
        new Faults(l, MIN_BOND);
    }
}
