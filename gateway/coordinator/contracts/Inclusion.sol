// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Membership in an RFC 6962 Merkle tree, with index and size.
library Inclusion {
    /// Hash of a leaf: SHA-256(00 ‖ entry), RFC 9162 §2.1.1.
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", entry));
    }

    /// RFC 9162 §2.1.3.2. Index and size decide on which side each node stands and how many there are, so that a proof
    /// fits one position only.
    function holds(bytes32 leaf, uint64 index, uint64 size, bytes32[] calldata path, bytes32 root)
        internal
        pure
        returns (bool)
    {
        if (index >= size) return false;
        uint64 fn = index;
        uint64 sn = size - 1;
        bytes32 node = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                node = sha256(abi.encodePacked(hex"01", path[i], node));
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                node = sha256(abi.encodePacked(hex"01", node, path[i]));
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && node == root;
    }
}
