// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Share, Step} from "./Shares.sol";

/// @title Proves any number of shares of one seal at once: the way to the root is written down as a program for a stack.
/// @notice One byte a step: 0 puts the next share on the stack, 1 the next neighbour, 2 joins the two on top (the lower one is
/// the left one). What is above several shares is hashed once, and what is below no share is one neighbour. A root binds the
/// whole tree, and leaves and nodes are hashed apart (Shares.sol): a program that gives the root proves every share in it.
library ShareProof {
    /// @param left Steps left when it broke; 0: shares, neighbours or nodes are left over.
    error BrokenProof(uint256 left);

    /// @param shares From left to right.
    /// @param path Hashes and sums of subtrees that hold none of them, from left to right.
    /// @param steps The program.
    /// @return root Root of the tree that the program describes.
    /// @return total Sum of its shares. Sums are added in 256 bits: when this fits 128, no sum on the way was larger.
    function rootOf(Share[] calldata shares, Step[] calldata path, bytes calldata steps)
        internal
        pure
        returns (bytes32 root, uint256 total)
    {
        bool whole;
        uint256 stepsLeft;
        assembly ("memory-safe") {
            // None is wider than 64 bits, and `to` is above `from`.
            function leaf(free, share) -> hash, sum, good {
                let from := calldataload(add(share, 32))
                let to := calldataload(add(share, 64))
                let first := calldataload(add(share, 96))
                let last := calldataload(add(share, 128))
                good := and(gt(to, from), iszero(shr(64, or(to, or(first, last)))))
                mstore8(free, 0)
                mstore(add(free, 1), calldataload(share))
                mstore(add(free, 33), or(or(shl(192, from), shl(128, to)), or(shl(64, first), last)))
                hash := keccak256(free, 65)
                sum := sub(to, from)
            }
            // Puts the node in the place of its left child.
            function join(free, left, right) {
                let leftSum := mload(add(left, 32))
                let rightSum := mload(add(right, 32))
                mstore8(free, 1)
                mstore(add(free, 1), shl(128, leftSum))
                mstore(add(free, 17), mload(left))
                mstore(add(free, 49), shl(128, rightSum))
                mstore(add(free, 65), mload(right))
                mstore(left, keccak256(free, 97))
                mstore(add(left, 32), add(leftSum, rightSum))
            }
            // Memory beyond the free pointer: room for the 97 bytes that are hashed, then the stack of (hash, sum). Offsets and
            // lengths of the arguments are used up.
            let free := mload(0x40)
            let top := add(free, 128)
            whole := 1
            for {} and(whole, gt(steps.length, 0)) {} {
                switch byte(0, calldataload(steps.offset))
                case 0 {
                    root, total, whole := leaf(free, shares.offset)
                    whole := and(whole, gt(shares.length, 0))
                    mstore(top, root)
                    mstore(add(top, 32), total)
                    top := add(top, 64)
                    shares.offset := add(shares.offset, 160)
                    shares.length := sub(shares.length, 1)
                }
                case 1 {
                    total := calldataload(add(path.offset, 32))
                    whole := and(gt(path.length, 0), iszero(shr(128, total)))
                    mstore(top, calldataload(path.offset))
                    mstore(add(top, 32), total)
                    top := add(top, 64)
                    path.offset := add(path.offset, 64)
                    path.length := sub(path.length, 1)
                }
                case 2 {
                    whole := gt(top, add(free, 255))
                    if whole {
                        top := sub(top, 64)
                        join(free, sub(top, 64), top)
                    }
                }
                default { whole := 0 }
                steps.offset := add(steps.offset, 1)
                steps.length := sub(steps.length, 1)
            }
            whole := and(whole, iszero(or(or(shares.length, path.length), xor(top, add(free, 192)))))
            root := mload(add(free, 128))
            total := mload(add(free, 160))
            stepsLeft := steps.length
        }
        if (!whole) revert BrokenProof(stepsLeft);
    }
}
