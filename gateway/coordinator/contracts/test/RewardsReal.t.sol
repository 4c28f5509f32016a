// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Marks} from "../Marks.sol";
import {Market} from "../Market.sol";
import {Batch, Proven} from "../Proven.sol";
import {Rewards} from "../Rewards.sol";
import {Share, Step} from "../Shares.sol";
import {Algorithms, IEd25519} from "../Signatures.sol";
import {Token} from "../Token.sol";
import {deployed} from "./Deploy.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// From a device's own registration to its pay, on the contracts as they are deployed.
contract RewardsRealTest is Fixture {
    uint64 private constant MARK = 1_234_567;
    address private constant SECOND = address(0x6A7F);

    /// 95 % of a week's emission; the device's kind gets all of it.
    uint256 private constant POOL = 57_692_307_692307692307692307 - 2_884_615_384615384615384615;

    Token private token;
    Rewards private rewards;
    Market private market;
    bytes32 private device;

    event Measured(string what, uint256 gas);

    function setUp() public {
        deploy(IEd25519(address(0)));
        uint256 nonce = vm.getNonce(address(this));
        // Faults was to be created next; this test speaks for it.
        address atRewards = vm.computeCreateAddress(address(this), nonce + 1);
        address atMarket = vm.computeCreateAddress(address(this), nonce + 2);
        token = Token(deployed("Token", abi.encode(atRewards, atMarket, address(this))));
        uint16[16] memory split;
        split[KIND] = 10_000;
        bytes memory arguments = abi.encode(registry, ledger, token, atMarket, split, uint16(1000), uint16(500));
        rewards = Rewards(deployed("Rewards", arguments));
        arguments = abi.encode(token, rewards, uint16(1 << KIND), uint16(0), uint16(100));
        market = Market(deployed("Market", arguments));
        Sending memory sending = prepare(draft(Algorithms.ES256));
        admit(sending);
        send(sending);
        device = draft(Algorithms.ES256).device;
        putStake(GATEWAY);
        putStake(SECOND);
    }

    function putStake(address gateway) private {
        vm.deal(gateway, 10 ether);
        vm.prank(gateway);
        ledger.stake{value: 2 ether}();
    }

    /// A seal of one share is its leaf.
    function sealShare(address gateway, uint32 epoch, Share memory s) private {
        bytes32 root = keccak256(abi.encodePacked(hex"00", s.device, s.from, s.to, s.fromIndex, s.toIndex));
        vm.prank(gateway);
        ledger.seal(epoch, KIND, root, s.to - s.from, 1);
    }

    function batches(address gateway, uint32 epoch, Share memory share) private pure returns (Batch[] memory all) {
        all = new Batch[](1);
        all[0] = Batch(gateway, epoch, KIND, new Share[](1), new Step[](0), hex"00");
        all[0].shares[0] = share;
    }

    function shareOf(uint64 from, uint64 to) private view returns (Share memory) {
        return Share(device, from, to, from, to);
    }

    function test_from_registration_to_pay() public {
        for (uint32 epoch = 0; epoch < 3; ++epoch) {
            Share memory share = shareOf(MARK + 1000 * epoch, MARK + 1000 * epoch + 1000);
            vm.warp(ledger.epochEnd(epoch));
            sealShare(GATEWAY, epoch, share);
            vm.warp(ledger.finalAt(epoch));
            uint256 before = token.balanceOf(OWNER);
            rewards.claim(OWNER, batches(GATEWAY, epoch, share));
            emit Measured("claim, alone, real contracts", vm.lastCallGas().gasTotalUsed);
            equal(token.balanceOf(OWNER) - before, POOL - POOL / 10);
            equal(token.balanceOf(GATEWAY), (epoch + 1) * (POOL / 10));
        }
        equal(rewards.paidMarkOf(device).to, MARK + 3000);
        equal(rewards.paidMarkOf(device).finished, 3);
    }

    function test_work_before_enrolment_is_not_paid() public {
        Share memory share = shareOf(MARK - 1, MARK + 1000);
        vm.warp(ledger.epochEnd(0));
        sealShare(GATEWAY, 0, share);
        vm.warp(ledger.finalAt(0));
        vm.expectRevert(abi.encodeWithSelector(Marks.BehindMark.selector, device, MARK - 1, MARK));
        rewards.claim(OWNER, batches(GATEWAY, 0, share));
    }

    function test_a_slashed_gateway_takes_nobodys_part() public {
        Share memory honest = shareOf(MARK, MARK + 1000);
        Share memory false_ = shareOf(MARK, MARK + 3000);
        vm.warp(ledger.epochEnd(0));
        sealShare(GATEWAY, 0, honest);
        sealShare(SECOND, 0, false_);
        vm.prank(ledger.FAULTS());
        ledger.slash(SECOND, address(this));
        vm.warp(ledger.finalAt(0));
        vm.expectRevert(abi.encodeWithSelector(Proven.NoSeal.selector, SECOND, 0, KIND));
        rewards.claim(OWNER, batches(SECOND, 0, false_));
        rewards.claim(OWNER, batches(GATEWAY, 0, honest));
        equal(rewards.paid(0, KIND), POOL);
    }

    function test_certificates() public {
        Share memory share = shareOf(MARK, MARK + 1000);
        vm.warp(ledger.epochEnd(0));
        sealShare(GATEWAY, 0, share);
        vm.warp(ledger.finalAt(0));
        market.issue(OWNER, batches(GATEWAY, 0, share)[0]);
        equal(market.balanceOf(OWNER, market.idOf(device, 0)), 1000);
    }

    receive() external payable {}
}
