// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnrolmentReader} from "./Enrolment.sol";
import {Algorithms, PublicKey} from "./Signatures.sol";

/// @title Reads the bodies with which a key ends: kinds 2 and 3 (protocols/attestation/SPEC.md).
library SuccessionReader {
    uint256 internal constant ROTATION_LENGTH = 128;
    uint256 internal constant REVOCATION_LENGTH = 32;

    /// Highest reason of a revocation that is known.
    uint8 internal constant MAX_REASON = 3;

    error RotationLength(uint256 got, uint256 want);
    error RotationVersion(uint8 got);
    error RotationAlgorithm(uint8 got);
    error RotationGrade(uint8 got);
    error RotationReserved();
    error RevocationLength(uint256 got, uint256 want);
    error RevocationVersion(uint8 got);
    error RevocationReason(uint8 got);
    error RevocationReserved();
    error RevocationTime(uint64 since);

    ///   word 0  version 1 | algorithm 1 | grade 1 | reserved 29
    ///   word 1  nonce 16 | reserved 16
    ///   word 2  x        word 3  y, or zero for Ed25519
    function readRotation(bytes calldata raw) internal pure returns (PublicKey memory next) {
        if (raw.length != ROTATION_LENGTH) revert RotationLength(raw.length, ROTATION_LENGTH);
        uint256 word0 = uint256(bytes32(raw[0:32]));
        uint8 version = uint8(word0 >> 248);
        if (version != 1) revert RotationVersion(version);
        uint8 algorithm = uint8(word0 >> 240);
        if (!Algorithms.known(algorithm)) revert RotationAlgorithm(algorithm);
        uint8 grade = uint8(word0 >> 232);
        if (grade < EnrolmentReader.MIN_GRADE || grade > EnrolmentReader.MAX_GRADE) revert RotationGrade(grade);
        bytes32 y = bytes32(raw[96:128]);
        bool middle = uint232(word0) != 0 || uint128(bytes16(raw[48:64])) != 0;
        if (middle || (algorithm == Algorithms.EDDSA && y != 0)) revert RotationReserved();
        return PublicKey({algorithm: algorithm, x: bytes32(raw[64:96]), y: y});
    }

    ///   word 0  version 1 | reason 1 | reserved 6 | since 8 | nonce 16
    /// @return since ms since 1970 after which nothing counts; 0 = nothing after the statement.
    function readRevocation(bytes calldata raw) internal pure returns (uint64 since) {
        if (raw.length != REVOCATION_LENGTH) revert RevocationLength(raw.length, REVOCATION_LENGTH);
        uint256 word0 = uint256(bytes32(raw[0:32]));
        uint8 version = uint8(word0 >> 248);
        if (version != 1) revert RevocationVersion(version);
        uint8 reason = uint8(word0 >> 240);
        if (reason > MAX_REASON) revert RevocationReason(reason);
        if (uint48(word0 >> 192) != 0) revert RevocationReserved();
        since = uint64(word0 >> 128);
        if (since >= 1 << 53) revert RevocationTime(since);
    }
}
