// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What the contracts need of a statement (protocols/attestation/SPEC.md, 160 bytes, big-endian).
struct Statement {
    uint8 kind;
    uint64 work;
    bytes16 scope;
    bytes32 device;
    bytes32 root;
}

/// @title Reads the 160-byte statement that a device signs.
library StatementReader {
    uint256 internal constant LENGTH = 160;

    uint8 internal constant READINGS = 0;
    uint8 internal constant ENROL = 1;

    error StatementLength(uint256 got, uint256 want);
    error StatementVersion(uint8 got);
    error StatementReserved();

    /// Word by word: a word holds several fields, and a calldata read costs 3 gas a word.
    ///
    ///   word 0  version 1 | kind 1 | clock 1 | flags 1 | boot 4 | first 8 | count 2 | reserved 6 | from 8
    ///   word 1  to 8 | work 8 | anchor block 8 | anchor hash, first 8
    ///   word 2  anchor hash, last 8 | scope 16 | reserved 8
    ///   word 3  device        word 4  root
    function read(bytes calldata raw) internal pure returns (Statement memory statement) {
        if (raw.length != LENGTH) revert StatementLength(raw.length, LENGTH);
        uint256 word0 = uint256(bytes32(raw[0:32]));
        uint256 word2 = uint256(bytes32(raw[64:96]));
        uint8 version = uint8(word0 >> 248);
        if (version != 1) revert StatementVersion(version);
        bool flags = uint8(word0 >> 224) != 0;
        bool middle = uint48(word0 >> 64) != 0;
        bool end = uint64(word2) != 0;
        if (flags || middle || end) revert StatementReserved();
        statement.kind = uint8(word0 >> 240);
        statement.work = uint64(bytes8(raw[40:48]));
        statement.scope = bytes16(uint128(word2 >> 64));
        statement.device = bytes32(raw[96:128]);
        statement.root = bytes32(raw[128:160]);
    }

    /// What a statement is bound to: this chain, this coordinator, one gateway. First 16 bytes of
    /// SHA-256("fieldseal/1" ‖ chain id u64 ‖ coordinator 20 ‖ gateway 20).
    function scopeOf(address coordinator, address gateway) internal view returns (bytes16) {
        return bytes16(sha256(abi.encodePacked("fieldseal/1", uint64(block.chainid), coordinator, gateway)));
    }
}
