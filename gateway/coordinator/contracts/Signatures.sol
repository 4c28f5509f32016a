// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A contract that verifies Ed25519 (RFC 8032).
interface IEd25519 {
    /// @param key The 32-byte public key.
    /// @param message The signed bytes.
    /// @param signature 64 bytes, R ‖ S.
    function verify(bytes32 key, bytes calldata message, bytes calldata signature) external view returns (bool);
}

/// COSE algorithms of device keys, as a body names them: the COSE number as one signed byte.
library Algorithms {
    uint8 internal constant ES256 = 0xf9;
    uint8 internal constant EDDSA = 0xf8;
    uint8 internal constant ES256K = 0xd1;

    function known(uint8 algorithm) internal pure returns (bool) {
        return algorithm == ES256 || algorithm == EDDSA || algorithm == ES256K;
    }
}

/// A device's public key. Ed25519 keys have no `y`.
struct PublicKey {
    uint8 algorithm;
    bytes32 x;
    bytes32 y;
}

/// @title Device ids and device signatures.
library Signatures {
    /// The P-256 precompile of EIP-7951 and RIP-7212.
    address internal constant P256 = address(0x100);
    uint256 internal constant SECP256K1_HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// One true signature over SHA-256("fieldseal/1").
    bytes32 private constant PROBE_DIGEST = 0x3bf5ce639b231e1d4244856aa6a56e81e85226ce00b778ee8f6a363883f720ae;
    bytes32 private constant PROBE_R = 0x50d09c63a078366e897871067b5b5e4534135fdcad21ef9c4795316013b08327;
    bytes32 private constant PROBE_S = 0x736974c6955b9a228e63cbc864aed7de85b4cefac098d96a0bcb4d1dbbf237ab;
    bytes32 private constant PROBE_X = 0xbc1ccd75757113a35bda36f37dc20a92be790d617ae3f8477e7563ae6cefd1a9;
    bytes32 private constant PROBE_Y = 0x33e781c5eff607c6a356e72a0482a31631fc423597cdd311de07c15e9ee5f791;

    error AlgorithmUnknown(uint8 got);
    error SignatureLength(uint256 got, uint256 want);
    error Ed25519Unsupported();
    error P256Missing();

    /// SHA-256 COSE key thumbprint (RFC 9679): deterministic CBOR of the key's required parameters, in the order
    /// kty (1), crv (-1), x (-2), y (-3).
    function deviceId(PublicKey memory key) internal pure returns (bytes32) {
        if (key.algorithm == Algorithms.ES256) {
            return sha256(abi.encodePacked(hex"a401022001215820", key.x, hex"225820", key.y));
        }
        if (key.algorithm == Algorithms.ES256K) {
            return sha256(abi.encodePacked(hex"a401022008215820", key.x, hex"225820", key.y));
        }
        if (key.algorithm != Algorithms.EDDSA) revert AlgorithmUnknown(key.algorithm);
        return sha256(abi.encodePacked(hex"a301012006215820", key.x));
    }

    /// What a COSE_Sign1 signs: Sig_structure ["Signature1", protected, h'', payload] (RFC 9052 §4.4) with the constant
    /// protected header {1: alg} and a payload of 160 bytes, so that it is a constant prefix and the statement.
    function toBeSigned(uint8 algorithm, bytes calldata statement) internal pure returns (bytes memory) {
        if (algorithm == Algorithms.ES256) {
            return abi.encodePacked(hex"846a5369676e61747572653143a101264058a0", statement);
        }
        if (algorithm == Algorithms.ES256K) {
            return abi.encodePacked(hex"846a5369676e61747572653144a101382e4058a0", statement);
        }
        return abi.encodePacked(hex"846a5369676e61747572653143a101274058a0", statement);
    }

    /// @param signature 64 bytes, r ‖ s (R ‖ S for Ed25519).
    function verify(PublicKey memory key, bytes calldata statement, bytes calldata signature, IEd25519 ed25519)
        internal
        view
        returns (bool)
    {
        if (signature.length != 64) revert SignatureLength(signature.length, 64);
        bytes memory message = toBeSigned(key.algorithm, statement);
        if (key.algorithm == Algorithms.EDDSA) {
            if (address(ed25519) == address(0)) revert Ed25519Unsupported();
            return ed25519.verify(key.x, message, signature);
        }
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        if (key.algorithm == Algorithms.ES256) return verifyP256(sha256(message), r, s, key.x, key.y);
        return verifySecp256k1(sha256(message), r, s, key.x, key.y);
    }

    /// Any s is accepted: secure elements emit high s, and an attestation is identified by its statement, not its signature.
    function verifyP256(bytes32 digest, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal view returns (bool) {
        (bool done, bytes memory answer) = P256.staticcall(abi.encode(digest, r, s, x, y));
        return done && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    /// Low s only (RFC 8812 leaves it open; wallets insist). The recovery bit is not part of a COSE signature: both are tried.
    function verifySecp256k1(bytes32 digest, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal pure returns (bool) {
        if (uint256(s) > SECP256K1_HALF_ORDER) return false;
        address account = address(uint160(uint256(keccak256(abi.encode(x, y)))));
        return account == ecrecover(digest, 27, r, s) || account == ecrecover(digest, 28, r, s);
    }

    /// Without the precompile its address answers every call with nothing, and every ES256 signature would look false.
    function requireP256() internal view {
        if (!verifyP256(PROBE_DIGEST, PROBE_R, PROBE_S, PROBE_X, PROBE_Y)) revert P256Missing();
    }
}
