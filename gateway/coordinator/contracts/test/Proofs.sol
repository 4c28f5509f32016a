// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "../Emission.sol";

/// What is proven of Emission for every argument within the bounds it states: each assertion is a theorem.
contract EmissionProofs {
    function aPartIsNotMoreThanTheWhole(uint256 amount, uint256 part) external pure {
        require(amount < 1 << 128 && part <= Emission.WHOLE);
        assert(Emission.partOf(amount, part) <= amount);
    }

    function noPayIsMoreThanThePool(uint256 pool, uint256 work, uint256 total) external pure {
        require(pool < 1 << 86 && total < 1 << 128 && work <= total);
        assert(Emission.earned(pool, work, total) <= pool);
    }

    /// By induction: any number of pays.
    function twoPaysAreNotMoreThanTheirSum(uint256 pool, uint256 a, uint256 b, uint256 total) external pure {
        require(pool < 1 << 86 && total < 1 << 128 && a <= total && b <= total - a);
        assert(Emission.earned(pool, a, total) + Emission.earned(pool, b, total) <= Emission.earned(pool, a + b, total));
    }

    function emissionNeverGrows(uint256 epoch) external pure {
        require(epoch < 1 << 32);
        assert(Emission.inEpoch(epoch) <= Emission.FIRST);
    }

    function theTimeOfWorkAllowsIt(uint256 cap, uint256 work) external pure {
        require(cap > 0 && cap < 1 << 48 && work < 1 << 64);
        assert(Emission.allowance(cap, Emission.duration(cap, work)) >= work);
    }

    /// A mark's time never passes the end of the epoch, and what was used is what that time allows.
    function usedTimeEndsWithTheEpoch(uint256 cap, uint256 time, uint256 end, uint256 work) external pure {
        require(cap > 0 && cap < 1 << 48 && end < 1 << 40 && work < 1 << 64 && time < end);
        require(work <= Emission.allowance(cap, end - time));
        uint256 next = time + Emission.duration(cap, work);
        assert(next <= end);
        assert(work <= Emission.allowance(cap, next - time));
    }
}

/// The rule of Marks over any number of claims, with its fields unpacked: the solver does not end on the packed slot.
contract MarkProofs {
    uint64 private immutable FIRST;
    uint64 private mark;
    uint64 private before;
    uint256 private paid;

    constructor(uint64 first) {
        FIRST = first;
        mark = first;
        before = first;
    }

    function use(uint64 from, uint64 to) external {
        require(to > from);
        require(from >= mark);
        paid += to - from;
        mark = to;
        assert(mark > before);
        before = mark;
        assert(paid <= mark - FIRST);
    }
}
