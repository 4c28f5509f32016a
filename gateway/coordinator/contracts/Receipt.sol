// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Algorithms, IEd25519, PublicKey, Signatures} from "./Signatures.sol";

/// What the contracts need of a receipt body.
struct Receipt {
    bytes32 payer;
    bytes32 provider;
    uint128 total;
}

/// @title Reads the 128-byte body of kind 4 and checks the consumer's signature (protocols/attestation/SPEC.md).
library ReceiptReader {
    uint256 internal constant LENGTH = 128;

    error ReceiptLength(uint256 got, uint256 want);
    error ReceiptVersion(uint8 got);
    error ReceiptReserved();
    error ReceiptUnit(bytes8 got);
    error ReceiptParties(bytes32 both);

    ///   word 0  version 1 | reserved 7 | unit 8 | session 16
    ///   word 1  payer
    ///   word 2  provider
    ///   word 3  reserved 8 | units 8 | total 16
    function read(bytes calldata raw) internal pure returns (Receipt memory receipt) {
        if (raw.length != LENGTH) revert ReceiptLength(raw.length, LENGTH);
        uint256 word0 = uint256(bytes32(raw[0:32]));
        uint256 word3 = uint256(bytes32(raw[96:128]));
        uint8 version = uint8(word0 >> 248);
        if (version != 1) revert ReceiptVersion(version);
        if (uint56(word0 >> 192) != 0 || word3 >> 192 != 0) revert ReceiptReserved();
        bytes8 unit = bytes8(uint64(word0 >> 128));
        if (!_isUnit(uint64(unit))) revert ReceiptUnit(unit);
        receipt.payer = bytes32(raw[32:64]);
        receipt.provider = bytes32(raw[64:96]);
        if (receipt.payer == receipt.provider) revert ReceiptParties(receipt.payer);
        receipt.total = uint128(word3);
    }

    /// What the consumer signs: Countersign_structure ["CounterSignature0V2", protected, h'', payload, [signature]]
    /// (RFC 9338 §3.3). Protected header and signature are the provider's.
    function toBeCountersigned(uint8 algorithm, bytes calldata statement, bytes calldata signature)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(
            hex"8573", "CounterSignature0V2", _header(algorithm), statement, hex"815840", signature
        );
    }

    /// Whether a key signed a message. A countersignature has no header of its own: the key's algorithm is meant.
    /// @param signature 64 bytes, r ‖ s (R ‖ S for Ed25519).
    function verify(PublicKey memory key, bytes memory message, bytes calldata signature, IEd25519 ed25519)
        internal
        view
        returns (bool)
    {
        if (signature.length != 64) revert Signatures.SignatureLength(signature.length, 64);
        if (key.algorithm == Algorithms.EDDSA) {
            if (address(ed25519) == address(0)) revert Signatures.Ed25519Unsupported();
            return ed25519.verify(key.x, message, signature);
        }
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        if (key.algorithm == Algorithms.ES256) return Signatures.verifyP256(sha256(message), r, s, key.x, key.y);
        return Signatures.verifySecp256k1(sha256(message), r, s, key.x, key.y);
    }

    /// Protected header, empty external_aad, and the head of a payload of 160 bytes.
    function _header(uint8 algorithm) private pure returns (bytes memory) {
        if (algorithm == Algorithms.ES256) return hex"43a101264058a0";
        if (algorithm == Algorithms.ES256K) return hex"44a101382e4058a0";
        return hex"43a101274058a0";
    }

    /// 1…8 characters 21…7E, then 0.
    function _isUnit(uint64 unit) private pure returns (bool) {
        if (unit >> 56 == 0) return false;
        while (unit & 0xff == 0) unit >>= 8;
        for (; unit != 0; unit >>= 8) {
            uint64 character = unit & 0xff;
            if (character < 0x21 || character > 0x7e) return false;
        }
        return true;
    }
}
