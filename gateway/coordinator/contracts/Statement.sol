// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What the contracts need of a statement (protocols/attestation/SPEC.md, 160 bytes, big-endian).
struct Statement {
    uint8 kind;
    uint32 boot;
    uint64 first;
    uint16 count;
    /// ms since 1970.
    uint64 from;
    uint64 to;
    uint64 work;
    bytes16 scope;
    bytes32 device;
    bytes32 root;
}

/// The rule of SPEC.md "Statement" that bytes break.
enum StatementFault {
    None,
    Length,
    Version,
    Kind,
    Clock,
    Reserved,
    Count,
    Times,
    Sequence
}

/// @title Reads the 160-byte statement that a device signs.
library StatementReader {
    uint256 internal constant LENGTH = 160;

    uint8 internal constant READINGS = 0;
    uint8 internal constant ENROL = 1;
    uint8 internal constant ROTATE = 2;
    uint8 internal constant REVOKE = 3;
    uint8 internal constant RECEIPT = 4;

    uint8 internal constant MAX_CLOCK = 2;
    uint16 internal constant MAX_PACK = 1024;
    uint64 internal constant TIME_END = 1 << 53;

    error StatementLength(uint256 got, uint256 want);
    error StatementVersion(uint8 got);
    error StatementKind(uint8 got);
    error StatementClock(uint8 got);
    error StatementReserved();
    error StatementCount(uint16 got);
    error StatementTimes(uint64 from, uint64 to);
    error StatementSequence(uint64 first, uint16 count);

    /// Word by word: a word holds several fields, and a calldata read costs 3 gas a word.
    ///
    ///   word 0  version 1 | kind 1 | clock 1 | flags 1 | boot 4 | first 8 | count 2 | reserved 6 | from 8
    ///   word 1  to 8 | work 8 | anchor block 8 | anchor hash, first 8
    ///   word 2  anchor hash, last 8 | scope 16 | reserved 8
    ///   word 3  device        word 4  root
    function read(bytes calldata raw) internal pure returns (Statement memory statement) {
        StatementFault fault = faultOf(raw);
        if (fault != StatementFault.None) _refuse(raw, fault);
        return fieldsOf(raw);
    }

    /// The fields of bytes without a fault, for callers who have asked `faultOf`.
    function fieldsOf(bytes calldata raw) internal pure returns (Statement memory statement) {
        uint256 word0 = uint256(bytes32(raw[0:32]));
        uint256 word1 = uint256(bytes32(raw[32:64]));
        statement.kind = uint8(word0 >> 240);
        statement.boot = uint32(word0 >> 192);
        statement.first = uint64(word0 >> 128);
        statement.count = uint16(word0 >> 112);
        statement.from = uint64(word0);
        statement.to = uint64(word1 >> 192);
        statement.work = uint64(word1 >> 128);
        statement.scope = bytes16(uint128(uint256(bytes32(raw[64:96])) >> 64));
        statement.device = bytes32(raw[96:128]);
        statement.root = bytes32(raw[128:160]);
    }

    /// The first rule that the bytes break, for callers to whom malformed bytes are evidence.
    function faultOf(bytes calldata raw) internal pure returns (StatementFault) {
        if (raw.length != LENGTH) return StatementFault.Length;
        uint256 word0 = uint256(bytes32(raw[0:32]));
        if (uint8(word0 >> 248) != 1) return StatementFault.Version;
        uint8 kind = uint8(word0 >> 240);
        if (kind > RECEIPT) return StatementFault.Kind;
        if (uint8(word0 >> 232) > MAX_CLOCK) return StatementFault.Clock;
        bool flags = uint8(word0 >> 224) != 0;
        bool middle = uint48(word0 >> 64) != 0;
        bool end = uint64(uint256(bytes32(raw[64:96]))) != 0;
        if (flags || middle || end) return StatementFault.Reserved;
        uint16 count = uint16(word0 >> 112);
        if (count == 0 || count > MAX_PACK || (kind != READINGS && count != 1)) return StatementFault.Count;
        uint64 to = uint64(bytes8(raw[32:40]));
        if (uint64(word0) > to || to >= TIME_END) return StatementFault.Times;
        if (uint256(uint64(word0 >> 128)) + count > type(uint64).max) return StatementFault.Sequence;
        return StatementFault.None;
    }

    /// What a statement is bound to: this chain, this coordinator, one gateway. First 16 bytes of
    /// SHA-256("fieldseal/1" ‖ chain id u64 ‖ coordinator 20 ‖ gateway 20).
    function scopeOf(address coordinator, address gateway) internal view returns (bytes16) {
        return bytes16(sha256(abi.encodePacked("fieldseal/1", uint64(block.chainid), coordinator, gateway)));
    }

    function _refuse(bytes calldata raw, StatementFault fault) private pure {
        if (fault == StatementFault.Length) revert StatementLength(raw.length, LENGTH);
        uint256 word0 = uint256(bytes32(raw[0:32]));
        uint64 first = uint64(word0 >> 128);
        uint16 count = uint16(word0 >> 112);
        if (fault == StatementFault.Version) revert StatementVersion(uint8(word0 >> 248));
        if (fault == StatementFault.Kind) revert StatementKind(uint8(word0 >> 240));
        if (fault == StatementFault.Clock) revert StatementClock(uint8(word0 >> 232));
        if (fault == StatementFault.Reserved) revert StatementReserved();
        if (fault == StatementFault.Count) revert StatementCount(count);
        if (fault == StatementFault.Times) revert StatementTimes(uint64(word0), uint64(bytes8(raw[32:40])));
        revert StatementSequence(first, count);
    }
}
