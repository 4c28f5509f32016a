// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "./Emission.sol";
import {Device} from "./Interfaces.sol";
import {Share} from "./Shares.sol";

/// How far a device's work register is used up.
/// @param to Work below this is used up. It only rises.
/// @param time Until when the device's cap is used up, seconds since 1970; 0 = the device has no mark yet.
/// @param epochs Newest epoch that counted, plus 1.
/// @param finished Epochs that counted and are not yet accrued.
struct Mark {
    uint64 to;
    uint40 time;
    uint32 epochs;
    uint32 finished;
}

/// @title A mark that may only rise: the same work is never used twice, and never faster than the device's cap.
/// @notice Kept in one storage slot, from the low end: to 64 | time 40 | epochs 32 | finished 32. By hand and not as a struct,
/// because each claim reads and writes it once.
library Marks {
    uint256 private constant TIME_AT = 64;
    uint256 private constant EPOCHS_AT = 104;
    uint256 private constant FINISHED_AT = 136;

    error BehindMark(bytes32 device, uint64 from, uint64 mark);
    error OverCap(bytes32 device, uint256 work, uint256 allowed);
    error KeyEnded(bytes32 device, uint64 to, uint64 end);
    error EpochAfterEnd(bytes32 device, uint32 epoch, uint40 until);

    /// Uses up a share whose `to` is above its `from`.
    /// @dev All time since the last use counts, because a gateway may have been without a network. What a share leaves of its
    /// own epoch stays good as well, so that a meter that delivers late one week is not cut short the next.
    /// @param device The device as the Registry knows it.
    /// @param epoch Epoch of the share.
    /// @param start When that epoch begins, seconds since 1970.
    /// @param end When it ends, seconds since 1970.
    /// @return next The mark afterwards.
    /// @return work Growth of the work register.
    function advance(
        uint256 mark,
        Share calldata share,
        Device memory device,
        uint256 epoch,
        uint256 start,
        uint256 end
    ) internal pure returns (uint256 next, uint256 work) {
        if (mark == 0) mark = device.mark | (uint256(device.since) << TIME_AT);
        uint64 from = share.from;
        uint64 to = share.to;
        // forge-lint: disable-next-line(unsafe-typecast)
        if (from < uint64(mark)) revert BehindMark(share.device, from, uint64(mark));
        if (to > device.end) revert KeyEnded(share.device, to, device.end);
        // forge-lint: disable-next-line(unsafe-typecast)
        if (start >= device.until) revert EpochAfterEnd(share.device, uint32(epoch), device.until);
        // ShareProof refuses a share that is empty.
        unchecked {
            work = to - from;
        }
        uint256 time = uint40(mark >> TIME_AT);
        uint256 allowed = time < end ? Emission.allowance(device.cap, end - time) : 0;
        if (work > allowed) revert OverCap(share.device, work, allowed);
        // At most `end`, a time in seconds, which the ledger keeps in 40 bits.
        unchecked {
            time += Emission.duration(device.cap, work);
        }
        if (time < start) time = start;
        next = to | (time << TIME_AT) | (mark >> EPOCHS_AT << EPOCHS_AT);
        if (uint32(mark >> EPOCHS_AT) <= epoch) {
            uint256 finished = uint32(mark >> FINISHED_AT) + 1;
            next = to | (time << TIME_AT) | ((epoch + 1) << EPOCHS_AT) | (finished << FINISHED_AT);
        }
    }

    /// Takes the finished epochs out of a mark.
    function accrue(uint256 mark) internal pure returns (uint256 next, uint256 finished) {
        finished = mark >> FINISHED_AT;
        next = mark & ((1 << FINISHED_AT) - 1);
    }

    function unpack(uint256 mark) internal pure returns (Mark memory) {
        // Each conversion cuts out one field.
        // forge-lint: disable-next-line(unsafe-typecast)
        return Mark(uint64(mark), uint40(mark >> TIME_AT), uint32(mark >> EPOCHS_AT), uint32(mark >> FINISHED_AT));
    }
}
