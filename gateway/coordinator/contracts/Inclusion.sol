// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Membership in an RFC 6962 Merkle tree, with index and size.
library Inclusion {
    /// Hash of a leaf: SHA-256(00 ‖ entry), RFC 9162 §2.1.1.
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", entry));
    }

    /// Hash of a node: SHA-256(01 ‖ left ‖ right), RFC 9162 §2.1.1.
    function nodeHash(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        // Memory beyond the free pointer instead of abi.encodePacked: a proof hashes one node per level.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 1)
            mstore(add(free, 1), left)
            mstore(add(free, 33), right)
            // The SHA-256 precompile fails only for want of gas.
            if iszero(staticcall(gas(), 2, free, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }

    /// RFC 9162 §2.1.3.2. Index and size decide on which side each node stands and how many there are, so that a proof
    /// fits one position only.
    function holds(bytes32 leaf, uint64 index, uint64 size, bytes32[] calldata path, bytes32 root)
        internal
        view
        returns (bool)
    {
        if (index >= size) return false;
        // As words: narrower counters would be cleaned at every step.
        uint256 fn = index;
        uint256 sn = uint256(size) - 1;
        bytes32 node = leaf;
        uint256 levels = path.length;
        for (uint256 i = 0; i < levels; ++i) {
            if (sn == 0) return false;
            bytes32 sibling = path[i];
            if (fn & 1 == 1 || fn == sn) {
                node = nodeHash(sibling, node);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                node = nodeHash(node, sibling);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && node == root;
    }
}
