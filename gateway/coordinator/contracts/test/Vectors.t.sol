// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnrolmentReader, Enrolment} from "../Enrolment.sol";
import {EntryReader} from "../Entry.sol";
import {Share, Shares, Step} from "../Shares.sol";
import {Algorithms, IEd25519, PublicKey, Signatures} from "../Signatures.sol";
import {Statement, StatementFault, StatementReader} from "../Statement.sol";
import {SuccessionReader} from "../Succession.sol";
import {vm} from "./Vm.sol";

/// Gives the libraries calldata.
contract VectorCaller {
    function locate(Share calldata share, uint64 index, uint64 count, Step[] calldata path)
        external
        pure
        returns (bytes32 root, uint128 total, uint128 before)
    {
        return Shares.locate(share, index, count, path);
    }

    function leafOf(Share calldata share) external pure returns (bytes32 hash, uint128 sum) {
        return Shares.leafOf(share);
    }

    function parse(bytes calldata entry)
        external
        pure
        returns (bool form, uint8 algorithm, bytes memory raw, bytes memory signature)
    {
        return EntryReader.parse(entry);
    }

    function faultOf(bytes calldata raw) external pure returns (StatementFault) {
        return StatementReader.faultOf(raw);
    }

    function read(bytes calldata raw) external pure returns (Statement memory) {
        return StatementReader.read(raw);
    }

    function enrolment(bytes calldata raw) external pure returns (Enrolment memory) {
        return EnrolmentReader.read(raw);
    }

    function rotation(bytes calldata raw) external pure returns (PublicKey memory) {
        return SuccessionReader.readRotation(raw);
    }

    function revocation(bytes calldata raw) external pure returns (uint64) {
        return SuccessionReader.readRevocation(raw);
    }

    function verify(PublicKey calldata key, bytes calldata raw, bytes calldata signature) external view returns (bool) {
        return Signatures.verify(key, raw, signature, IEd25519(address(0)));
    }

    function toBeSigned(uint8 algorithm, bytes calldata raw) external pure returns (bytes memory) {
        return Signatures.toBeSigned(algorithm, raw);
    }

    function scopeOf(address coordinator, address gateway) external view returns (bytes16) {
        return StatementReader.scopeOf(coordinator, gateway);
    }
}

/// What our TypeScript made, read by the contracts: the two sides cannot drift.
contract VectorsTest {
    VectorCaller private caller = new VectorCaller();
    string private json;

    function load(string memory name) private {
        json = vm.readFile(string.concat("../../../test/vectors/", name, ".json"));
    }

    function has(string memory key) private view returns (bool) {
        return vm.keyExistsJson(json, key);
    }

    /// Hex without 0x.
    function hexOf(string memory key) private view returns (bytes memory) {
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, key)));
    }

    function item(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }

    function same(bytes memory got, bytes memory want) private pure {
        require(keccak256(got) == keccak256(want), "bytes");
    }

    function shareOf(string memory one, uint256 i) private view returns (Share memory) {
        return Share(
            vm.parseJsonBytes32Array(json, string.concat(one, ".device"))[i],
            uint64(vm.parseJsonUintArray(json, string.concat(one, ".from"))[i]),
            uint64(vm.parseJsonUintArray(json, string.concat(one, ".to"))[i]),
            uint64(vm.parseJsonUintArray(json, string.concat(one, ".fromIndex"))[i]),
            uint64(vm.parseJsonUintArray(json, string.concat(one, ".toIndex"))[i])
        );
    }

    function test_sum_trees() public {
        load("shares");
        uint256 places = 0;
        for (uint256 c = 0; has(item("cases", c)); ++c) {
            string memory one = item("cases", c);
            uint256 count = vm.parseJsonUint(json, string.concat(one, ".count"));
            // Of the larger trees the first, a middle and the last place: each look at the file reads all of it.
            uint256 stride = count > 6 ? (count - 1) / 2 : 1;
            for (uint256 i = 0; i < count; i += stride) {
                place(one, uint64(i), uint64(count));
                ++places;
            }
        }
        require(places > 25, "there were vectors");
    }

    function place(string memory one, uint64 i, uint64 count) private view {
        string memory at_ = string.concat(one, ".places[", vm.toString(i), "]");
        bytes32[] memory hashes = vm.parseJsonBytes32Array(json, string.concat(at_, ".hashes"));
        uint256[] memory sums = vm.parseJsonUintArray(json, string.concat(at_, ".sums"));
        Step[] memory path = new Step[](hashes.length);
        for (uint256 j = 0; j < path.length; ++j) path[j] = Step(hashes[j], uint128(sums[j]));
        Share memory share = shareOf(one, i);
        (bytes32 leaf,) = caller.leafOf(share);
        require(leaf == vm.parseJsonBytes32Array(json, string.concat(one, ".leaf"))[i], "leaf");
        (bytes32 root, uint128 total, uint128 before) = caller.locate(share, i, count, path);
        require(root == vm.parseJsonBytes32(json, string.concat(one, ".root")), "root");
        require(total == vm.parseJsonUint(json, string.concat(one, ".total")), "total");
        require(before == vm.parseJsonUint(json, string.concat(at_, ".before")), "before");
    }

    function algorithmOf(string memory name) private pure returns (uint8) {
        if (keccak256(bytes(name)) == keccak256("ES256")) return Algorithms.ES256;
        if (keccak256(bytes(name)) == keccak256("ES256K")) return Algorithms.ES256K;
        require(keccak256(bytes(name)) == keccak256("EdDSA"), "an algorithm of ours");
        return Algorithms.EDDSA;
    }

    function keyOf(string memory one, string memory algorithm, string memory field)
        private
        view
        returns (PublicKey memory key)
    {
        bytes memory raw = hexOf(string.concat(one, field));
        key.algorithm = algorithmOf(vm.parseJsonString(json, string.concat(one, algorithm)));
        key.x = bytes32(raw);
        if (raw.length == 64) (, key.y) = abi.decode(raw, (bytes32, bytes32));
    }

    function test_device_ids_and_scopes() public {
        load("attestation");
        uint256 i = 0;
        for (; has(item("keys", i)); ++i) {
            bytes32 id = Signatures.deviceId(keyOf(item("keys", i), ".alg", ".public"));
            require(id == bytes32(hexOf(string.concat(item("keys", i), ".deviceId"))), "device id");
        }
        require(i == 3, "three keys");
        for (i = 0; has(item("scopes", i)); ++i) {
            string memory one = item("scopes", i);
            vm.chainId(vm.parseJsonUint(json, string.concat(one, ".chainId")));
            address coordinator = address(bytes20(hexOf(string.concat(one, ".coordinator"))));
            address gateway = address(bytes20(hexOf(string.concat(one, ".gateway"))));
            require(caller.scopeOf(coordinator, gateway) == bytes16(hexOf(string.concat(one, ".scope"))), "scope");
        }
        require(i > 0, "there were scopes");
    }

    function test_attestations() public {
        load("attestation");
        uint256 i = 0;
        for (; has(item("sign1", i)); ++i) {
            string memory one = item("sign1", i);
            PublicKey memory key = keyOf(one, ".alg", ".public");
            (bool form, uint8 algorithm, bytes memory raw, bytes memory signature) =
                caller.parse(hexOf(string.concat(one, ".message")));
            require(form && algorithm == key.algorithm, "form");
            same(raw, hexOf(string.concat(one, ".statement")));
            same(signature, hexOf(string.concat(one, ".signature")));
            same(caller.toBeSigned(algorithm, raw), hexOf(string.concat(one, ".toBeSigned")));
            if (algorithm != Algorithms.EDDSA) require(caller.verify(key, raw, signature), "signature");
        }
        require(i == 3, "three attestations");
    }

    function test_statements() public {
        load("attestation");
        uint256 i = 0;
        for (; has(item("statements", i)); ++i) {
            string memory one = item("statements", i);
            Statement memory s = caller.read(hexOf(string.concat(one, ".bytes")));
            one = string.concat(one, ".fields");
            require(s.kind == vm.parseJsonUint(json, string.concat(one, ".kind")), "kind");
            require(s.boot == vm.parseJsonUint(json, string.concat(one, ".boot")), "boot");
            require(s.first == vm.parseJsonUint(json, string.concat(one, ".first")), "first");
            require(s.count == vm.parseJsonUint(json, string.concat(one, ".count")), "count");
            require(s.from == vm.parseJsonUint(json, string.concat(one, ".from")), "from");
            require(s.to == vm.parseJsonUint(json, string.concat(one, ".to")), "to");
            require(s.work == vm.parseJsonUint(json, string.concat(one, ".work")), "work");
            require(s.scope == bytes16(hexOf(string.concat(one, ".scope"))), "scope");
            require(s.device == bytes32(hexOf(string.concat(one, ".device"))), "device");
            require(s.root == bytes32(hexOf(string.concat(one, ".root"))), "root");
        }
        require(i > 1, "there were statements");
    }

    /// What our TypeScript refuses the contracts refuse.
    function test_malformed_statements_and_messages() public {
        load("attestation");
        uint256 i = 0;
        for (; has(item("invalid.statements", i)); ++i) {
            bytes memory raw = hexOf(string.concat(item("invalid.statements", i), ".bytes"));
            require(caller.faultOf(raw) != StatementFault.None, "a broken rule");
        }
        require(i > 10, "there were statements");
        for (i = 0; has(item("invalid.messages", i)); ++i) {
            (bool form,,,) = caller.parse(hexOf(string.concat(item("invalid.messages", i), ".bytes")));
            require(!form, "another form");
        }
        require(i > 10, "there were messages");
    }

    function test_bodies() public {
        load("attestation");
        uint256 i = 0;
        for (; has(item("enrolments", i)); ++i) {
            string memory one = item("enrolments", i);
            Enrolment memory said = caller.enrolment(hexOf(string.concat(one, ".bytes")));
            require(said.owner == address(bytes20(hexOf(string.concat(one, ".owner")))), "owner");
            require(Signatures.deviceId(said.key) == Signatures.deviceId(keyOf(one, ".alg", ".key")), "key");
        }
        require(i == 3, "three enrolments");
        PublicKey memory next = caller.rotation(hexOf(".rotations[0].bytes"));
        require(Signatures.deviceId(next) == Signatures.deviceId(keyOf(".rotations[0]", ".alg", ".next")), "next key");
        uint64 since = caller.revocation(hexOf(".revocations[0].bytes"));
        require(since == vm.parseJsonUint(json, ".revocations[0].since"), "since");
    }
}
