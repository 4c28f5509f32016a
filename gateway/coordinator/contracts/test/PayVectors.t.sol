// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Receipt, ReceiptReader} from "../Receipt.sol";
import {ShareProof} from "../ShareProof.sol";
import {Share, Step} from "../Shares.sol";
import {Algorithms, IEd25519, PublicKey} from "../Signatures.sol";
import {vm} from "./Vm.sol";

/// Gives the libraries calldata.
contract PayCaller {
    function rootOf(Share[] calldata shares, Step[] calldata path, bytes calldata steps)
        external
        pure
        returns (bytes32 root, uint256 total)
    {
        return ShareProof.rootOf(shares, path, steps);
    }

    function receipt(bytes calldata raw) external pure returns (Receipt memory) {
        return ReceiptReader.read(raw);
    }

    function message(uint8 algorithm, bytes calldata raw, bytes calldata signature) external pure returns (bytes memory) {
        return ReceiptReader.toBeCountersigned(algorithm, raw, signature);
    }

    function verify(PublicKey calldata key, bytes calldata signed, bytes calldata signature)
        external
        view
        returns (bool)
    {
        return ReceiptReader.verify(key, signed, signature, IEd25519(address(0)));
    }
}

/// Proofs of many shares and receipts that our TypeScript made, read by the contracts.
contract PayVectorsTest {
    PayCaller private caller = new PayCaller();
    string private json;

    function place(string memory list, uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "].", field);
    }

    function text(uint256 i, string memory field) private view returns (bytes memory) {
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, place("receipts", i, field))));
    }

    function numbers(uint256 c, string memory field) private view returns (uint256[] memory) {
        return vm.parseJsonUintArray(json, place("cases", c, field));
    }

    function sharesOf(uint256 c) private view returns (Share[] memory shares) {
        uint256[] memory places = numbers(c, "batch.indexes");
        bytes32[] memory device = vm.parseJsonBytes32Array(json, place("cases", c, "device"));
        uint256[][4] memory field =
            [numbers(c, "from"), numbers(c, "to"), numbers(c, "fromIndex"), numbers(c, "toIndex")];
        shares = new Share[](places.length);
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 j = places[i];
            shares[i] = Share(
                device[j], uint64(field[0][j]), uint64(field[1][j]), uint64(field[2][j]), uint64(field[3][j])
            );
        }
    }

    function test_proofs_of_many_shares() public {
        json = vm.readFile("../../../test/vectors/shares.json");
        uint256 c = 0;
        for (; vm.keyExistsJson(json, place("cases", c, "batch")); ++c) {
            uint256[] memory sums = numbers(c, "batch.sums");
            bytes32[] memory hashes = vm.parseJsonBytes32Array(json, place("cases", c, "batch.hashes"));
            Step[] memory path = new Step[](hashes.length);
            for (uint256 i = 0; i < path.length; ++i) path[i] = Step(hashes[i], uint128(sums[i]));
            bytes memory steps = vm.parseBytes(vm.parseJsonString(json, place("cases", c, "batch.steps")));
            (bytes32 root, uint256 total) = caller.rootOf(sharesOf(c), path, steps);
            require(root == vm.parseJsonBytes32(json, place("cases", c, "root")), "root");
            require(total == vm.parseJsonUint(json, place("cases", c, "total")), "total");
        }
        require(c >= 10, "there were vectors");
    }

    /// The provider's algorithm is ES256 in all of them.
    function test_receipts() public {
        json = vm.readFile("../../../test/vectors/attestation.json");
        uint256 checked = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, place("receipts", i, "bytes")); ++i) {
            Receipt memory said = caller.receipt(text(i, "bytes"));
            require(said.payer == bytes32(text(i, "payer")), "payer");
            require(said.provider == bytes32(text(i, "provider")), "provider");
            require(said.total == vm.parseJsonUint(json, place("receipts", i, "total")), "total");
            // [protected, {12: countersignature}, payload, signature] with fixed places.
            bytes memory whole = text(i, "message");
            bytes memory countersignature = part(whole, 9, 64);
            bytes memory signature = part(whole, 237, 64);
            bytes memory signed = caller.message(Algorithms.ES256, text(i, "statement"), signature);
            require(keccak256(signed) == keccak256(text(i, "toBeCountersigned")), "what the consumer signs");
            bytes memory key = text(i, "consumer.key");
            if (key.length != 64) continue;
            (bytes32 x, bytes32 y) = abi.decode(key, (bytes32, bytes32));
            PublicKey memory consumer = PublicKey(Algorithms.ES256K, x, y);
            require(caller.verify(consumer, signed, countersignature), "the consumer's signature");
            countersignature[63] ^= 0x01;
            require(!caller.verify(consumer, signed, countersignature), "another signature");
            ++checked;
        }
        require(checked > 0, "there were vectors");
    }

    function part(bytes memory whole, uint256 from, uint256 length) private pure returns (bytes memory out) {
        out = new bytes(length);
        for (uint256 i = 0; i < length; ++i) out[i] = whole[from + i];
    }
}
