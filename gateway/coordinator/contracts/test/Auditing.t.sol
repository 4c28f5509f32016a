// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Auditing} from "../Auditing.sol";
import {Batch, Proven} from "../Proven.sol";
import {Share} from "../Shares.sol";
import {PayFixture} from "./PayFixture.sol";
import {vm} from "./Vm.sol";

/// Credit from work, auditors with lent credit, their pay and what a wrong word costs.
contract AuditingTest is PayFixture {
    address private constant AUDITOR = address(0xA0D);
    address private constant SECOND = address(0xA0E);
    uint256 private constant AUDIT_POOL = 1_442_307_692307692307692307;

    function setUp() public {
        deploy();
        enrol(0, OWNER, KIND, 0);
        enrol(1, AUDITOR, KIND, 0);
        enrol(2, SECOND, KIND, 0);
    }

    /// Epochs 0…1: each auditor has one credit, the owner two, and lends them to the first.
    function lend() private {
        Share[] memory shares = new Share[](3);
        for (uint256 i = 0; i < 3; ++i) shares[i] = shareOf(i, 0, 10);
        finish(GATEWAY, 0, KIND, shares);
        rewards.claim(AUDITOR, only(shares, 1));
        rewards.claim(SECOND, only(shares, 2));
        rewards.claim(OWNER, only(shares, 0));
        rewards.claim(OWNER, ready(1, KIND, shareOf(0, 10, 20)));
        bytes32[] memory devices = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) devices[i] = idOf(i);
        rewards.accrue(devices);
        vm.prank(OWNER);
        rewards.delegate(AUDITOR);
        vm.prank(AUDITOR);
        rewards.delegate(AUDITOR);
        vm.prank(SECOND);
        rewards.delegate(SECOND);
    }

    function only(Share[] memory shares, uint256 index) private pure returns (Batch[] memory) {
        bool[] memory wanted = new bool[](shares.length);
        wanted[index] = true;
        return one(batchOf(GATEWAY, 0, KIND, shares, wanted));
    }

    /// Epoch 3 is sealed and can be challenged.
    function dispute() private {
        lend();
        finish(GATEWAY, 3, KIND, single(shareOf(0, 20, 30)));
        vm.warp(GENESIS + 4 * EPOCH + SEALING);
    }

    function vouch(address auditor) private {
        vm.prank(auditor);
        rewards.vouch(GATEWAY, 3, KIND);
    }

    function refusedVouch(address auditor, address gateway, bytes memory reason) private {
        vm.prank(auditor);
        vm.expectRevert(reason);
        rewards.vouch(gateway, 3, KIND);
    }

    function test_device_epochs_become_credit() public {
        lend();
        equal(rewards.creditOf(OWNER), 2);
        equal(rewards.creditOf(AUDITOR), 1);
        equal(rewards.getVotes(AUDITOR), 3);
        equal(rewards.getVotes(OWNER), 0);
        equal(rewards.paidMarkOf(idOf(0)).finished, 0);
        equal(rewards.paidMarkOf(idOf(0)).to, 20);
        bytes32[] memory devices = new bytes32[](2);
        (devices[0], devices[1]) = (idOf(0), idOf(0));
        rewards.accrue(devices);
        equal(rewards.creditOf(OWNER), 2);
        devices[1] = idOf(9);
        vm.expectRevert(abi.encodeWithSelector(Proven.DeviceUnknown.selector, idOf(9)));
        rewards.accrue(devices);
    }

    /// Two shares in one epoch are one device-epoch.
    function test_an_epoch_counts_once() public {
        finish(GATEWAY, 0, KIND, single(shareOf(0, 0, 10)));
        finish(OTHER, 0, KIND, single(shareOf(0, 10, 15)));
        rewards.claim(OWNER, one(batchOf(GATEWAY, 0, KIND, single(shareOf(0, 0, 10)))));
        rewards.claim(OWNER, one(batchOf(OTHER, 0, KIND, single(shareOf(0, 10, 15)))));
        equal(rewards.paidMarkOf(idOf(0)).finished, 1);
        equal(rewards.paidMarkOf(idOf(0)).to, 15);
    }

    function test_votes_run_on_time() public view {
        equal(rewards.clock(), block.timestamp);
        require(keccak256(bytes(rewards.CLOCK_MODE())) == keccak256("mode=timestamp"), "mode");
    }

    function test_auditors_share_by_weight() public {
        dispute();
        vm.expectEmit();
        emit Auditing.Vouched(AUDITOR, GATEWAY, 3, KIND, 3);
        vouch(AUDITOR);
        vouch(SECOND);
        (Auditing.Vouch memory word, uint256 weights) = rewards.vouchOf(AUDITOR, GATEWAY, 3, KIND);
        equal(word.weight, 3);
        equal(weights, 4);
        uint256 before = token.balanceOf(AUDITOR);
        vm.expectRevert(abi.encodeWithSelector(Proven.NotFinal.selector, 3, ledger.finalAt(3)));
        rewards.collect(AUDITOR, GATEWAY, 3, KIND);
        vm.warp(ledger.finalAt(3));
        equal(rewards.collect(AUDITOR, GATEWAY, 3, KIND), AUDIT_POOL * 3 / 4);
        equal(rewards.collect(SECOND, GATEWAY, 3, KIND), AUDIT_POOL / 4);
        equal(token.balanceOf(AUDITOR) - before, AUDIT_POOL * 3 / 4);
        equal(rewards.paid(3, KIND), AUDIT_POOL * 3 / 4 + AUDIT_POOL / 4);
        equal(rewards.paid(3, KIND) + rewards.unallocated(3, KIND), rewards.pool(3, KIND));
        vm.expectRevert(abi.encodeWithSelector(Auditing.VouchUnknown.selector, AUDITOR, GATEWAY, 3, KIND));
        rewards.collect(AUDITOR, GATEWAY, 3, KIND);
        rewards.claim(OWNER, one(batchOf(GATEWAY, 3, KIND, single(shareOf(0, 20, 30)))));
        require(rewards.unallocated(3, KIND) <= 1, "all but rounding");
    }

    /// Eleven units are lent to an auditor who has one.
    function test_lent_credit_counts_tenfold_of_the_own_at_most() public {
        lend();
        Share[] memory shares = new Share[](9);
        bytes32[] memory devices = new bytes32[](9);
        for (uint256 i = 0; i < 9; ++i) {
            enrol(10 + i, OWNER, KIND, 0);
            (shares[i], devices[i]) = (shareOf(10 + i, 0, 10), idOf(10 + i));
        }
        finish(GATEWAY, 2, KIND, shares);
        rewards.claim(OWNER, one(batchOf(GATEWAY, 2, KIND, shares)));
        rewards.accrue(devices);
        equal(rewards.getVotes(AUDITOR), 12);
        finish(GATEWAY, 3, KIND, single(shareOf(0, 20, 30)));
        vm.warp(GENESIS + 4 * EPOCH + SEALING);
        vouch(AUDITOR);
        (Auditing.Vouch memory word,) = rewards.vouchOf(AUDITOR, GATEWAY, 3, KIND);
        equal(word.weight, 10);
    }

    function test_vouching_has_its_time() public {
        lend();
        finish(GATEWAY, 3, KIND, single(shareOf(0, 20, 30)));
        uint256 from = GENESIS + 4 * EPOCH + SEALING;
        bytes memory reason = abi.encodeWithSelector(Auditing.NotInDispute.selector, 3, from, from + DISPUTE);
        refusedVouch(AUDITOR, GATEWAY, reason);
        vm.warp(from - 1);
        refusedVouch(AUDITOR, GATEWAY, reason);
        vm.warp(from);
        refusedVouch(AUDITOR, OTHER, abi.encodeWithSelector(Proven.NoSeal.selector, OTHER, 3, KIND));
        refusedVouch(OTHER, GATEWAY, abi.encodeWithSelector(Auditing.NoCredit.selector, OTHER));
        vouch(AUDITOR);
        refusedVouch(
            AUDITOR, GATEWAY, abi.encodeWithSelector(Auditing.VouchKnown.selector, AUDITOR, GATEWAY, 3, KIND)
        );
    }

    /// Credit lent after the epoch's end does not speak for it a second time.
    function test_credit_speaks_once() public {
        dispute();
        vouch(AUDITOR);
        vm.prank(OWNER);
        rewards.delegate(SECOND);
        vouch(SECOND);
        (Auditing.Vouch memory word,) = rewards.vouchOf(SECOND, GATEWAY, 3, KIND);
        equal(word.weight, 1);
    }

    function test_a_voided_seal_costs_the_auditor_and_nobody_else() public {
        dispute();
        vouch(AUDITOR);
        vm.expectRevert(abi.encodeWithSelector(Auditing.SealStands.selector, GATEWAY, 3, KIND));
        rewards.censure(AUDITOR, GATEWAY, 3, KIND);
        ledger.set(GATEWAY, 3, KIND, 0, 0, 0);
        vm.expectEmit();
        emit Auditing.Censured(AUDITOR, GATEWAY, 3, KIND, 1);
        rewards.censure(AUDITOR, GATEWAY, 3, KIND);
        equal(rewards.creditOf(AUDITOR), 0);
        equal(rewards.creditOf(OWNER), 2);
        equal(rewards.getVotes(AUDITOR), 2);
        bytes memory reason = abi.encodeWithSelector(Auditing.VouchUnknown.selector, AUDITOR, GATEWAY, 3, KIND);
        vm.expectRevert(reason);
        rewards.censure(AUDITOR, GATEWAY, 3, KIND);
        reason = abi.encodeWithSelector(Auditing.VouchUnknown.selector, SECOND, GATEWAY, 3, KIND);
        vm.expectRevert(reason);
        rewards.censure(SECOND, GATEWAY, 3, KIND);
        vm.warp(ledger.finalAt(3));
        vm.expectRevert(abi.encodeWithSelector(Proven.NoSeal.selector, GATEWAY, 3, KIND));
        rewards.collect(AUDITOR, GATEWAY, 3, KIND);
    }
}
