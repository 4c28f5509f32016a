// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How much is mined in an epoch, and who gets how much of it. All divisions round down; what is lost in rounding
/// is never mined. Arguments are bounded by their types elsewhere, so that nothing here overflows: amounts below 2^128, parts at
/// most WHOLE, work below 2^128 and pools below 2^86, caps below 2^48 and times below 2^40.
library Emission {
    /// Most that is ever mined: 60 % of the supply.
    uint256 internal constant MINED = 6_000_000_000e18;

    /// Epochs between halvings: a year of weeks.
    uint256 internal constant HALVING = 52;

    /// Emission of each epoch before the first halving. The years halve, so that all of them together are twice the first.
    uint256 internal constant FIRST = MINED / (2 * HALVING);

    /// Parts are given in 1/10,000.
    uint256 internal constant WHOLE = 10_000;

    uint256 private constant HOUR = 3600;

    /// Emission of an epoch over all kinds.
    function inEpoch(uint256 epoch) internal pure returns (uint256) {
        return FIRST >> (epoch / HALVING);
    }

    /// `part` ten-thousandths of an amount.
    function partOf(uint256 amount, uint256 part) internal pure returns (uint256) {
        unchecked {
            return amount * part / WHOLE;
        }
    }

    /// What `work` out of `total` gets of a pool.
    function earned(uint256 pool, uint256 work, uint256 total) internal pure returns (uint256) {
        if (total == 0) return 0;
        unchecked {
            return pool * work / total;
        }
    }

    /// Most work of a device in a time. `cap` is work per hour.
    function allowance(uint256 cap, uint256 time) internal pure returns (uint256) {
        unchecked {
            return cap * time / HOUR;
        }
    }

    /// Least whole seconds in which a device may do that work.
    function duration(uint256 cap, uint256 work) internal pure returns (uint256) {
        unchecked {
            return (work * HOUR + cap - 1) / cap;
        }
    }
}
