// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Evidence, Logged, Sealed} from "../Evidence.sol";
import {Faults} from "../Faults.sol";
import {Share, Shares} from "../Shares.sol";
import {Algorithms, IEd25519} from "../Signatures.sol";
import {StatementReader} from "../Statement.sol";
import {FaultsFixture} from "./FaultsFixture.sol";
import {vm} from "./Vm.sol";

/// Seals against the register of devices, and against the log entries they cite.
contract FaultsSealTest is FaultsFixture {
    Commitment private said;

    function setUp() public {
        deployAll(IEd25519(address(0)));
        registerDevice(Algorithms.ES256);
        writeLog(10);
        vm.warp(START + 11 hours);
        said = commit(GATEWAY);
    }

    function honest() private view returns (Share memory) {
        return Share(device, MARK, MARK + 5000, FIRST_MARK, 5);
    }

    /// The share between two of devices that nobody registered.
    function among(Share memory share) private pure returns (Share[] memory s) {
        s = new Share[](3);
        s[0] = Share(bytes32(uint256(1)), 0, 10, 1, 2);
        s[1] = share;
        s[2] = Share(bytes32(type(uint256).max), 7, 12, 3, 4);
    }

    function sealIt(uint8 kind, Share memory share) private returns (Sealed memory) {
        Share[] memory s = among(share);
        seal(GATEWAY, 0, kind, s);
        return sealedShare(0, kind, s, 1);
    }

    function unbacked(Sealed memory it) private view returns (bytes memory) {
        return abi.encodeCall(faults.unbacked, (GATEWAY, it));
    }

    function misquoted(Sealed memory it, bool end, Logged memory cited) private view returns (bytes memory) {
        return abi.encodeCall(faults.misquoted, (GATEWAY, it, end, cited));
    }

    function backed() private view returns (bytes memory) {
        return abi.encodeWithSelector(Faults.Backed.selector, device);
    }

    function quotedRight(uint64 work) private view returns (bytes memory) {
        return abi.encodeWithSelector(Faults.QuotedRight.selector, device, work);
    }

    function test_a_share_of_an_unregistered_device_slashes_and_voids() public {
        Share[] memory s = among(honest());
        seal(GATEWAY, 0, KIND, s);
        seal(OTHER, 0, KIND, one(Share(device, 1, 8, 1, 1)));
        equal(ledger.totalWork(0, KIND), 5000 + 10 + 5 + 7);
        slashes(GATEWAY, unbacked(sealedShare(0, KIND, s, 2)));
        equal(ledger.totalWork(0, KIND), 7);
        equal(ledger.sealOf(GATEWAY, 0, KIND).sealedAt, 0);
    }

    function test_a_share_under_another_kind_slashes() public {
        slashes(GATEWAY, unbacked(sealIt(KIND + 1, honest())));
    }

    /// forge-config: default.fuzz.runs = 250
    function testFuzz_another_first_mark_slashes(uint64 from) public {
        from %= MARK + 4999;
        Share memory share = honest();
        share.from = from;
        Sealed memory it = sealIt(KIND, share);
        if (from == MARK) refused(unbacked(it), backed());
        else slashes(GATEWAY, unbacked(it));
    }

    function test_an_honest_share_is_backed() public {
        refused(unbacked(sealIt(KIND, honest())), backed());
    }

    function test_a_later_share_does_not_start_at_the_first_mark() public {
        refused(unbacked(sealIt(KIND, Share(device, MARK + 1000, MARK + 2000, 1, 2))), backed());
    }

    function test_what_becomes_of_the_device_later_changes_nothing() public {
        Sealed memory it = sealIt(KIND, honest());
        vm.prank(OWNER);
        registry.offer(device, MAKER);
        vm.prank(MAKER);
        registry.accept(device);
        refused(unbacked(it), backed());
        vm.prank(MAKER);
        registry.retire(device);
        refused(unbacked(it), backed());
    }

    function test_the_share_must_be_in_that_seal() public {
        Sealed memory it = sealIt(KIND, honest());
        bytes memory reason = abi.encodeWithSelector(Evidence.NoSeal.selector, OTHER, 0, KIND);
        refused(abi.encodeCall(faults.unbacked, (OTHER, it)), reason);
        it.kind = KIND + 1;
        refused(unbacked(it), abi.encodeWithSelector(Evidence.NoSeal.selector, GATEWAY, 0, KIND + 1));
        it.kind = KIND;
        it.epoch = 1;
        refused(unbacked(it), abi.encodeWithSelector(Evidence.NoSeal.selector, GATEWAY, 1, KIND));
        it.epoch = 0;
        it.index = 0;
        refused(unbacked(it), abi.encodeWithSelector(Evidence.NotInSeal.selector, 0, 3));
        it.index = 3;
        refused(unbacked(it), abi.encodeWithSelector(Shares.ShareIndex.selector, 3, 3));
        it.index = 2;
        refused(unbacked(it), abi.encodeWithSelector(Shares.SharePath.selector, 2));
        it.index = 1;
        it.path[0].sum += 1;
        refused(unbacked(it), abi.encodeWithSelector(Evidence.NotInSeal.selector, 1, 3));
    }

    /// forge-config: default.fuzz.runs = 250
    function testFuzz_no_other_share_is_in_the_seal(bytes32 id, uint64 from, uint64 to, uint64 a, uint64 b) public {
        vm.assume(to > from && id != device);
        Sealed memory it = sealIt(KIND, honest());
        it.share = Share(id, from, to, a, b);
        refused(unbacked(it), abi.encodeWithSelector(Evidence.NotInSeal.selector, 1, 3));
        it.share = Share(device, MARK, MARK + 5000, FIRST_MARK, a);
        if (a != 5) refused(unbacked(it), abi.encodeWithSelector(Evidence.NotInSeal.selector, 1, 3));
    }

    /// Seals a share whose later end cites an entry with `s` in it.
    function citing(Said memory s) private returns (Sealed memory it, Logged memory cited) {
        return citingBytes(entry(s));
    }

    function citingBytes(bytes memory made) private returns (Sealed memory it, Logged memory cited) {
        uint64 index = write(made);
        said = commit(GATEWAY);
        it = sealIt(KIND, Share(device, MARK, MARK + 11_000, FIRST_MARK, index));
        cited = shown(said, index);
    }

    function misquotes(Said memory s) private {
        (Sealed memory it, Logged memory cited) = citing(s);
        slashes(GATEWAY, misquoted(it, true, cited));
    }

    function test_more_work_than_the_attestation_says_slashes() public {
        Said memory s = reading(11);
        s.work -= 1;
        misquotes(s);
    }

    function test_less_work_than_the_attestation_says_slashes() public {
        Said memory s = reading(11);
        s.work += 1;
        misquotes(s);
    }

    function test_an_attestation_of_another_device_slashes() public {
        Said memory s = reading(11);
        s.device = keccak256("another");
        misquotes(s);
    }

    function test_an_attestation_for_another_gateway_slashes() public {
        Said memory s = reading(11);
        s.scope = registry.scopeOf(OTHER);
        misquotes(s);
    }

    function test_an_enrolment_as_the_later_end_slashes() public {
        Said memory s = reading(11);
        s.kind = StatementReader.ENROL;
        s.count = 1;
        misquotes(s);
    }

    function test_a_receipt_as_an_end_slashes() public {
        Said memory s = reading(11);
        s.kind = StatementReader.RECEIPT;
        s.count = 1;
        misquotes(s);
    }

    function test_a_lost_entry_as_an_end_slashes() public {
        (Sealed memory it, Logged memory cited) = citingBytes(faults.lostEntry(11));
        slashes(GATEWAY, misquoted(it, true, cited));
    }

    /// forge-config: default.fuzz.runs = 250
    function testFuzz_readings_from_the_future_slash(uint32 late) public {
        Said memory s = reading(11);
        // The seal is mined at the epoch's end.
        uint64 sealedAt = uint64(ledger.epochEnd(0)) * 1000;
        s.time = sealedAt + late;
        (Sealed memory it, Logged memory cited) = citing(s);
        if (late > 3_600_000) slashes(GATEWAY, misquoted(it, true, cited));
        else refused(misquoted(it, true, cited), quotedRight(MARK + 11_000));
    }

    function test_the_earlier_end_is_judged_too() public {
        Sealed memory it = sealIt(KIND, Share(device, MARK + 999, MARK + 5000, 1, 5));
        refused(misquoted(it, true, shown(said, 5)), quotedRight(MARK + 5000));
        slashes(GATEWAY, misquoted(it, false, shown(said, 1)));
    }

    function test_an_honest_share_is_quoted_right() public {
        Sealed memory it = sealIt(KIND, Share(device, MARK, MARK + 5000, 0, 5));
        refused(misquoted(it, true, shown(said, 5)), quotedRight(MARK + 5000));
        refused(misquoted(it, false, shown(said, 0)), quotedRight(MARK));
    }

    function test_only_the_cited_entries_count() public {
        Sealed memory it = sealIt(KIND, honest());
        refused(misquoted(it, true, shown(said, 4)), abi.encodeWithSelector(Faults.NotCited.selector, 4, 5));
        refused(misquoted(it, false, shown(said, 0)), abi.encodeWithSelector(Faults.NotCited.selector, 0, FIRST_MARK));
        Logged memory cited = shown(said, 4);
        cited.index = 5;
        refused(misquoted(it, true, cited), abi.encodeWithSelector(Evidence.NotInLog.selector, 5, 11));
    }

    function outpaced(Sealed memory it, Logged memory a, Logged memory b) private view returns (bytes memory) {
        return abi.encodeCall(faults.outpaced, (GATEWAY, it, a, b));
    }

    /// Seals growth between pack 10 and a further one.
    function growing(uint64 growth, uint64 time, uint8 clock)
        private
        returns (Sealed memory it, Logged memory a, Logged memory b)
    {
        Said memory s = reading(11);
        s.work = MARK + 10_000 + growth;
        s.time = time;
        s.clock = clock;
        uint64 index = write(entry(s));
        said = commit(GATEWAY);
        it = sealIt(KIND, Share(device, MARK + 10_000, s.work, 10, index));
        (a, b) = (shown(said, 10), shown(said, index));
    }

    /// CAP is 11,000 an hour, and the tolerance an hour.
    /// forge-config: default.fuzz.runs = 250
    function testFuzz_growth_beyond_the_cap_slashes(uint16 minutes_, uint32 extra) public {
        uint64 hourly = CAP;
        uint64 most = hourly + hourly * minutes_ / 60;
        uint64 growth = most - most / 2 + extra % (most + 1) + 1;
        (Sealed memory it, Logged memory a, Logged memory b) =
            growing(growth, (START + 36_000 + uint64(minutes_) * 60) * 1000, 1);
        bytes memory within =
            abi.encodeWithSelector(Faults.WithinCap.selector, growth, uint256(minutes_) * 60_000);
        if (growth > most) slashes(GATEWAY, outpaced(it, a, b));
        else refused(outpaced(it, a, b), within);
    }

    function test_no_time_grants_one_hours_cap() public {
        (Sealed memory it, Logged memory a, Logged memory b) = growing(CAP, 5000, 1);
        refused(outpaced(it, a, b), abi.encodeWithSelector(Faults.WithinCap.selector, CAP, 0));
    }

    function test_a_clock_that_runs_backwards_is_no_time() public {
        (Sealed memory it, Logged memory a, Logged memory b) = growing(CAP + 1, 5000, 1);
        slashes(GATEWAY, outpaced(it, a, b));
    }

    function test_an_unsynced_clock_proves_nothing() public {
        (Sealed memory it, Logged memory a, Logged memory b) = growing(1_000_000, 5000, 0);
        refused(outpaced(it, a, b), abi.encodeWithSelector(Faults.ClockUnsynced.selector, b.index));
    }

    function fromFirstMark(uint64 growth) private returns (Sealed memory it, Logged memory end) {
        Said memory s = reading(11);
        s.work = MARK + growth;
        uint64 index = write(entry(s));
        said = commit(GATEWAY);
        it = sealIt(KIND, Share(device, MARK, s.work, FIRST_MARK, index));
        end = shown(said, index);
    }

    /// Eleven hours after the registration, and the tolerance.
    function test_growth_from_the_first_mark_counts_from_the_registration() public {
        (Sealed memory it, Logged memory end) = fromFirstMark(12 * uint64(CAP) + 1);
        Logged memory none;
        slashes(GATEWAY, outpaced(it, none, end));
    }

    /// A device that enrols anew at an unchanged register does not shorten the time of its first share.
    function test_no_later_enrolment_moves_the_first_mark() public {
        Said memory again = enrolment();
        again.first = 500;
        again.time = (START + 39_000) * 1000;
        uint64 index = write(entry(again));
        (Sealed memory it, Logged memory end) = fromFirstMark(12 * uint64(CAP));
        bytes memory within = abi.encodeWithSelector(Faults.WithinCap.selector, 12 * uint256(CAP), 11 * 3_600_000);
        refused(outpaced(it, shown(said, index), end), within);
    }

    function test_an_honest_meter_keeps_its_pace() public {
        Sealed memory it = sealIt(KIND, Share(device, MARK, MARK + 5000, 0, 5));
        bytes memory within = abi.encodeWithSelector(Faults.WithinCap.selector, 5000, 5 * 3_600_000);
        refused(outpaced(it, shown(said, 0), shown(said, 5)), within);
        refused(outpaced(it, shown(said, 0), shown(said, 4)), abi.encodeWithSelector(Faults.NotCited.selector, 4, 5));
    }

    function test_what_the_entry_says_otherwise_is_another_fault() public {
        Sealed memory it = sealIt(KIND, Share(device, MARK + 1, MARK + 5000, 0, 5));
        bytes memory reason = abi.encodeWithSelector(Faults.NotCited.selector, MARK, MARK + 1);
        refused(outpaced(it, shown(said, 0), shown(said, 5)), reason);
    }

    function test_pace_is_judged_by_the_entries_cited() public {
        Sealed memory it = sealIt(KIND, Share(device, MARK + 1000, MARK + 5000, 1, 5));
        Logged memory b = shown(said, 5);
        refused(outpaced(it, shown(said, 2), b), abi.encodeWithSelector(Faults.NotCited.selector, 2, 1));
        bytes32 id = keccak256("another");
        Said memory s = reading(11);
        s.device = id;
        write(entry(s));
        said = commit(GATEWAY);
        Share[] memory list = one(Share(device, MARK, MARK + 1, 11, 11));
        seal(GATEWAY, 0, KIND + 1, list);
        it = sealedShare(0, KIND + 1, list, 0);
        Logged memory foreign = shown(said, 11);
        refused(outpaced(it, foreign, foreign), abi.encodeWithSelector(Faults.DifferentDevices.selector, id, device));
    }

    function test_pace_of_an_unregistered_device_has_no_cap() public {
        bytes32 id = keccak256("another");
        Said memory s = reading(11);
        s.device = id;
        uint64 index = write(entry(s));
        s.work += 1_000_000;
        write(entry(s));
        said = commit(GATEWAY);
        Share[] memory list = one(Share(id, MARK + 11_000, s.work, index, index + 1));
        seal(GATEWAY, 0, KIND, list);
        bytes memory call = outpaced(sealedShare(0, KIND, list, 0), shown(said, index), shown(said, index + 1));
        refused(call, abi.encodeWithSelector(Evidence.NotRegistered.selector, id));
    }
}
