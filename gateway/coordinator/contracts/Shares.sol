// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// One device's stretch of its work register in one epoch. An attestation of the device in the sealing gateway's log proves
/// each end: its statement's `work` is `from` or `to`.
/// @param device Device id.
/// @param from Work register at the start.
/// @param to Work register at the end.
/// @param fromIndex Log index of the attestation that proves `from`; type(uint64).max: it is the device's first mark.
/// @param toIndex Log index of the attestation that proves `to`.
struct Share {
    bytes32 device;
    uint64 from;
    uint64 to;
    uint64 fromIndex;
    uint64 toIndex;
}

/// A neighbour on the way up: hash and sum of its subtree.
struct Step {
    bytes32 hash;
    uint128 sum;
}

/// @title The Merkle sum tree under a seal.
/// @notice Shape of RFC 6962 §2.1 (split at the largest power of two below the count), keccak256. Each node covers the sums
/// of its children, so that no total can be larger than its shares.
library Shares {
    error EmptyShare(bytes32 device);
    error ShareIndex(uint64 index, uint64 count);
    error SharePath(uint256 got);

    /// keccak256(0x00 ‖ device 32 ‖ from 8 ‖ to 8 ‖ fromIndex 8 ‖ toIndex 8), and to − from, which must be above 0.
    function leafOf(Share calldata share) internal pure returns (bytes32 hash, uint128 sum) {
        if (share.to <= share.from) revert EmptyShare(share.device);
        hash = keccak256(
            abi.encodePacked(uint8(0), share.device, share.from, share.to, share.fromIndex, share.toIndex)
        );
        sum = share.to - share.from;
    }

    /// keccak256(0x01 ‖ leftSum 16 ‖ leftHash 32 ‖ rightSum 16 ‖ rightHash 32).
    function nodeOf(uint128 leftSum, bytes32 leftHash, uint128 rightSum, bytes32 rightHash)
        internal
        pure
        returns (bytes32 hash)
    {
        // Scratch memory beyond the free pointer instead of abi.encodePacked: a claim hashes one node per level.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 1)
            mstore(add(free, 1), shl(128, leftSum))
            mstore(add(free, 17), leftHash)
            mstore(add(free, 49), shl(128, rightSum))
            mstore(add(free, 65), rightHash)
            hash := keccak256(free, 97)
        }
    }

    /// Where a share stands in the tree that `path` describes.
    /// @param index Place of the share, from 0.
    /// @param count Shares in the tree.
    /// @param path Neighbours from the leaf up.
    /// @return root Root of that tree.
    /// @return total Sum of all shares.
    /// @return before Sum of all shares to the left: the share covers the points [before, before + to − from).
    function locate(Share calldata share, uint64 index, uint64 count, Step[] calldata path)
        internal
        pure
        returns (bytes32 root, uint128 total, uint128 before)
    {
        (bytes32 hash, uint128 sum) = leafOf(share);
        return locate(hash, sum, index, count, path);
    }

    /// The same from a leaf's hash and sum. Index and count decide on which side each node stands and how many there are
    /// (RFC 9162 §2.1.3.2), so that a path fits one position only.
    function locate(bytes32 leaf, uint128 sum, uint64 index, uint64 count, Step[] calldata path)
        internal
        pure
        returns (bytes32 root, uint128 total, uint128 before)
    {
        if (index >= count) revert ShareIndex(index, count);
        uint64 fn = index;
        uint64 sn = count - 1;
        root = leaf;
        total = sum;
        for (uint256 i = 0; i < path.length; ++i) {
            if (sn == 0) revert SharePath(path.length);
            Step calldata step = path[i];
            if (fn & 1 == 1 || fn == sn) {
                before += step.sum;
                root = nodeOf(step.sum, step.hash, total, root);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                root = nodeOf(total, root, step.sum, step.hash);
            }
            total += step.sum;
            fn >>= 1;
            sn >>= 1;
        }
        if (sn != 0) revert SharePath(path.length);
    }
}
