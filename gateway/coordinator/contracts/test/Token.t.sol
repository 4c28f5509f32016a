// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Emission} from "../Emission.sol";
import {Token} from "../Token.sol";
import {deployed} from "./Deploy.sol";
import {vm} from "./Vm.sol";

/// Supply, and who may change it; this contract is both Rewards and Market unless it says otherwise.
contract TokenTest {
    address private constant RESERVE = address(0x4E5E);
    address private constant HOLDER = address(0x401D);
    uint256 private constant MINED = 6_000_000_000e18;

    Token private token;

    function setUp() public {
        token = Token(deployed("Token", abi.encode(address(this), address(this), RESERVE)));
    }

    function equal(uint256 got, uint256 want) private pure {
        require(got == want, "not equal");
    }

    function test_the_reserve_exists_from_the_start() public view {
        equal(token.CAP(), 10_000_000_000e18);
        equal(token.RESERVE(), 4_000_000_000e18);
        equal(token.totalSupply(), token.RESERVE());
        equal(token.balanceOf(RESERVE), token.RESERVE());
        equal(token.mined(), 0);
        equal(token.burned(), 0);
        equal(token.decimals(), 18);
        require(keccak256(bytes(token.symbol())) == keccak256("SEAL"), "symbol");
    }

    function test_only_rewards_mines() public {
        vm.prank(HOLDER);
        vm.expectRevert(abi.encodeWithSelector(Token.OnlyRewards.selector, HOLDER));
        token.mine(HOLDER, 1);
    }

    function test_only_the_market_burns_and_mints_anew() public {
        vm.prank(RESERVE);
        vm.expectRevert(abi.encodeWithSelector(Token.OnlyMarket.selector, RESERVE));
        token.burn(RESERVE, 1);
        vm.prank(HOLDER);
        vm.expectRevert(abi.encodeWithSelector(Token.OnlyMarket.selector, HOLDER));
        token.remint(HOLDER, 0);
    }

    function test_mined_out() public {
        token.mine(HOLDER, MINED - 1);
        vm.expectRevert(abi.encodeWithSelector(Token.MinedOut.selector, 2, 1));
        token.mine(HOLDER, 2);
        token.mine(HOLDER, 1);
        equal(token.totalSupply(), token.CAP());
        // Burning makes no room for mining.
        token.burn(HOLDER, 10);
        vm.expectRevert(abi.encodeWithSelector(Token.MinedOut.selector, 1, 0));
        token.mine(HOLDER, 1);
    }

    function test_no_more_is_minted_anew_than_was_burned() public {
        token.burn(RESERVE, 10);
        vm.expectRevert(abi.encodeWithSelector(Token.NotBurned.selector, 11, 10));
        token.remint(HOLDER, 11);
        token.remint(HOLDER, 4);
        equal(token.burned(), 6);
        equal(token.balanceOf(HOLDER), 4);
    }

    function testFuzz_supply_is_the_sum_of_its_parts(uint256 mine, uint256 burn, uint256 again) public {
        mine %= MINED + 1;
        token.mine(HOLDER, mine);
        burn %= mine + 1;
        token.burn(HOLDER, burn);
        again %= burn + 1;
        token.remint(RESERVE, again);
        equal(token.mined(), mine);
        equal(token.burned(), burn - again);
        equal(token.totalSupply(), token.RESERVE() + mine - burn + again);
        require(token.totalSupply() <= token.CAP(), "more than the cap");
    }

    function permitted(address owner, uint256 nonce) private view returns (bytes32) {
        bytes32 what = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 content = keccak256(abi.encode(what, owner, HOLDER, 5, nonce, block.timestamp));
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), content));
    }

    function test_permit() public {
        address owner = vm.createWallet(7).addr;
        bytes32 digest = permitted(owner, 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(7, digest);
        token.permit(owner, HOLDER, 5, block.timestamp, v, r, s);
        equal(token.allowance(owner, HOLDER), 5);
        // The nonce is used up: the same signature belongs to somebody else.
        address signer = ecrecover(permitted(owner, 1), v, r, s);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, signer, owner));
        token.permit(owner, HOLDER, 5, block.timestamp, v, r, s);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, 0));
        token.permit(owner, HOLDER, 5, 0, v, r, s);
    }

    /// All of it together, epoch by epoch until nothing is left, never passes 60 %.
    function test_the_emission_ends_below_its_limit() public pure {
        uint256 sum = 0;
        for (uint256 epoch = 0; epoch < 52 * 87; epoch += 52) sum += 52 * Emission.inEpoch(epoch);
        equal(Emission.inEpoch(52 * 87), 0);
        require(sum <= MINED && MINED - sum < 104 * 87, "only rounding is lost");
        equal(Emission.inEpoch(0), MINED / 104);
        equal(Emission.inEpoch(51), MINED / 104);
        equal(Emission.inEpoch(52), MINED / 104 / 2);
    }

    function testFuzz_parts_never_pass_the_whole(uint128 pool, uint128 total, uint128 first) public pure {
        pool %= 1 << 86;
        if (first > total) (first, total) = (total, first);
        uint256 sum = Emission.earned(pool, first, total) + Emission.earned(pool, total - first, total);
        require(sum <= pool && (total == 0 || pool - sum <= 1), "the rest is rounding");
    }

    function testFuzz_time_used_fits_the_time_allowed(uint48 cap, uint40 time, uint64 work) public pure {
        uint256 allowed = Emission.allowance(cap, time);
        if (allowed == 0) return;
        uint256 used = work % allowed + 1;
        require(Emission.duration(cap, used) <= time, "longer than allowed");
        require(Emission.allowance(cap, Emission.duration(cap, used)) >= used, "shorter than needed");
    }
}
