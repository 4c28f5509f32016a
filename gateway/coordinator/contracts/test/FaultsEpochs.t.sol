// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Evidence, Sealed} from "../Evidence.sol";
import {Faults} from "../Faults.sol";
import {Share} from "../Shares.sol";
import {Algorithms, IEd25519} from "../Signatures.sol";
import {FaultsFixture} from "./FaultsFixture.sol";
import {vm} from "./Vm.sol";

/// Work counted in another epoch than its own, or twice.
contract FaultsEpochsTest is FaultsFixture {
    Commitment private none;

    /// Size 4 at hour 4 and size 7 at hour 8, both in epoch 0.
    Commitment private first;
    Commitment private second;

    function setUp() public {
        deployAll(IEd25519(address(0)));
        registerDevice(Algorithms.ES256);
        writeLog(3);
        vm.warp(START + 4 hours);
        first = commit(GATEWAY);
        for (uint64 n = 4; n <= 6; ++n) write(entry(reading(n)));
        vm.warp(START + 8 hours);
        second = commit(GATEWAY);
    }

    function shareTo(uint64 n) private view returns (Share memory) {
        return Share(device, MARK, MARK + 1000 * n, FIRST_MARK, n);
    }

    function sealIt(uint32 epoch, Share memory share) private returns (Sealed memory) {
        seal(GATEWAY, epoch, KIND, one(share));
        return sealedShare(epoch, KIND, one(share), 0);
    }

    function misdated(Sealed memory it, Commitment memory before, Commitment memory within)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeCall(faults.misdated, (GATEWAY, it, before, within));
    }

    function overlapping(Sealed memory a, Sealed memory b) private view returns (bytes memory) {
        return abi.encodeCall(faults.overlapping, (GATEWAY, a, b));
    }

    function datedRight(uint64 index, uint32 epoch) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Faults.DatedRight.selector, index, epoch);
    }

    function test_an_end_that_was_never_committed_slashes() public {
        slashes(GATEWAY, misdated(sealIt(0, shareTo(7)), none, none));
    }

    function test_a_start_that_was_never_committed_slashes() public {
        slashes(GATEWAY, misdated(sealIt(0, Share(device, MARK, MARK + 10, 7, 1)), none, none));
    }

    function test_work_of_the_epoch_before_slashes() public {
        vm.warp(ledger.epochEnd(0));
        write(entry(reading(7)));
        commit(GATEWAY);
        Sealed memory it = sealIt(1, shareTo(6));
        slashes(GATEWAY, misdated(it, none, second));
    }

    function test_work_of_the_next_epoch_slashes() public {
        vm.warp(ledger.epochEnd(0));
        write(entry(reading(7)));
        Commitment memory late = commit(GATEWAY);
        Sealed memory it = sealIt(0, shareTo(7));
        refused(misdated(it, first, late), abi.encodeWithSelector(Faults.NotNext.selector, 1, 3));
        slashes(GATEWAY, misdated(it, second, late));
    }

    function test_a_first_commitment_after_the_epoch_slashes() public {
        vm.warp(ledger.epochEnd(0));
        Commitment memory late = commit(OTHER);
        seal(OTHER, 0, KIND, one(shareTo(6)));
        Sealed memory it = sealedShare(0, KIND, one(shareTo(6)), 0);
        slashes(OTHER, abi.encodeCall(faults.misdated, (OTHER, it, none, late)));
    }

    /// The bounds of an epoch belong to it as epochAt says.
    function test_the_last_second_of_an_epoch_is_in_it() public {
        vm.warp(ledger.epochEnd(0) - 1);
        write(entry(reading(7)));
        Commitment memory last = commit(GATEWAY);
        Sealed memory it = sealIt(0, shareTo(7));
        refused(misdated(it, second, last), datedRight(7, 0));
    }

    function test_the_first_second_of_an_epoch_is_in_it() public {
        vm.warp(ledger.epochEnd(0));
        write(entry(reading(7)));
        Commitment memory early = commit(GATEWAY);
        Sealed memory it = sealIt(1, shareTo(7));
        refused(misdated(it, second, early), datedRight(7, 1));
    }

    /// Each pair of an honest gateway's commitments, around each place.
    function test_an_honest_share_is_dated_right() public {
        vm.warp(ledger.epochEnd(0));
        write(entry(reading(7)));
        Commitment memory late = commit(GATEWAY);
        Sealed memory it = sealIt(0, shareTo(6));
        refused(misdated(it, none, first), abi.encodeWithSelector(Faults.OutsideCommitment.selector, 6, 0, 4));
        refused(misdated(it, first, second), datedRight(6, 0));
        refused(misdated(it, second, late), abi.encodeWithSelector(Faults.OutsideCommitment.selector, 6, 7, 8));
        refused(misdated(it, first, late), abi.encodeWithSelector(Faults.NotNext.selector, 1, 3));
        Commitment memory invented = Commitment(2, 5, second.root);
        refused(misdated(it, invented, late), abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 2));
        invented = Commitment(1, 7, first.root);
        refused(misdated(it, none, invented), abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 1));
    }

    function test_another_gateways_commitments_date_nothing() public {
        vm.warp(ledger.epochEnd(0));
        Commitment memory theirs = commit(OTHER);
        Sealed memory it = sealIt(0, shareTo(6));
        refused(misdated(it, none, theirs), abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 1));
    }

    function test_one_stretch_in_two_epochs_slashes() public {
        Sealed memory a = sealIt(0, shareTo(6));
        Sealed memory b = sealIt(1, Share(device, MARK + 5999, MARK + 7000, 5, 6));
        slashes(GATEWAY, overlapping(a, b));
        // Final seals stand.
        require(ledger.sealOf(GATEWAY, 0, KIND).sealedAt != 0, "final");
        equal(ledger.sealOf(GATEWAY, 1, KIND).sealedAt, 0);
    }

    function test_one_stretch_under_two_kinds_slashes() public {
        Sealed memory a = sealIt(0, shareTo(6));
        seal(GATEWAY, 0, KIND + 1, one(shareTo(1)));
        slashes(GATEWAY, overlapping(sealedShare(0, KIND + 1, one(shareTo(1)), 0), a));
        equal(ledger.totalWork(0, KIND), 0);
        equal(ledger.totalWork(0, KIND + 1), 0);
    }

    function two(Share memory a, Share memory b) private pure returns (Share[] memory s) {
        s = new Share[](2);
        (s[0], s[1]) = (a, b);
    }

    function bothOf(Share memory a, Share memory b) private returns (bytes memory call) {
        Share[] memory s = two(a, b);
        seal(GATEWAY, 0, KIND, s);
        return overlapping(sealedShare(0, KIND, s, 0), sealedShare(0, KIND, s, 1));
    }

    function test_a_device_twice_in_one_seal_slashes() public {
        slashes(GATEWAY, bothOf(shareTo(1), Share(device, MARK + 1000, MARK + 2000, 1, 2)));
    }

    function testFuzz_devices_stand_in_ascending_order(bytes32 a, bytes32 b) public {
        bytes memory call = bothOf(Share(a, 1, 2, 1, 1), Share(b, 1, 2, 1, 1));
        if (a >= b) slashes(GATEWAY, call);
        else refused(call, abi.encodeWithSelector(Faults.NoOverlap.selector, a, b));
    }

    function test_a_share_does_not_overlap_itself() public {
        Sealed memory a = sealIt(0, shareTo(6));
        refused(overlapping(a, a), abi.encodeWithSelector(Faults.SameShare.selector, 0));
    }

    function testFuzz_only_what_overlaps_slashes(uint16 from, uint16 length, bool turned) public {
        Sealed memory a = sealIt(0, Share(device, 1000, 2000, 1, 2));
        uint64 to = uint64(from) + length + 1;
        Sealed memory b = sealIt(1, Share(device, from, to, 2, 3));
        bytes memory call = turned ? overlapping(b, a) : overlapping(a, b);
        if (from < 2000 && to > 1000) slashes(GATEWAY, call);
        else refused(call, abi.encodeWithSelector(Faults.NoOverlap.selector, device, device));
    }

    function test_a_successor_may_go_on_where_the_old_key_stood() public {
        Sealed memory a = sealIt(0, shareTo(6));
        bytes32 next = keccak256("next key");
        Sealed memory b = sealIt(1, Share(next, MARK, MARK + 7000, 5, 6));
        refused(overlapping(a, b), abi.encodeWithSelector(Faults.NoOverlap.selector, device, next));
    }

    /// A device may report to two gateways, and neither knows of the other. Its mark sees to it that it is paid once.
    function test_two_gateways_may_count_one_stretch() public {
        Sealed memory a = sealIt(0, shareTo(6));
        seal(OTHER, 0, KIND + 1, one(shareTo(6)));
        Sealed memory theirs = sealedShare(0, KIND + 1, one(shareTo(6)), 0);
        bytes memory reason = abi.encodeWithSelector(Evidence.NoSeal.selector, GATEWAY, 0, KIND + 1);
        refused(overlapping(a, theirs), reason);
        reason = abi.encodeWithSelector(Evidence.NoSeal.selector, OTHER, 0, KIND);
        refused(abi.encodeCall(faults.overlapping, (OTHER, a, theirs)), reason);
    }

    function test_an_index_of_another_count_is_no_second_share() public {
        Share[] memory s = new Share[](3);
        for (uint256 i = 0; i < 3; ++i) s[i] = Share(bytes32(i + 1), 0, 1, 1, 1);
        seal(GATEWAY, 0, KIND, s);
        Sealed memory a = sealedShare(0, KIND, s, 2);
        Sealed memory b = sealedShare(0, KIND, s, 2);
        b.index = 1;
        (bool done,) = address(faults).call(overlapping(a, b));
        require(!done, "one place only");
        require(!ledger.gatewayOf(GATEWAY).frozen, "nobody is frozen");
    }
}
