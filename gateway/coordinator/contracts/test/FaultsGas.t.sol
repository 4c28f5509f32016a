// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Logged, Sealed} from "../Evidence.sol";
import {Share} from "../Shares.sol";
import {Algorithms, IEd25519} from "../Signatures.sol";
import {FaultsFixture} from "./FaultsFixture.sol";
import {vm} from "./Vm.sol";

/// Gas of every fault, with a log of 65,536 entries (a week of packs, one in ten seconds), a seal of 64 shares, and that seal
/// voided. A log twice as long costs 900 more for each entry shown.
contract FaultsGasTest is FaultsFixture {
    uint256 private constant GOAL = 125_000;
    /// Two entries of the log and a share of the seal in one transaction.
    uint256 private constant GOAL_OUTPACED = 153_000;
    uint256 private constant LEVELS = 16;
    uint64 private constant HALF = 1 << 15;

    event Gas(string fault, uint256 used);

    Share[] private sealedShares;

    function setUp() public {
        start(Algorithms.ES256);
    }

    function start(uint8 algorithm) private {
        deployAll(IEd25519(address(0)));
        registerDevice(algorithm);
    }

    function siblings(uint256 side) private pure returns (bytes32[] memory path) {
        path = new bytes32[](LEVELS);
        for (uint256 i = 0; i + 1 < LEVELS; ++i) path[i] = keccak256(abi.encode(side, i));
    }

    function up(bytes memory made, bytes32[] memory path) private pure returns (bytes32 node) {
        node = sha256(bytes.concat(hex"00", made));
        for (uint256 i = 0; i + 1 < LEVELS; ++i) node = sha256(abi.encodePacked(hex"01", node, path[i]));
    }

    /// A log of 2^16 entries with `a` at 0 and `b` in the middle.
    function logOf(bytes memory a, bytes memory b, uint64 seq) private returns (Logged memory x, Logged memory y) {
        bytes32[] memory pathA = siblings(1);
        bytes32[] memory pathB = siblings(2);
        bytes32 left = up(a, pathA);
        bytes32 right = up(b, pathB);
        pathA[LEVELS - 1] = right;
        pathB[LEVELS - 1] = left;
        Commitment memory said = Commitment(seq, 2 * HALF, sha256(abi.encodePacked(hex"01", left, right)));
        vm.prank(GATEWAY);
        ledger.commit(said.seq, said.size, said.root);
        x = Logged(said, 0, a, pathA);
        y = Logged(said, HALF, b, pathB);
    }

    /// The share among 63 others.
    function sealAmong(Share memory share) private returns (Sealed memory) {
        Share[] memory s = new Share[](64);
        for (uint64 i = 0; i < 64; ++i) s[i] = Share(bytes32(uint256(i + 1)), 1, 1000 + i, 1, 2);
        s[63] = share;
        seal(GATEWAY, 0, KIND, s);
        for (uint256 i = 0; i < 64; ++i) sealedShares.push(s[i]);
        return sealedShare(0, KIND, s, 63);
    }

    function honestSeal() private returns (Sealed memory) {
        return sealAmong(Share(device, MARK, MARK + 10_000, 0, HALF));
    }

    function measured(string memory fault, bytes memory call) private {
        measured(fault, call, GOAL);
    }

    function measured(string memory fault, bytes memory call, uint256 goal) private {
        uint256 used = slashes(GATEWAY, call);
        emit Gas(fault, used);
        require(used <= goal, fault);
    }

    function forgedBy(uint8 algorithm, string memory fault) private {
        start(algorithm);
        (, Logged memory cited) = logOf(entry(enrolment()), forgedEntry(reading(10)), 1);
        honestSeal();
        measured(fault, abi.encodeCall(faults.invalid, (GATEWAY, cited, deviceKey)));
    }

    function test_gas_of_invalid() public {
        forgedBy(Algorithms.ES256, "invalid, P-256");
        forgedBy(Algorithms.ES256K, "invalid, secp256k1");
    }

    function test_gas_of_incoherent() public {
        Said memory twice = reading(10);
        twice.root = keccak256("other readings");
        (Logged memory a, Logged memory b) = logOf(entry(reading(10)), entry(twice), 1);
        honestSeal();
        measured("incoherent", abi.encodeCall(faults.incoherent, (GATEWAY, a, b)));
    }

    function test_gas_of_forked() public {
        (, Logged memory a) = logOf(entry(enrolment()), entry(reading(10)), 1);
        (, Logged memory b) = logOf(entry(enrolment()), entry(reading(11)), 2);
        Commitment memory larger = Commitment(3, 2 * HALF + 1, keccak256("x"));
        larger.root = sha256(abi.encodePacked(hex"01", b.commitment.root, keccak256("last leaf")));
        vm.prank(GATEWAY);
        ledger.commit(3, larger.size, larger.root);
        bytes32[] memory path = new bytes32[](LEVELS + 1);
        for (uint256 i = 0; i < LEVELS; ++i) path[i] = b.path[i];
        path[LEVELS] = keccak256("last leaf");
        honestSeal();
        bytes32 x = sha256(bytes.concat(hex"00", a.entry));
        bytes32 y = sha256(bytes.concat(hex"00", b.entry));
        measured("forked", abi.encodeCall(faults.forked, (GATEWAY, a.commitment, larger, HALF, x, a.path, y, path)));
    }

    function test_gas_of_unbacked() public {
        logOf(entry(enrolment()), entry(reading(10)), 1);
        Sealed memory it = sealAmong(Share(keccak256("nobody's"), MARK, MARK + 1, 0, HALF));
        measured("unbacked", abi.encodeCall(faults.unbacked, (GATEWAY, it)));
    }

    function test_gas_of_misquoted() public {
        (, Logged memory b) = logOf(entry(enrolment()), entry(reading(10)), 1);
        Sealed memory it = sealAmong(Share(device, MARK, MARK + 10_001, FIRST_MARK, HALF));
        measured("misquoted", abi.encodeCall(faults.misquoted, (GATEWAY, it, true, b)));
    }

    function test_gas_of_misdated() public {
        (Logged memory a,) = logOf(entry(enrolment()), entry(reading(10)), 1);
        vm.warp(ledger.epochEnd(0));
        Commitment memory late = Commitment(2, 4 * HALF, keccak256("late"));
        vm.prank(GATEWAY);
        ledger.commit(2, late.size, late.root);
        Sealed memory it = sealAmong(Share(device, MARK, MARK + 10_000, FIRST_MARK, 3 * HALF));
        measured("misdated", abi.encodeCall(faults.misdated, (GATEWAY, it, a.commitment, late)));
    }

    function test_gas_of_outpaced() public {
        Said memory much = reading(10);
        much.work = MARK + 1_000_000;
        (Logged memory a, Logged memory b) = logOf(entry(enrolment()), entry(much), 1);
        Sealed memory it = sealAmong(Share(device, MARK, much.work, 0, HALF));
        measured("outpaced", abi.encodeCall(faults.outpaced, (GATEWAY, it, a, b)), GOAL_OUTPACED);
    }

    function test_gas_of_overlapping() public {
        Share memory share = Share(device, MARK, MARK + 10_000, FIRST_MARK, HALF);
        Sealed memory it = sealAmong(share);
        delete it.path;
        Share[] memory s = sealedShares;
        seal(GATEWAY, 0, KIND + 1, s);
        Sealed memory a = sealedShare(0, KIND, s, 63);
        Sealed memory b = sealedShare(0, KIND + 1, s, 63);
        measured("overlapping", abi.encodeCall(faults.overlapping, (GATEWAY, a, b)));
    }

    function test_gas_of_withheld() public {
        (Logged memory a,) = logOf(entry(enrolment()), entry(reading(10)), 1);
        honestSeal();
        vm.prank(CHALLENGER);
        faults.demand{value: MIN_BOND}(GATEWAY, a.commitment, 5);
        emit Gas("demand", vm.lastCallGas().gasTotalUsed);
        vm.warp(block.timestamp + 1 days + 1);
        measured("withheld", abi.encodeCall(faults.withheld, (GATEWAY, a.commitment, 5)));
    }

    function test_gas_of_opaque() public {
        honestSeal();
        vm.prank(CHALLENGER);
        faults.demandShare{value: MIN_BOND}(GATEWAY, 0, KIND, 5);
        emit Gas("demandShare", vm.lastCallGas().gasTotalUsed);
        vm.warp(block.timestamp + 1 days + 1);
        measured("opaque", abi.encodeCall(faults.opaque, (GATEWAY, 0, KIND, 5)));
    }

    /// The least bond pays for the answer at the base fee of the demand, several times over.
    function test_gas_of_answers() public {
        (Logged memory a,) = logOf(entry(enrolment()), entry(reading(10)), 1);
        Sealed memory it = honestSeal();
        vm.prank(CHALLENGER);
        faults.demand{value: MIN_BOND}(GATEWAY, a.commitment, 0);
        faults.answer(GATEWAY, a.commitment, 0, a.entry, a.path);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        emit Gas("answer", used);
        require(used * 4 <= faults.BOND_GAS(), "a leaf");
        uint128 point = ledger.sealOf(GATEWAY, 0, KIND).work - 1;
        vm.prank(CHALLENGER);
        faults.demandShare{value: MIN_BOND}(GATEWAY, 0, KIND, point);
        faults.answerShare(GATEWAY, 0, KIND, point, it.share, it.index, it.path);
        used = vm.lastCallGas().gasTotalUsed;
        emit Gas("answerShare", used);
        require(used * 4 <= faults.BOND_GAS(), "a share");
    }
}
