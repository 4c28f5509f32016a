// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Device} from "./Interfaces.sol";

/// @title A device in one storage slot.
/// @notice From the low end: owner 160 | kind 4 | since 32 | rest 1 | ended 1 | cap 24 | mark 34. Larger caps and marks, and the
/// end of a key, stand in a second slot, which `rest` says is there: a household's meter (16 MW, 17 GWh in Wh) and nearly
/// every other device pays for one slot at its registration, and whoever claims reads one.
library Slots {
    /// The second slot; with it, cap and mark of the first do not count.
    struct Rest {
        uint64 mark;
        uint48 cap;
        uint64 end;
        uint40 until;
    }

    uint256 private constant KIND_AT = 160;
    uint256 private constant SINCE_AT = 164;
    uint256 private constant REST_AT = 196;
    uint256 private constant ENDED_AT = 197;
    uint256 private constant CAP_AT = 198;
    uint256 private constant MARK_AT = 222;
    uint256 private constant CAP_END = 1 << 24;
    uint256 private constant MARK_END = 1 << 34;

    /// The first slot; writes the second one when it is needed.
    function pack(Rest storage rest, address owner, uint8 kind, uint48 cap, uint64 mark) internal returns (uint256 packed) {
        packed = uint160(owner) | (uint256(kind) << KIND_AT) | (uint256(uint32(block.timestamp)) << SINCE_AT);
        if (cap < CAP_END && mark < MARK_END) return packed | (uint256(cap) << CAP_AT) | (uint256(mark) << MARK_AT);
        rest.mark = mark;
        rest.cap = cap;
        rest.end = type(uint64).max;
        rest.until = type(uint40).max;
        return packed | (1 << REST_AT);
    }

    /// The narrowing conversions below take what `pack` put there.
    // forge-lint: disable-start(unsafe-typecast)
    function unpack(uint256 packed, Rest storage rest) internal view returns (Device memory device) {
        if (packed == 0) return device;
        device.owner = address(uint160(packed));
        device.kind = uint8((packed >> KIND_AT) & 15);
        device.since = uint32(packed >> SINCE_AT);
        if (hasRest(packed)) {
            device.cap = rest.cap;
            device.mark = rest.mark;
            device.end = rest.end;
            device.until = rest.until;
        } else {
            device.cap = uint48((packed >> CAP_AT) & (CAP_END - 1));
            device.mark = uint64(packed >> MARK_AT);
            device.end = type(uint64).max;
            device.until = type(uint40).max;
        }
    }

    // forge-lint: disable-end(unsafe-typecast)

    function ended(uint256 packed) internal pure returns (bool) {
        return packed & (1 << ENDED_AT) != 0;
    }

    function hasRest(uint256 packed) internal pure returns (bool) {
        return packed & (1 << REST_AT) != 0;
    }

    function withEnd(uint256 packed) internal pure returns (uint256) {
        return packed | (1 << REST_AT) | (1 << ENDED_AT);
    }

    function ownerOf(uint256 packed) internal pure returns (address) {
        return address(uint160(packed));
    }

    function withOwner(uint256 packed, address owner) internal pure returns (uint256) {
        return (packed >> 160 << 160) | uint160(owner);
    }
}
