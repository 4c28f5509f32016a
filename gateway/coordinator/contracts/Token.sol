// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Emission} from "./Emission.sol";

/// @title The token that proven work is paid in: ERC-20 with permit (ERC-2612), capped, without an owner.
contract Token is ERC20Permit {
    /// There are never more.
    uint256 public constant CAP = 10_000_000_000e18;

    /// The part that is not mined. It exists from the start and belongs to the account that the deployer names; that
    /// account has no other right.
    uint256 public constant RESERVE = CAP - Emission.MINED;

    /// The only account that mines.
    address public immutable REWARDS;

    /// The only account that burns, and mints anew what was burned.
    address public immutable MARKET;

    /// @notice Burned and not minted anew.
    uint256 public burned;

    error OnlyRewards(address caller);
    error OnlyMarket(address caller);
    error MinedOut(uint256 amount, uint256 left);
    error NotBurned(uint256 amount, uint256 left);

    /// @param rewards Address at which Rewards is going to be deployed.
    /// @param market Address at which Market is going to be deployed.
    /// @param reserve Account that gets RESERVE.
    constructor(address rewards, address market, address reserve) ERC20("Fieldseal", "SEAL") ERC20Permit("Fieldseal") {
        REWARDS = rewards;
        MARKET = market;
        _mint(reserve, RESERVE);
    }

    /// @notice Mines tokens. Only REWARDS.
    /// @param to Who gets them.
    /// @param amount In the smallest unit, 1e-18.
    function mine(address to, uint256 amount) external {
        if (msg.sender != REWARDS) revert OnlyRewards(msg.sender);
        uint256 left = Emission.MINED - mined();
        if (amount > left) revert MinedOut(amount, left);
        _mint(to, amount);
    }

    /// @notice Burns tokens of an account. Only MARKET, which does so for its caller alone.
    /// @param from Whose they are.
    /// @param amount In the smallest unit, 1e-18.
    function burn(address from, uint256 amount) external {
        if (msg.sender != MARKET) revert OnlyMarket(msg.sender);
        _burn(from, amount);
        burned += amount;
    }

    /// @notice Mints anew what was burned. Only MARKET.
    /// @param to Who gets it.
    /// @param amount In the smallest unit, 1e-18.
    function remint(address to, uint256 amount) external {
        if (msg.sender != MARKET) revert OnlyMarket(msg.sender);
        uint256 left = burned;
        if (amount > left) revert NotBurned(amount, left);
        burned = left - amount;
        _mint(to, amount);
    }

    /// @notice Mined so far. Not counted but concluded: there is what was reserved and mined, without what is burned.
    function mined() public view returns (uint256) {
        return totalSupply() + burned - RESERVE;
    }
}
