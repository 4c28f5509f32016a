// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Algorithms} from "./Signatures.sol";
import {StatementReader} from "./Statement.sol";

/// @title Reads an entry of a gateway's log: an attestation in its one encoding (protocols/attestation/SPEC.md).
/// @notice 234 bytes for ES256 and EdDSA, 235 for ES256K:
/// 84 | 43 A1 01 alg, or 44 A1 01 38 2E | A0 | 58 A0 statement 160 | 58 40 signature 64.
library EntryReader {
    uint256 internal constant LENGTH = 234;
    uint256 internal constant LENGTH_ES256K = 235;

    /// Bytes behind the header: statement, the head of the signature, signature.
    uint256 private constant TAIL = 160 + 2 + 64;

    error EntryMalformed(uint256 length);

    /// @return form Whether the bytes have the one form; statement and signature are empty when not. The statement's own
    /// fields are StatementReader's affair.
    function parse(bytes calldata entry)
        internal
        pure
        returns (bool form, uint8 algorithm, bytes calldata statement, bytes calldata signature)
    {
        statement = entry[0:0];
        signature = entry[0:0];
        if (entry.length == LENGTH) {
            bytes8 head = bytes8(entry[0:8]);
            if (head == 0x8443a10126a058a0) algorithm = Algorithms.ES256;
            else if (head == 0x8443a10127a058a0) algorithm = Algorithms.EDDSA;
            else return (false, 0, statement, signature);
        } else if (entry.length == LENGTH_ES256K && bytes9(entry[0:9]) == 0x8444a101382ea058a0) {
            algorithm = Algorithms.ES256K;
        } else {
            return (false, 0, statement, signature);
        }
        uint256 start = entry.length - TAIL;
        if (bytes2(entry[start + 160:start + 162]) != 0x5840) return (false, 0, statement, signature);
        return (true, algorithm, entry[start:start + StatementReader.LENGTH], entry[start + 162:]);
    }

    /// The same for callers who have no use for another form.
    function read(bytes calldata entry)
        internal
        pure
        returns (uint8 algorithm, bytes calldata statement, bytes calldata signature)
    {
        bool form;
        (form, algorithm, statement, signature) = parse(entry);
        if (!form) revert EntryMalformed(entry.length);
    }
}
