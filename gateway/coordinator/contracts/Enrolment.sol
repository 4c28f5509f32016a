// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Algorithms, PublicKey} from "./Signatures.sol";

/// What the contracts need of an enrolment body.
struct Enrolment {
    address owner;
    PublicKey key;
}

/// @title Reads the 160-byte body of kind 1 (protocols/attestation/SPEC.md).
library EnrolmentReader {
    uint256 internal constant LENGTH = 160;

    /// Weakest and strongest signer grade that is known.
    uint8 internal constant MIN_GRADE = 1;
    uint8 internal constant MAX_GRADE = 6;

    error EnrolmentLength(uint256 got, uint256 want);
    error EnrolmentVersion(uint8 got);
    error EnrolmentAlgorithm(uint8 got);
    error EnrolmentGrade(uint8 got);
    error EnrolmentReserved();

    ///   word 0  version 1 | algorithm 1 | grade 1 | reserved 9 | owner 20
    ///   word 1  profile digest
    ///   word 2  nonce 16 | reserved 16
    ///   word 3  x        word 4  y, or zero for Ed25519
    function read(bytes calldata raw) internal pure returns (Enrolment memory enrolment) {
        if (raw.length != LENGTH) revert EnrolmentLength(raw.length, LENGTH);
        uint256 word0 = uint256(bytes32(raw[0:32]));
        uint8 version = uint8(word0 >> 248);
        if (version != 1) revert EnrolmentVersion(version);
        uint8 algorithm = uint8(word0 >> 240);
        if (!Algorithms.known(algorithm)) revert EnrolmentAlgorithm(algorithm);
        uint8 grade = uint8(word0 >> 232);
        if (grade < MIN_GRADE || grade > MAX_GRADE) revert EnrolmentGrade(grade);
        bytes32 y = bytes32(raw[128:160]);
        bool middle = uint72(word0 >> 160) != 0 || uint128(bytes16(raw[80:96])) != 0;
        if (middle || (algorithm == Algorithms.EDDSA && y != 0)) revert EnrolmentReserved();
        enrolment.owner = address(uint160(word0));
        enrolment.key = PublicKey({algorithm: algorithm, x: bytes32(raw[96:128]), y: y});
    }
}
