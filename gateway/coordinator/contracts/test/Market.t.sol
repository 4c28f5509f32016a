// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Credits} from "../Credits.sol";
import {Marks} from "../Marks.sol";
import {Market} from "../Market.sol";
import {Batch, Proven} from "../Proven.sol";
import {Rewards} from "../Rewards.sol";
import {Share} from "../Shares.sol";
import {Token} from "../Token.sol";
import {PayFixture} from "./PayFixture.sol";
import {vm} from "./Vm.sol";

/// Takes no certificates, and tries to sell its listing twice when it gets some.
contract Hostile {
    Market private immutable MARKET;
    uint256 public listing;
    bytes public reason;

    constructor(Market market) {
        MARKET = market;
    }

    function list(uint256 id, uint96 amount) external {
        listing = MARKET.list(id, amount, 0);
    }

    function cancel() external {
        MARKET.cancel(listing);
    }

    function buy(uint256 which, uint96 amount) external {
        MARKET.buy(which, amount);
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external returns (bytes4) {
        try MARKET.buy(1, 1) {}
        catch (bytes memory why) {
            reason = why;
        }
        return this.onERC1155Received.selector;
    }
}

/// Certificates: issued once for a proven Wh, sold, used up.
contract MarketTest is PayFixture {
    uint256 private id;

    function setUp() public {
        deploy();
        enrol(0, OWNER, KIND, 0);
        enrol(1, OWNER, EXCLUSIVE_KIND, 0);
        id = market.idOf(idOf(0), 0);
    }

    function issue(uint32 epoch, uint8 kind, Share memory share) private {
        market.issue(OWNER, ready(epoch, kind, share)[0]);
    }

    function refusedIssue(Batch memory batch, bytes memory reason) private {
        vm.expectRevert(reason);
        market.issue(OWNER, batch);
    }

    /// Tokens for a buyer, out of the reserve.
    function fund(address buyer, uint256 amount) private {
        vm.prank(RESERVE);
        token.transfer(buyer, amount);
        vm.prank(buyer);
        token.approve(address(market), amount);
    }

    function test_one_unit_for_a_proven_watt_hour() public {
        Share[] memory shares = new Share[](2);
        enrol(2, OWNER, KIND, 40);
        (shares[0], shares[1]) = (shareOf(0, 0, 300), shareOf(2, 40, 90));
        finish(GATEWAY, 0, KIND, shares);
        vm.expectEmit();
        emit Rewards.Certified(idOf(0), 0, 300, false);
        vm.prank(OTHER);
        market.issue(OWNER, batchOf(GATEWAY, 0, KIND, shares));
        equal(market.balanceOf(OWNER, id), 300);
        equal(market.balanceOf(OWNER, market.idOf(idOf(2), 0)), 50);
        equal(market.totalSupply(), 350);
        equal(market.totalSupply(id), 300);
        equal(rewards.certifiedMarkOf(idOf(2)).to, 90);
        equal(rewards.paidMarkOf(idOf(2)).time, 0);
        equal(uint32(id), 0);
        equal(market.idOf(idOf(0), 7) - id, 7);
        equal(id >> 32, uint256(idOf(0)) >> 32);
    }

    function test_no_watt_hour_is_certified_twice() public {
        issue(0, KIND, shareOf(0, 0, 300));
        refusedIssue(ready(0, KIND, shareOf(0, 0, 300))[0], abi.encodeWithSelector(Marks.BehindMark.selector, idOf(0), 0, 300));
        refusedIssue(
            ready(1, KIND, shareOf(0, 299, 400))[0], abi.encodeWithSelector(Marks.BehindMark.selector, idOf(0), 299, 300)
        );
    }

    function test_only_final_seals_and_known_kinds_are_certified() public {
        Batch memory batch = ready(0, KIND, shareOf(0, 0, 300))[0];
        vm.warp(ledger.finalAt(0) - 1);
        refusedIssue(batch, abi.encodeWithSelector(Proven.NotFinal.selector, 0, ledger.finalAt(0)));
        batch.kind = DISTANCE_KIND;
        refusedIssue(batch, abi.encodeWithSelector(Market.NotCertifiable.selector, DISTANCE_KIND));
        batch.kind = 16 + KIND;
        refusedIssue(batch, abi.encodeWithSelector(Market.NotCertifiable.selector, 16 + KIND));
        batch.kind = KIND;
        batch.shares = new Share[](0);
        refusedIssue(batch, abi.encodeWithSelector(Rewards.NoClaims.selector));
    }

    /// Of another kind the same Wh may be paid and certified.
    function test_without_a_rule_a_watt_hour_is_paid_and_certified() public {
        Batch[] memory all = ready(0, KIND, shareOf(0, 0, 300));
        market.issue(OWNER, all[0]);
        rewards.claim(OWNER, all);
        equal(rewards.paidMarkOf(idOf(0)).to, 300);
    }

    function test_exclusive_certified_then_not_paid() public {
        Batch[] memory all = ready(0, EXCLUSIVE_KIND, shareOf(1, 0, 300));
        market.issue(OWNER, all[0]);
        vm.expectRevert(abi.encodeWithSelector(Marks.BehindMark.selector, idOf(1), 0, 300));
        rewards.claim(OWNER, all);
        rewards.claim(OWNER, ready(1, EXCLUSIVE_KIND, shareOf(1, 300, 400)));
        equal(rewards.paidMarkOf(idOf(1)).finished, 2);
    }

    function test_exclusive_paid_then_not_certified() public {
        Batch[] memory all = ready(0, EXCLUSIVE_KIND, shareOf(1, 0, 300));
        rewards.claim(OWNER, all);
        refusedIssue(all[0], abi.encodeWithSelector(Marks.BehindMark.selector, idOf(1), 0, 300));
        issue(1, EXCLUSIVE_KIND, shareOf(1, 300, 400));
        equal(market.totalSupply(), 100);
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_exclusive_work_is_used_once(uint8[12] memory sizes, uint16 order) public {
        uint64 from = 0;
        uint256 certified = 0;
        for (uint32 epoch = 0; epoch < 12; ++epoch) {
            uint64 to = from + sizes[epoch] + 1;
            Batch[] memory all = ready(epoch, EXCLUSIVE_KIND, shareOf(1, from, to));
            if (order >> epoch & 1 == 1) {
                market.issue(OWNER, all[0]);
                certified += to - from;
                vm.expectRevert(abi.encodeWithSelector(Marks.BehindMark.selector, idOf(1), from, to));
                rewards.claim(OWNER, all);
            } else {
                rewards.claim(OWNER, all);
                refusedIssue(all[0], abi.encodeWithSelector(Marks.BehindMark.selector, idOf(1), from, to));
            }
            from = to;
        }
        equal(market.totalSupply(), certified);
    }

    function test_list_and_buy() public {
        issue(0, KIND, shareOf(0, 0, 300));
        vm.prank(OWNER);
        equal(market.list(id, 200, 3), 1);
        equal(market.balanceOf(address(market), id), 200);
        fund(OTHER, 1000);
        vm.prank(OTHER);
        vm.expectEmit();
        emit Market.Bought(1, OTHER, 150, 450);
        market.buy(1, 150);
        equal(token.balanceOf(OWNER), 450);
        equal(market.balanceOf(OTHER, id), 150);
        equal(market.listingOf(1).amount, 50);
        vm.prank(OTHER);
        vm.expectRevert(abi.encodeWithSelector(Market.ListingShort.selector, 1, 51, 50));
        market.buy(1, 51);
        vm.prank(OTHER);
        vm.expectRevert(abi.encodeWithSelector(Market.ListingShort.selector, 1, 0, 50));
        market.buy(1, 0);
        vm.prank(OTHER);
        market.buy(1, 50);
        vm.expectRevert(abi.encodeWithSelector(Market.ListingUnknown.selector, 1));
        market.buy(1, 1);
        equal(token.balanceOf(OWNER), 600);
        require(market.listingOf(1).seller == address(0), "gone");
    }

    function test_a_listing_needs_what_it_offers() public {
        issue(0, KIND, shareOf(0, 0, 300));
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(Market.NothingListed.selector));
        market.list(id, 0, 3);
        vm.prank(OWNER);
        vm.expectRevert(
            abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, OWNER, 300, 301, id)
        );
        market.list(id, 301, 3);
    }

    function test_cancel() public {
        issue(0, KIND, shareOf(0, 0, 300));
        vm.prank(OWNER);
        market.list(id, 200, 3);
        vm.expectRevert(abi.encodeWithSelector(Market.NotSeller.selector, 1, OWNER, address(this)));
        market.cancel(1);
        vm.prank(OWNER);
        market.cancel(1);
        equal(market.balanceOf(OWNER, id), 300);
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(Market.ListingUnknown.selector, 1));
        market.cancel(1);
    }

    function test_retire() public {
        issue(0, KIND, shareOf(0, 0, 300));
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(Market.NothingRetired.selector));
        market.retire(id, 0, "bakery");
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(Market.BeneficiaryLength.selector, 257, 256));
        market.retire(id, 1, string(new bytes(257)));
        vm.expectEmit();
        emit Market.Retired(OWNER, id, 120, "bakery");
        vm.prank(OWNER);
        market.retire(id, 120, "bakery");
        equal(market.balanceOf(OWNER, id), 180);
        equal(market.totalSupply(), 180);
        vm.prank(OTHER);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, OTHER, 0, 1, id));
        market.retire(id, 1, "");
    }

    /// A buyer that buys again while it is paid out, and a seller that takes nothing back: neither gets more than its own.
    function test_reentrancy() public {
        issue(0, KIND, shareOf(0, 0, 300));
        Hostile hostile = new Hostile(market);
        vm.prank(OWNER);
        market.list(id, 200, 0);
        hostile.buy(1, 10);
        require(bytes4(hostile.reason()) == bytes4(keccak256("ReentrancyGuardReentrantCall()")), "refused");
        equal(market.balanceOf(address(hostile), id), 10);
        equal(market.listingOf(1).amount, 190);
        hostile.list(id, 10);
        hostile.cancel();
        equal(market.balanceOf(address(hostile), id), 10);
    }

    function test_the_contracts_must_match() public {
        vm.expectRevert(abi.encodeWithSelector(Credits.TokenMismatch.selector, address(market)));
        new Market(token, rewards, 0, 0, 0);
        Token other = new Token(createdNext(1), createdNext(2), RESERVE);
        Rewards foreign = new Rewards(registry, ledger, other, OTHER, parts(), 1000, 500);
        vm.expectRevert(abi.encodeWithSelector(Market.RewardsMismatch.selector, address(foreign)));
        new Market(other, foreign, 0, 0, 0);
        other = new Token(OTHER, createdNext(3), RESERVE);
        Token third = new Token(createdNext(1), OTHER, RESERVE);
        foreign = new Rewards(registry, ledger, third, createdNext(1), parts(), 1000, 500);
        vm.expectRevert(abi.encodeWithSelector(Market.RewardsMismatch.selector, OTHER));
        new Market(other, foreign, 0, 0, 0);
    }

    function test_rules_must_be_possible() public {
        Token other = new Token(createdNext(1), createdNext(2), RESERVE);
        Rewards same = new Rewards(registry, ledger, other, createdNext(1), parts(), 1000, 500);
        vm.expectRevert(abi.encodeWithSelector(Market.ExclusiveNotCertifiable.selector, 6, 2));
        new Market(other, same, 2, 6, 0);
        other = new Token(createdNext(1), createdNext(2), RESERVE);
        same = new Rewards(registry, ledger, other, createdNext(1), parts(), 1000, 500);
        vm.expectRevert(abi.encodeWithSelector(Credits.FeeTooLarge.selector, 10_001, 10_000));
        new Market(other, same, 2, 2, 10_001);
    }
}
