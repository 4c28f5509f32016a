// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Evidence, Logged} from "../Evidence.sol";
import {Faults} from "../Faults.sol";
import {Algorithms, IEd25519, PublicKey, Signatures} from "../Signatures.sol";
import {FaultsFixture} from "./FaultsFixture.sol";
import {vm} from "./Vm.sol";

/// Takes every signature but one.
contract AllButOne is IEd25519 {
    function verify(bytes32, bytes calldata, bytes calldata signature) external pure returns (bool) {
        return bytes32(signature[0:32]) != keccak256("r");
    }
}

contract FaultsInvalidTest is FaultsFixture {
    function setUp() public {
        start(Algorithms.ES256);
    }

    function start(uint8 algorithm) private {
        delete log;
        deployAll(algorithm == Algorithms.EDDSA ? new AllButOne() : IEd25519(address(0)));
        registerDevice(algorithm);
        writeLog(3);
    }

    function invalid(Logged memory logged, PublicKey memory key) private view returns (bytes memory) {
        return abi.encodeCall(faults.invalid, (GATEWAY, logged, key));
    }

    /// Commits one more entry and accuses it.
    function accuse(bytes memory made) private returns (bytes memory) {
        uint64 index = write(made);
        return invalid(shown(commit(GATEWAY), index), deviceKey);
    }

    function otherScope() private view returns (bytes memory) {
        bytes16 got = registry.scopeOf(OTHER);
        return abi.encodeWithSelector(Evidence.OtherScope.selector, got, registry.scopeOf(GATEWAY));
    }

    function good() private view returns (bytes memory) {
        return abi.encodeWithSelector(Faults.SignatureGood.selector, device);
    }

    function test_a_forged_signature_slashes_es256() public {
        slashes(GATEWAY, accuse(forgedEntry(reading(4))));
    }

    function test_a_forged_signature_slashes_es256k() public {
        start(Algorithms.ES256K);
        slashes(GATEWAY, accuse(forgedEntry(reading(4))));
    }

    function test_a_forged_signature_slashes_ed25519() public {
        start(Algorithms.EDDSA);
        Commitment memory said = commit(GATEWAY);
        refused(invalid(shown(said, 1), deviceKey), good());
        slashes(GATEWAY, accuse(forgedEntry(reading(4))));
    }

    function test_a_signature_over_another_statement_slashes() public {
        bytes memory raw = statement(reading(3));
        (bytes32 r, bytes32 s) = signed(Algorithms.ES256, DEVICE_SECRET, raw);
        slashes(GATEWAY, accuse(entryWith(Algorithms.ES256, statement(reading(4)), r, s)));
    }

    function test_another_algorithm_in_the_header_slashes() public {
        bytes memory raw = statement(reading(4));
        (bytes32 r, bytes32 s) = signed(Algorithms.ES256, DEVICE_SECRET, raw);
        slashes(GATEWAY, accuse(entryWith(Algorithms.ES256K, raw, r, s)));
    }

    function test_a_forged_enrolment_slashes() public {
        Said memory said = enrolment();
        said.first = 41;
        slashes(GATEWAY, accuse(forgedEntry(said)));
    }

    function test_no_attestation_at_all_slashes() public {
        slashes(GATEWAY, accuse("anything"));
    }

    function test_every_broken_form_slashes() public {
        bytes memory right = entry(reading(4));
        // Each place holds a value that SPEC.md does not allow: array, protected header, empty map, length of the payload,
        // version, kind, clock, flags, count, reserved, head of the signature.
        uint8[12] memory places = [0, 1, 4, 5, 6, 8, 9, 10, 11, 24, 30, 169];
        for (uint256 i = 0; i < places.length; ++i) {
            bytes memory wrong = bytes.concat(right);
            wrong[places[i]] = 0x77;
            brokenSlashes(wrong);
        }
        brokenSlashes(bytes.concat(right, hex"00"));
        brokenSlashes(bytes.concat(hex"d2", right));
        bytes memory cut = bytes.concat(right);
        assembly ("memory-safe") {
            mstore(cut, sub(mload(cut), 1))
        }
        brokenSlashes(cut);
        Said memory late = reading(4);
        late.time = 1 << 53;
        brokenSlashes(entry(late));
        Said memory full = reading(4);
        full.first = type(uint64).max;
        brokenSlashes(entry(full));
        Said memory two = enrolment();
        two.count = 2;
        brokenSlashes(entry(two));
    }

    function brokenSlashes(bytes memory wrong) private {
        start(Algorithms.ES256);
        slashes(GATEWAY, accuse(wrong));
    }

    function test_high_s_is_valid_for_es256_only() public {
        uint256 order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
        bytes memory raw = statement(reading(4));
        (bytes32 r, bytes32 s) = signed(Algorithms.ES256, DEVICE_SECRET, raw);
        bytes memory flipped = entryWith(Algorithms.ES256, raw, r, bytes32(order - uint256(s)));
        require(keccak256(flipped) != keccak256(entry(reading(4))), "another signature");
        refused(accuse(flipped), good());

        start(Algorithms.ES256K);
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        raw = statement(reading(4));
        (r, s) = signed(Algorithms.ES256K, DEVICE_SECRET, raw);
        slashes(GATEWAY, accuse(entryWith(Algorithms.ES256K, raw, r, bytes32(order - uint256(s)))));
    }

    function test_an_honest_log_stands_in_each_algorithm() public {
        uint8[2] memory algorithms = [Algorithms.ES256, Algorithms.ES256K];
        for (uint256 i = 0; i < algorithms.length; ++i) {
            start(algorithms[i]);
            Commitment memory said = commit(GATEWAY);
            for (uint64 index = 0; index < said.size; ++index) {
                refused(invalid(shown(said, index), deviceKey), good());
            }
        }
    }

    function test_a_device_that_nobody_registered_is_no_fault_of_the_log() public {
        Said memory said = reading(1);
        said.secret = OTHER_SECRET;
        said.device = Signatures.deviceId(otherKey());
        Logged memory logged = shown(commitOf(entry(said)), 4);
        refused(invalid(logged, otherKey()), abi.encodeWithSelector(Faults.SignatureGood.selector, said.device));
    }

    function commitOf(bytes memory made) private returns (Commitment memory) {
        write(made);
        return commit(GATEWAY);
    }

    function test_another_key_proves_nothing() public {
        Logged memory logged = shown(commit(GATEWAY), 1);
        bytes32 id = Signatures.deviceId(otherKey());
        refused(invalid(logged, otherKey()), abi.encodeWithSelector(Faults.WrongKey.selector, id, device));
        PublicKey memory moved = deviceKey;
        moved.algorithm = Algorithms.ES256K;
        id = Signatures.deviceId(moved);
        refused(invalid(logged, moved), abi.encodeWithSelector(Faults.WrongKey.selector, id, device));
    }

    /// A key in another form has the same device id, and would make every signature look false.
    function test_a_key_has_one_form() public {
        start(Algorithms.EDDSA);
        Logged memory logged = shown(commit(GATEWAY), 1);
        PublicKey memory key = deviceKey;
        key.y = bytes32(uint256(1));
        refused(invalid(logged, key), abi.encodeWithSelector(Faults.KeyUnknown.selector, Algorithms.EDDSA));
        key = deviceKey;
        key.algorithm = 0x12;
        refused(invalid(logged, key), abi.encodeWithSelector(Faults.KeyUnknown.selector, 0x12));
    }

    function testFuzz_an_unknown_algorithm_proves_nothing(uint8 algorithm) public {
        vm.assume(!Algorithms.known(algorithm));
        Logged memory logged = shown(commit(GATEWAY), 1);
        PublicKey memory key = deviceKey;
        key.algorithm = algorithm;
        refused(invalid(logged, key), abi.encodeWithSelector(Faults.KeyUnknown.selector, algorithm));
    }

    function test_a_lost_record_has_its_marker() public {
        bytes memory marker = "fieldseal: entry 4 is lost, its journal record was damaged";
        equal(uint256(keccak256(faults.lostEntry(4))), uint256(keccak256(marker)));
        bytes memory long = "fieldseal: entry 18446744073709551615 is lost, its journal record was damaged";
        equal(uint256(keccak256(faults.lostEntry(type(uint64).max))), uint256(keccak256(long)));
        refused(accuse(marker), abi.encodeWithSelector(Faults.EntryLost.selector, 4));
    }

    function test_the_marker_of_another_place_slashes() public {
        slashes(GATEWAY, accuse("fieldseal: entry 3 is lost, its journal record was damaged"));
    }

    function test_what_is_said_for_others_is_not_judged() public {
        Said memory said = reading(4);
        said.scope = registry.scopeOf(OTHER);
        refused(accuse(forgedEntry(said)), otherScope());
    }

    function test_evidence_must_be_the_gateways_own() public {
        Commitment memory said = commit(GATEWAY);
        bytes memory none = abi.encodeWithSelector(Evidence.NotCommitted.selector, OTHER, 1);
        refused(abi.encodeCall(faults.invalid, (OTHER, shown(said, 1), deviceKey)), none);
        Logged memory logged = shown(said, 1);
        logged.commitment.seq = 2;
        none = abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 2);
        refused(invalid(logged, deviceKey), none);
        said.seq = 1;
        logged = shown(said, 1);
        logged.index = 2;
        refused(invalid(logged, deviceKey), abi.encodeWithSelector(Evidence.NotInLog.selector, 2, 4));
        logged = shown(said, 1);
        logged.entry = forgedEntry(reading(1));
        refused(invalid(logged, deviceKey), abi.encodeWithSelector(Evidence.NotInLog.selector, 1, 4));
        // The log without a tree over it: what is not in a commitment does not count.
        log.push(forgedEntry(reading(4)));
        logged.entry = log[4];
        refused(invalid(logged, deviceKey), abi.encodeWithSelector(Evidence.NotInLog.selector, 1, 4));
    }

    function test_what_left_the_ring_proves_nothing() public {
        bytes memory call = accuse(forgedEntry(reading(4)));
        for (uint64 seq = 2; seq <= 1024; ++seq) {
            vm.prank(GATEWAY);
            ledger.commit(seq, 5, keccak256("root"));
        }
        vm.warp(block.timestamp + RETENTION);
        vm.prank(GATEWAY);
        ledger.commit(1025, 5, keccak256("root"));
        refused(call, abi.encodeWithSelector(Evidence.NotCommitted.selector, GATEWAY, 1));
    }

    function test_a_chain_without_p256_slashes_nobody() public {
        bytes memory call = accuse(entry(reading(4)));
        vm.mockCall(address(0x100), "", "");
        refused(call, abi.encodeWithSelector(Signatures.P256Missing.selector));
    }

    /// A bit of the signature is the gateway's fault; of the statement it is that, or none of this gateway's or device's.
    function testFuzz_one_bit(uint8 place, uint8 bit) public {
        bytes memory made = entry(reading(4));
        uint256 spot = place % made.length;
        made[spot] ^= bytes1(uint8(1) << (bit % 8));
        bytes memory call = accuse(made);
        bool scope = spot >= 8 + 72 && spot < 8 + 88;
        bool id = spot >= 8 + 96 && spot < 8 + 128;
        vm.prank(CHALLENGER);
        (bool done,) = address(faults).call(call);
        require(done == !(scope || id), "slashed or not");
        require(ledger.gatewayOf(GATEWAY).frozen == done, "frozen or not");
    }

    function test_a_challenger_pays_for_nothing_twice() public {
        bytes memory call = accuse(forgedEntry(reading(4)));
        slashes(GATEWAY, call);
        vm.prank(CHALLENGER);
        (, bytes memory answer) = address(faults).call(call);
        bytes memory frozen = abi.encodeWithSelector(Evidence.AlreadyFrozen.selector, GATEWAY);
        equal(uint256(keccak256(answer)), uint256(keccak256(frozen)));
    }

    function test_the_pair_must_match() public {
        vm.expectRevert(abi.encodeWithSelector(Evidence.LedgerMismatch.selector, address(faults)));
        new Faults(ledger, MIN_BOND);
    }
}
