// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Auditing} from "../Auditing.sol";
import {Device} from "../Interfaces.sol";
import {Mark, Marks} from "../Marks.sol";
import {Batch, Proven} from "../Proven.sol";
import {Rewards} from "../Rewards.sol";
import {ShareProof} from "../ShareProof.sol";
import {Share} from "../Shares.sol";
import {Token} from "../Token.sol";
import {PayFixture} from "./PayFixture.sol";
import {StubRegistry} from "./Stubs.sol";
import {vm} from "./Vm.sol";

/// Claims: what is paid, and everything that is refused.
contract RewardsTest is PayFixture {
    /// Of a week: half for the kind, 95 % of that for work.
    uint256 private constant POOL = 28_846_153_846153846153846153 - 1_442_307_692307692307692307;

    function setUp() public {
        deploy();
        for (uint256 i = 0; i < 4; ++i) enrol(i, OWNER, KIND, 0);
    }

    function refused(Batch[] memory all, bytes memory reason) private {
        vm.expectRevert(reason);
        rewards.claim(OWNER, all);
    }

    function test_pays_owner_and_gateway_by_work() public {
        Share[] memory shares = new Share[](2);
        shares[0] = shareOf(0, 0, 300);
        shares[1] = shareOf(1, 50, 150);
        finish(GATEWAY, 0, KIND, shares);
        Batch[] memory all = one(batchOf(GATEWAY, 0, KIND, shares));
        (uint256 first, uint256 second) = (POOL * 300 / 400, POOL * 100 / 400);
        uint256 forOwner = first - first / 10 + second - second / 10;
        vm.expectEmit();
        emit Rewards.Claimed(idOf(0), 0, first - first / 10);
        vm.prank(OTHER);
        equal(rewards.claim(OWNER, all), forOwner);
        equal(token.balanceOf(OWNER), forOwner);
        equal(token.balanceOf(GATEWAY), first / 10 + second / 10);
        equal(token.balanceOf(OTHER), 0);
        equal(rewards.paid(0, KIND), first + second);
        equal(rewards.paid(0, KIND) + rewards.unallocated(0, KIND), rewards.pool(0, KIND));
        equal(token.mined(), first + second);
        Mark memory mark = rewards.paidMarkOf(idOf(0));
        equal(mark.to, 300);
        equal(mark.epochs, 1);
        equal(mark.finished, 1);
        equal(rewards.certifiedMarkOf(idOf(0)).time, 0);
    }

    function test_the_pools_are_the_emission() public view {
        equal(rewards.pool(0, KIND), WEEK / 2);
        equal(rewards.workPool(0, KIND), POOL);
        equal(rewards.workPool(51, KIND) + rewards.auditPool(51, KIND), WEEK / 2);
        equal(rewards.pool(52, KIND), WEEK / 2 / 2);
        equal(rewards.pool(0, 0), 0);
        equal(rewards.split(DISTANCE_KIND), 1999);
        equal(rewards.pool(52 * 90, KIND), 0);
        equal(rewards.pool(type(uint32).max, KIND), 0);
    }

    /// Three devices at three gateways in two epochs and two kinds, in one transaction.
    function test_claims_across_seals() public {
        enrol(3, OWNER, DISTANCE_KIND, 0);
        Batch[] memory all = new Batch[](4);
        address second = address(0x6A7F);
        finish(GATEWAY, 0, KIND, single(shareOf(0, 0, 100)));
        finish(second, 0, KIND, single(shareOf(1, 0, 100)));
        finish(second, 0, DISTANCE_KIND, single(shareOf(3, 0, 7)));
        finish(GATEWAY, 1, KIND, single(shareOf(0, 100, 140)));
        all[0] = batchOf(GATEWAY, 0, KIND, single(shareOf(0, 0, 100)));
        all[1] = batchOf(second, 0, KIND, single(shareOf(1, 0, 100)));
        all[2] = batchOf(second, 0, DISTANCE_KIND, single(shareOf(3, 0, 7)));
        all[3] = batchOf(GATEWAY, 1, KIND, single(shareOf(0, 100, 140)));
        rewards.claim(OWNER, all);
        equal(rewards.paid(0, KIND), POOL / 2 * 2);
        equal(rewards.paid(0, DISTANCE_KIND), rewards.workPool(0, DISTANCE_KIND));
        equal(rewards.paid(1, KIND), POOL);
        equal(token.balanceOf(GATEWAY), POOL / 2 / 10 + POOL / 10);
        equal(rewards.paidMarkOf(idOf(0)).finished, 2);
    }

    function test_work_before_enrolment_is_not_paid() public {
        enrol(0, OWNER, KIND, 1000);
        refused(
            ready(0, KIND, shareOf(0, 999, 1100)), abi.encodeWithSelector(Marks.BehindMark.selector, idOf(0), 999, 1000)
        );
        rewards.claim(OWNER, ready(0, KIND, shareOf(0, 1000, 1100)));
    }

    function test_nothing_is_paid_twice() public {
        Batch[] memory all = ready(0, KIND, shareOf(0, 0, 100));
        rewards.claim(OWNER, all);
        refused(all, abi.encodeWithSelector(Marks.BehindMark.selector, idOf(0), 0, 100));
        Batch[] memory both = new Batch[](2);
        (both[0], both[1]) = (ready(1, KIND, shareOf(0, 100, 200))[0], all[0]);
        both[1] = both[0];
        refused(both, abi.encodeWithSelector(Marks.BehindMark.selector, idOf(0), 100, 200));
        refused(ready(1, KIND, shareOf(0, 99, 200)), abi.encodeWithSelector(Marks.BehindMark.selector, idOf(0), 99, 100));
    }

    function test_no_claims() public {
        bytes memory reason = abi.encodeWithSelector(Rewards.NoClaims.selector);
        refused(new Batch[](0), reason);
        Batch[] memory all = ready(0, KIND, shareOf(9, 0, 100));
        vm.expectRevert(reason);
        rewards.claim(address(0), all);
        all[0].shares = new Share[](0);
        refused(all, reason);
    }

    function test_kind_must_be_known() public {
        Batch[] memory all = ready(0, KIND, shareOf(0, 0, 100));
        all[0].kind = 16;
        refused(all, abi.encodeWithSelector(Proven.KindUnknown.selector, 16));
        vm.expectRevert(abi.encodeWithSelector(Proven.KindUnknown.selector, 16));
        rewards.split(16);
    }

    function test_the_epoch_must_be_final() public {
        Batch[] memory all = ready(0, KIND, shareOf(0, 0, 100));
        uint256 moment = GENESIS + EPOCH + SEALING + DISPUTE;
        vm.warp(moment - 1);
        refused(all, abi.encodeWithSelector(Proven.NotFinal.selector, 0, moment));
        vm.warp(moment);
        rewards.claim(OWNER, all);
    }

    function test_there_must_be_a_seal() public {
        Batch[] memory all = ready(0, KIND, shareOf(0, 0, 100));
        all[0].gateway = OTHER;
        refused(all, abi.encodeWithSelector(Proven.NoSeal.selector, OTHER, 0, KIND));
    }

    function test_the_share_must_be_in_the_seal() public {
        Share[] memory shares = new Share[](3);
        for (uint64 i = 0; i < 3; ++i) shares[i] = shareOf(i, 0, 100 + i);
        finish(GATEWAY, 0, KIND, shares);
        bool[] memory wanted = new bool[](3);
        wanted[1] = true;
        Batch memory good = batchOf(GATEWAY, 0, KIND, shares, wanted);
        bytes memory reason = abi.encodeWithSelector(Proven.NotInSeal.selector, GATEWAY, 0, KIND);
        Batch[] memory all = copy(good);
        all[0].shares[0].to += 1;
        refused(all, reason);
        all = copy(good);
        all[0].shares[0].toIndex += 1;
        refused(all, reason);
        all = copy(good);
        all[0].path[1].sum += 1;
        refused(all, reason);
        all = copy(good);
        all[0].path[0].hash = 0;
        refused(all, reason);
        all = copy(good);
        all[0].steps = hex"00010201" hex"02";
        refused(all, reason);
        rewards.claim(OWNER, copy(good));
    }

    function test_the_proof_must_be_whole() public {
        Share[] memory shares = new Share[](3);
        for (uint64 i = 0; i < 3; ++i) shares[i] = shareOf(i, 0, 100 + i);
        finish(GATEWAY, 0, KIND, shares);
        bool[] memory wanted = new bool[](3);
        wanted[1] = true;
        Batch memory good = batchOf(GATEWAY, 0, KIND, shares, wanted);
        require(keccak256(good.steps) == keccak256(hex"0100020102"), "the program");
        bytes[9] memory broken = [
            bytes(hex""), hex"00", hex"01", hex"02", hex"010002", hex"01000201", hex"010002010202", hex"0100020001",
            hex"0100020103"
        ];
        uint8[9] memory left = [0, 0, 0, 0, 0, 0, 0, 1, 0];
        for (uint256 i = 0; i < broken.length; ++i) {
            Batch[] memory all = copy(good);
            all[0].steps = broken[i];
            refused(all, abi.encodeWithSelector(ShareProof.BrokenProof.selector, left[i]));
        }
        Batch[] memory empty = copy(good);
        empty[0].shares[0].to = empty[0].shares[0].from;
        refused(empty, abi.encodeWithSelector(ShareProof.BrokenProof.selector, 3));
        empty = copy(good);
        empty[0].steps = hex"010002010201";
        refused(empty, abi.encodeWithSelector(ShareProof.BrokenProof.selector, 0));
    }

    /// A copy, not a reference.
    function copy(Batch memory batch) private pure returns (Batch[] memory all) {
        all = new Batch[](1);
        all[0] = abi.decode(abi.encode(batch), (Batch));
    }

    function test_the_device_must_be_registered_to_the_owner() public {
        refused(ready(0, KIND, shareOf(9, 0, 100)), abi.encodeWithSelector(Proven.DeviceUnknown.selector, idOf(9)));
        enrol(8, OTHER, KIND, 0);
        bytes memory reason = abi.encodeWithSelector(Proven.NotOwner.selector, idOf(8), OTHER, OWNER);
        refused(ready(0, KIND, shareOf(8, 0, 100)), reason);
        enrol(8, OWNER, EXCLUSIVE_KIND, 0);
        reason = abi.encodeWithSelector(Proven.WrongKind.selector, idOf(8), EXCLUSIVE_KIND, KIND);
        refused(ready(0, KIND, shareOf(8, 0, 100)), reason);
    }

    /// One bad claim, and the good ones before it are not paid either.
    function test_all_or_none() public {
        Batch[] memory all = new Batch[](2);
        all[0] = ready(0, KIND, shareOf(0, 0, 100))[0];
        all[1] = all[0];
        refused(all, abi.encodeWithSelector(Marks.BehindMark.selector, idOf(0), 0, 100));
        equal(token.mined(), 0);
        equal(rewards.paidMarkOf(idOf(0)).time, 0);
    }

    function test_growth_is_bounded_by_cap_and_time() public {
        uint64 week = uint64(CAP) * 168;
        bytes memory reason = abi.encodeWithSelector(Marks.OverCap.selector, idOf(0), week + 1, week);
        refused(ready(0, KIND, shareOf(0, 0, week + 1)), reason);
        rewards.claim(OWNER, ready(0, KIND, shareOf(0, 0, week - CAP)));
        // What the first week left is good in the second, and no more.
        reason = abi.encodeWithSelector(Marks.OverCap.selector, idOf(0), week + CAP + 1, week + CAP);
        refused(ready(1, KIND, shareOf(0, week - CAP, 2 * week + 1)), reason);
        rewards.claim(OWNER, ready(1, KIND, shareOf(0, week - CAP, 2 * week)));
        // Without a network for two weeks: all of the time counts.
        rewards.claim(OWNER, ready(4, KIND, shareOf(0, 2 * week, 5 * week)));
    }

    function test_an_idle_epoch_is_not_saved_up() public {
        uint64 week = uint64(CAP) * 168;
        for (uint32 epoch = 0; epoch < 3; ++epoch) {
            rewards.claim(OWNER, ready(epoch, KIND, shareOf(0, epoch, epoch + 1)));
        }
        uint64 most = 2 * week;
        bytes memory reason = abi.encodeWithSelector(Marks.OverCap.selector, idOf(0), most + 1, most);
        refused(ready(3, KIND, shareOf(0, 3, 3 + most + 1)), reason);
        rewards.claim(OWNER, ready(3, KIND, shareOf(0, 3, 3 + most)));
    }

    function test_time_before_registration_grants_nothing() public {
        uint40 since = uint40(GENESIS + EPOCH - 1 hours);
        registry.set(idOf(0), Device(OWNER, KIND, CAP, since, 0, type(uint64).max, type(uint40).max));
        bytes memory reason = abi.encodeWithSelector(Marks.OverCap.selector, idOf(0), CAP + 1, CAP);
        refused(ready(0, KIND, shareOf(0, 0, uint64(CAP) + 1)), reason);
        registry.set(idOf(0), Device(OWNER, KIND, 0, since, 0, type(uint64).max, type(uint40).max));
        refused(ready(0, KIND, shareOf(0, 0, 1)), abi.encodeWithSelector(Marks.OverCap.selector, idOf(0), 1, 0));
        since = uint40(GENESIS + EPOCH);
        registry.set(idOf(0), Device(OWNER, KIND, CAP, since, 0, type(uint64).max, type(uint40).max));
        refused(ready(0, KIND, shareOf(0, 0, 1)), abi.encodeWithSelector(Marks.OverCap.selector, idOf(0), 1, 0));
    }

    /// The old key is paid up to its succession and not beyond, the new one from its own first mark: nothing twice, nothing lost.
    function test_an_ended_key_is_paid_to_its_end() public {
        uint40 until = uint40(GENESIS + 2 * EPOCH);
        registry.set(idOf(0), Device(OWNER, KIND, CAP, uint40(GENESIS), 0, 500, until));
        registry.set(idOf(1), Device(OWNER, KIND, CAP, uint40(GENESIS), 500, type(uint64).max, type(uint40).max));
        bytes memory reason = abi.encodeWithSelector(Marks.KeyEnded.selector, idOf(0), 501, 500);
        refused(ready(0, KIND, shareOf(0, 0, 501)), reason);
        rewards.claim(OWNER, ready(0, KIND, shareOf(0, 0, 500)));
        rewards.claim(OWNER, ready(2, KIND, shareOf(1, 500, 700)));
        registry.set(idOf(2), Device(OWNER, KIND, CAP, uint40(GENESIS), 0, type(uint64).max, until));
        rewards.claim(OWNER, ready(1, KIND, shareOf(2, 0, 10)));
        reason = abi.encodeWithSelector(Marks.EpochAfterEnd.selector, idOf(2), 2, until);
        refused(ready(2, KIND, shareOf(2, 10, 20)), reason);
    }

    function test_only_the_market_certifies() public {
        Batch[] memory all = ready(0, KIND, shareOf(0, 0, 100));
        vm.expectRevert(abi.encodeWithSelector(Rewards.OnlyMarket.selector, address(this)));
        rewards.certify(OWNER, all[0], false);
    }

    function test_the_contracts_must_match() public {
        StubRegistry other = new StubRegistry(registry.ED25519());
        bytes memory reason = abi.encodeWithSelector(Proven.RegistryMismatch.selector, other, ledger);
        vm.expectRevert(reason);
        new Rewards(other, ledger, token, OTHER, parts(), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Auditing.TokenMismatch.selector, rewards));
        new Rewards(registry, ledger, token, OTHER, parts(), 0, 0);
    }

    function test_no_more_than_the_whole_is_given() public {
        Token own = new Token(createdNext(1), OTHER, RESERVE);
        uint16[16] memory part = parts();
        part[0] = 2;
        vm.expectRevert(abi.encodeWithSelector(Rewards.SplitTooLarge.selector, 10_001, 10_000));
        new Rewards(registry, ledger, own, OTHER, part, 0, 0);
        own = new Token(createdNext(1), OTHER, RESERVE);
        vm.expectRevert(abi.encodeWithSelector(Rewards.PartTooLarge.selector, 10_001, 10_000));
        new Rewards(registry, ledger, own, OTHER, parts(), 10_001, 0);
        own = new Token(createdNext(1), OTHER, RESERVE);
        vm.expectRevert(abi.encodeWithSelector(Auditing.AuditPartTooLarge.selector, 10_001, 10_000));
        new Rewards(registry, ledger, own, OTHER, parts(), 0, 10_001);
    }

    /// A ledger whose total is below its seals would mint too much; the pool is a limit of its own.
    function test_the_pool_is_a_limit() public {
        Batch[] memory all = ready(0, KIND, shareOf(0, 0, 100));
        ledger.setTotal(0, KIND, 50);
        refused(all, abi.encodeWithSelector(Auditing.PoolEmpty.selector, 0, KIND, 2 * POOL, WEEK / 2));
        ledger.setTotal(0, KIND, 0);
        equal(rewards.claim(OWNER, all), 0);
    }

    /// Some of a seal's shares, at any place of a tree of any size: each is paid its part, and together never more than the pool.
    function testFuzz_any_part_of_any_seal(uint8 size, uint32 chosen, uint32 seed) public {
        uint256 count = uint256(size) % 20 + 1;
        Share[] memory shares = new Share[](count);
        bool[] memory wanted = new bool[](count);
        uint256 total = 0;
        uint256 work = 0;
        for (uint256 i = 0; i < count; ++i) {
            enrol(i, OWNER, KIND, 0);
            shares[i] = shareOf(i, uint64(i), uint64(i + 1 + uint256(keccak256(abi.encode(seed, i))) % 100_000));
            wanted[i] = chosen >> i & 1 == 1;
            total += shares[i].to - shares[i].from;
            if (wanted[i]) work += shares[i].to - shares[i].from;
        }
        finish(GATEWAY, 0, KIND, shares);
        Batch[] memory all = one(batchOf(GATEWAY, 0, KIND, shares, wanted));
        if (work == 0) return refused(all, abi.encodeWithSelector(Rewards.NoClaims.selector));
        rewards.claim(OWNER, all);
        uint256 exact = POOL * work / total;
        require(rewards.paid(0, KIND) <= exact && exact - rewards.paid(0, KIND) <= count, "the rest is rounding");
        equal(token.mined(), rewards.paid(0, KIND));
        equal(rewards.paid(0, KIND) + rewards.unallocated(0, KIND), rewards.pool(0, KIND));
    }
}
