// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../Proven.sol";
import {Share} from "../Shares.sol";
import {PayFixture} from "./PayFixture.sol";
import {vm} from "./Vm.sol";

/// What a claim costs, whole transactions: calldata and the base price included.
contract RewardsGasTest is PayFixture {
    uint256 private constant GOAL = 25_000;

    function setUp() public {
        deploy();
        for (uint256 i = 0; i < 50; ++i) enrol(i, OWNER, KIND, 1_234_567);
        enrol(1000, OTHER, KIND, 0);
    }

    /// A week of `count` devices of one owner, all of the seal.
    function week(uint32 epoch, uint256 count) private returns (Batch[] memory) {
        Share[] memory shares = new Share[](count);
        for (uint64 i = 0; i < count; ++i) {
            uint64 from = 1_234_567 + 900_000 * uint64(epoch);
            shares[i] = shareOf(i, from, from + 900_000 - i);
        }
        finish(GATEWAY, epoch, KIND, shares);
        return one(batchOf(GATEWAY, epoch, KIND, shares));
    }

    /// The steady state: somebody else claimed for the epoch before.
    function other(uint32 epoch) private {
        Share memory share = shareOf(1000, 1000 * epoch, 1000 * epoch + 1000);
        finish(OTHER, epoch, KIND, single(share));
        rewards.claim(OTHER, one(batchOf(OTHER, epoch, KIND, single(share))));
    }

    function measure(uint32 epoch, uint256 count, string memory what) private returns (uint256 each) {
        Batch[] memory all = week(epoch, count);
        if (epoch > 0) other(epoch);
        vm.prank(OTHER);
        rewards.claim(OWNER, all);
        each = vm.lastCallGas().gasTotalUsed / count;
        emit Measured(what, each);
    }

    function test_gas_of_one() public {
        measure(0, 1, "first claim, alone");
        measure(1, 1, "claim, alone");
    }

    function test_gas_of_ten() public {
        measure(0, 10, "first claims, 10 in one transaction, each");
        require(measure(1, 10, "claims, 10 in one transaction, each") <= GOAL, "more than the goal");
    }

    /// Ten devices of one owner, scattered over a seal of 1,000.
    function test_gas_of_ten_in_a_thousand() public {
        Share[] memory shares = new Share[](1000);
        bool[] memory wanted = new bool[](1000);
        for (uint32 epoch = 0; epoch < 2; ++epoch) {
            for (uint64 i = 0; i < 1000; ++i) {
                uint64 from = 1_234_567 + 900_000 * uint64(epoch);
                wanted[i] = i % 100 == 37;
                shares[i] = shareOf(wanted[i] ? i / 100 : 2000 + i, from, from + 900_000 - i);
            }
            finish(GATEWAY, epoch, KIND, shares);
            rewards.claim(OWNER, one(batchOf(GATEWAY, epoch, KIND, shares, wanted)));
            emit Measured("claims, 10 out of a seal of 1,000, each", vm.lastCallGas().gasTotalUsed / 10);
        }
    }

    function test_gas_of_fifty() public {
        measure(0, 50, "first claims, 50 in one transaction, each");
        require(measure(1, 50, "claims, 50 in one transaction, each") <= GOAL, "more than the goal");
    }
}
