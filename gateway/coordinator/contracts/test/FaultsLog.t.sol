// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Evidence, Logged} from "../Evidence.sol";
import {Faults} from "../Faults.sol";
import {Algorithms, IEd25519, Signatures} from "../Signatures.sol";
import {StatementReader} from "../Statement.sol";
import {FaultsFixture} from "./FaultsFixture.sol";
import {vm} from "./Vm.sol";

/// What a log says against itself.
contract FaultsLogTest is FaultsFixture {
    bytes32[] private none;

    function setUp() public {
        deployAll(IEd25519(address(0)));
        registerDevice(Algorithms.ES256);
        writeLog(5);
    }

    function incoherent(Logged memory a, Logged memory b) private view returns (bytes memory) {
        return abi.encodeCall(faults.incoherent, (GATEWAY, a, b));
    }

    /// Logs two more statements and accuses both.
    function accuse(Said memory a, Said memory b) private returns (bytes memory) {
        uint64 index = write(entry(a));
        write(entry(b));
        Commitment memory said = commit(GATEWAY);
        return incoherent(shown(said, index), shown(said, index + 1));
    }

    function coherent() private view returns (bytes memory) {
        return abi.encodeWithSelector(Faults.Coherent.selector, device);
    }

    function test_one_sequence_number_twice_slashes() public {
        Said memory twice = reading(6);
        twice.root = keccak256("other readings");
        slashes(GATEWAY, accuse(reading(6), twice));
    }

    function test_an_overlap_of_one_slashes() public {
        Said memory wide = reading(6);
        wide.count = 11;
        slashes(GATEWAY, accuse(wide, reading(7)));
    }

    function test_a_statement_inside_another_slashes() public {
        Said memory inside = reading(6);
        inside.first += 3;
        inside.count = 1;
        slashes(GATEWAY, accuse(inside, reading(6)));
    }

    function test_an_enrolment_over_a_reading_slashes() public {
        Said memory again = enrolment();
        again.first = reading(6).first + 9;
        again.work = reading(6).work;
        slashes(GATEWAY, accuse(reading(6), again));
    }

    function test_a_falling_register_slashes() public {
        Said memory less = reading(7);
        less.work = reading(6).work - 1;
        slashes(GATEWAY, accuse(reading(6), less));
    }

    function test_a_falling_register_slashes_in_the_other_order_too() public {
        Said memory less = reading(7);
        less.work = reading(6).work - 1;
        slashes(GATEWAY, accuse(less, reading(6)));
    }

    function test_two_commitments_may_hold_the_two() public {
        Said memory twice = reading(6);
        twice.root = keccak256("other readings");
        uint64 index = write(entry(reading(6)));
        Logged memory a = shown(commit(GATEWAY), index);
        write(entry(reading(7)));
        index = write(entry(twice));
        slashes(GATEWAY, incoherent(a, shown(commit(GATEWAY), index)));
    }

    /// forge-config: default.fuzz.runs = 250
    function testFuzz_an_honest_history_stands(uint8 i, uint8 j) public {
        Commitment memory said = commit(GATEWAY);
        uint64 a = i % said.size;
        uint64 b = j % said.size;
        bytes memory reason = abi.encodeWithSelector(Faults.SameStatement.selector, device);
        refused(incoherent(shown(said, a), shown(said, b)), a == b ? reason : coherent());
    }

    /// forge-config: default.fuzz.runs = 250
    function testFuzz_ranges(uint64 first, uint16 count, uint64 work) public {
        Said memory s = reading(6);
        s.first = first % 200;
        s.count = count % 1024 + 1;
        s.work = work;
        bool overlap = s.first < 51 && s.first + s.count > 41;
        uint64 fixedWork = reading(5).work;
        bool falls = s.first >= 51 ? work < fixedWork : work > fixedWork;
        uint64 index = write(entry(s));
        Commitment memory said = commit(GATEWAY);
        bytes memory call = incoherent(shown(said, 5), shown(said, index));
        if (overlap || falls) slashes(GATEWAY, call);
        else refused(call, coherent());
    }

    function test_a_second_signature_is_no_second_statement() public {
        uint256 order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
        bytes memory raw = statement(reading(6));
        (bytes32 r, bytes32 s) = signed(Algorithms.ES256, DEVICE_SECRET, raw);
        uint64 index = write(entry(reading(6)));
        write(entryWith(Algorithms.ES256, raw, r, bytes32(order - uint256(s))));
        Commitment memory said = commit(GATEWAY);
        bytes memory same = abi.encodeWithSelector(Faults.SameStatement.selector, device);
        refused(incoherent(shown(said, index), shown(said, index + 1)), same);
        refused(incoherent(shown(said, index), shown(said, index)), same);
    }

    function test_equal_work_stands() public {
        Said memory idle = reading(7);
        idle.work = reading(6).work;
        refused(accuse(reading(6), idle), coherent());
    }

    function test_clocks_and_boots_may_be_set_back() public {
        Said memory restarted = reading(7);
        restarted.boot = 1;
        restarted.time = 5000;
        restarted.clock = 0;
        refused(accuse(reading(6), restarted), coherent());
    }

    function test_a_gap_and_a_late_pack_stand() public {
        refused(accuse(reading(9), reading(7)), coherent());
    }

    function test_a_new_enrolment_stands() public {
        Said memory again = enrolment();
        again.first = 61;
        again.work = reading(6).work;
        refused(accuse(reading(6), again), coherent());
    }

    /// Only readings and enrolments are paid for: the register's value in other kinds is nobody's claim.
    function test_the_register_in_other_kinds_is_not_compared() public {
        for (uint8 kind = StatementReader.ROTATE; kind <= StatementReader.RECEIPT; ++kind) {
            Said memory s = reading(7);
            s.kind = kind;
            s.count = 1;
            s.first = 200 + kind;
            s.work = 0;
            refused(accuse(reading(6), s), coherent());
        }
    }

    function test_two_devices_do_not_contradict_each_other() public {
        Said memory theirs = reading(6);
        theirs.secret = OTHER_SECRET;
        theirs.device = Signatures.deviceId(otherKey());
        bytes memory reason = abi.encodeWithSelector(Faults.DifferentDevices.selector, device, theirs.device);
        refused(accuse(reading(6), theirs), reason);
    }

    /// A device that signs one thing for this gateway and another for the next one harms neither.
    function test_what_a_device_said_to_another_gateway_is_not_held_against_this_one() public {
        Said memory elsewhere = reading(5);
        elsewhere.scope = registry.scopeOf(OTHER);
        elsewhere.root = keccak256("other readings");
        Logged memory own = shown(commit(GATEWAY), 5);
        uint64 index = write(entry(elsewhere));
        Commitment memory theirs = commit(OTHER);
        bytes memory reason = abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, theirs.seq);
        refused(incoherent(own, shown(theirs, index)), reason);
        // Not even when the gateway keeps it in its own log, as one does that has moved.
        Logged memory kept = shown(commit(GATEWAY), index);
        reason = abi.encodeWithSelector(Evidence.OtherScope.selector, elsewhere.scope, registry.scopeOf(GATEWAY));
        refused(incoherent(own, kept), reason);
        refused(incoherent(kept, own), reason);
    }

    /// A board that signs two things proves its own fault; a gateway that logged one of them is honest.
    function test_what_is_signed_but_not_logged_is_not_held_against_the_gateway() public {
        Said memory twice = reading(5);
        twice.root = keccak256("other readings");
        Commitment memory said = commit(GATEWAY);
        Logged memory unlogged = shown(said, 5);
        unlogged.entry = entry(twice);
        bytes memory reason = abi.encodeWithSelector(Evidence.NotInLog.selector, 5, said.size);
        refused(incoherent(shown(said, 5), unlogged), reason);
    }

    function test_malformed_entries_are_another_fault() public {
        uint64 index = write(faults.lostEntry(6));
        Commitment memory said = commit(GATEWAY);
        bytes memory reason = abi.encodeWithSelector(Evidence.MalformedEntry.selector, index);
        refused(incoherent(shown(said, 5), shown(said, index)), reason);
    }

    function forked(
        Commitment memory a,
        Commitment memory b,
        uint64 index,
        bytes32[2] memory leaves,
        bytes32[] memory pathA,
        bytes32[] memory pathB
    ) private view returns (bytes memory) {
        return abi.encodeCall(faults.forked, (GATEWAY, a, b, index, leaves[0], pathA, leaves[1], pathB));
    }

    function test_a_rewritten_leaf_slashes() public {
        Commitment memory a = commit(GATEWAY);
        bytes32[] memory pathA = logPath(0, 6, 3);
        bytes32 was = leaf(3);
        log[3] = entry(reading(99));
        write(entry(reading(6)));
        Commitment memory b = commit(GATEWAY);
        slashes(GATEWAY, forked(a, b, 3, [was, leaf(3)], pathA, logPath(0, 7, 3)));
    }

    function test_two_roots_of_one_size_slash() public {
        Commitment memory a = commit(GATEWAY);
        log[5] = entry(reading(99));
        Commitment memory b = commit(GATEWAY);
        slashes(GATEWAY, forked(a, b, 0, [bytes32(0), bytes32(0)], none, none));
    }

    /// forge-config: default.fuzz.runs = 250
    function testFuzz_a_log_that_grows_stands(uint8 more, uint8 place) public {
        Commitment memory a = commit(GATEWAY);
        for (uint256 i = 0; i < more % 9; ++i) log.push(abi.encode(i));
        Commitment memory b = commit(GATEWAY);
        uint64 index = place % 6;
        bytes32[] memory pathA = logPath(0, a.size, index);
        bytes32[] memory pathB = logPath(0, b.size, index);
        bytes memory agree = abi.encodeWithSelector(Faults.LogsAgree.selector, index);
        refused(forked(a, b, index, [leaf(index), leaf(index)], pathA, pathB), agree);
        if (b.size == a.size) return;
        // Neither another leaf, nor another place, nor a node for a leaf.
        bytes memory reason = abi.encodeWithSelector(Evidence.NotInLog.selector, index, b.size);
        refused(forked(a, b, index, [leaf(index), keccak256("x")], pathA, pathB), reason);
        uint64 next = (index + 1) % 6;
        refused(forked(a, b, index, [leaf(index), leaf(next)], pathA, logPath(0, b.size, next)), reason);
        bytes32[] memory shorter = new bytes32[](pathB.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) shorter[i] = pathB[i + 1];
        bytes32 node = index % 2 == 0
            ? sha256(abi.encodePacked(hex"01", leaf(index), pathB[0]))
            : sha256(abi.encodePacked(hex"01", pathB[0], leaf(index)));
        refused(forked(a, b, index, [leaf(index), node], pathA, shorter), reason);
    }

    function test_a_place_beyond_the_shorter_log_proves_nothing() public {
        Commitment memory a = commit(GATEWAY);
        write(entry(reading(6)));
        Commitment memory b = commit(GATEWAY);
        bytes memory reason = abi.encodeWithSelector(Evidence.NotInLog.selector, 6, 6);
        refused(forked(a, b, 6, [leaf(5), leaf(6)], logPath(0, 6, 5), logPath(0, 7, 6)), reason);
    }

    function test_two_gateways_need_not_agree() public {
        Commitment memory a = commit(GATEWAY);
        log[3] = entry(reading(99));
        Commitment memory theirs = commit(OTHER);
        bytes memory reason = abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 1);
        refused(forked(a, theirs, 0, [bytes32(0), bytes32(0)], none, none), reason);
        theirs.seq = 2;
        reason = abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 2);
        refused(forked(a, theirs, 0, [bytes32(0), bytes32(0)], none, none), reason);
    }
}
