// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Logged, Sealed} from "../Evidence.sol";
import {Faults} from "../Faults.sol";
import {Gateway} from "../Interfaces.sol";
import {Share, Step} from "../Shares.sol";
import {Algorithms, IEd25519, PublicKey, Signatures} from "../Signatures.sol";
import {deployed} from "./Deploy.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// Gateways with a log, commitments and seals, made as the documents say and not with the contracts' own code.
abstract contract FaultsFixture is Fixture {
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant FIRST_MARK = type(uint64).max;
    uint64 internal constant MARK = 1_234_567;
    uint256 internal constant MIN_BOND = 0.01 ether;
    uint256 internal constant STAKE = 4 ether;
    address internal constant CHALLENGER = address(0xC4A1);
    address internal constant OTHER = address(0x07E4);
    uint256 internal constant OTHER_SECRET = 0xd1d1;

    Faults internal faults;
    PublicKey internal deviceKey;
    bytes32 internal device;

    /// Entries of the log that is being written.
    bytes[] internal log;

    /// What a test may say wrongly in a statement.
    struct Said {
        uint8 algorithm;
        uint256 secret;
        uint8 kind;
        uint8 clock;
        uint32 boot;
        uint64 first;
        uint16 count;
        uint64 time;
        uint64 work;
        bytes16 scope;
        bytes32 device;
        bytes32 root;
    }

    function deployAll(IEd25519 ed25519) internal {
        deploy(ed25519);
        faults = Faults(deployed("Faults", abi.encode(ledger, MIN_BOND)));
        address[3] memory rich = [GATEWAY, OTHER, CHALLENGER];
        for (uint256 i = 0; i < rich.length; ++i) vm.deal(rich[i], 100 ether);
        putStake(GATEWAY);
        putStake(OTHER);
    }

    function putStake(address gateway) internal {
        vm.prank(gateway);
        ledger.stake{value: STAKE}();
    }

    function registerDevice(uint8 algorithm) internal {
        Draft memory d = draft(algorithm);
        deviceKey = d.key;
        device = d.device;
        Sending memory sending = prepare(d);
        admit(sending);
        send(sending);
    }

    function otherKey() internal pure returns (PublicKey memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(OTHER_SECRET);
        return PublicKey(Algorithms.ES256, bytes32(x), bytes32(y));
    }

    /// The device's `n`-th pack of ten readings, an hour each, 1,000 of work an hour.
    function reading(uint64 n) internal view returns (Said memory s) {
        s.algorithm = deviceKey.algorithm;
        s.secret = DEVICE_SECRET;
        s.clock = 1;
        s.boot = 7;
        s.first = 1 + 10 * (n - 1);
        s.count = 10;
        s.time = (START + 3600 * n) * 1000;
        s.work = MARK + 1000 * n;
        s.scope = registry.scopeOf(GATEWAY);
        s.device = device;
        s.root = keccak256(abi.encode("readings", n));
    }

    function enrolment() internal view returns (Said memory s) {
        s = reading(1);
        s.kind = 1;
        s.first = 0;
        s.count = 1;
        s.time = START * 1000;
        s.work = MARK;
    }

    function statement(Said memory s) internal pure returns (bytes memory) {
        bytes memory start = abi.encodePacked(
            uint8(1), s.kind, s.clock, uint8(0), s.boot, s.first, s.count, uint48(0), s.time - 1, s.time
        );
        return abi.encodePacked(start, s.work, uint64(0), bytes16(0), s.scope, uint64(0), s.device, s.root);
    }

    function headOf(uint8 algorithm) internal pure returns (bytes memory) {
        if (algorithm == Algorithms.ES256) return hex"43a10126";
        return algorithm == Algorithms.ES256K ? bytes(hex"44a101382e") : bytes(hex"43a10127");
    }

    function signed(uint8 algorithm, uint256 secret, bytes memory raw) internal pure returns (bytes32 r, bytes32 s) {
        bytes32 digest = sha256(bytes.concat(hex"846a", "Signature1", headOf(algorithm), hex"4058a0", raw));
        if (algorithm == Algorithms.ES256) return vm.signP256(secret, digest);
        (, r, s) = vm.sign(secret, digest);
    }

    function entryWith(uint8 algorithm, bytes memory raw, bytes32 r, bytes32 s) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"84", headOf(algorithm), hex"a058a0", raw, hex"5840", r, s);
    }

    function entry(Said memory said) internal pure returns (bytes memory) {
        bytes memory raw = statement(said);
        (bytes32 r, bytes32 s) = signed(said.algorithm, said.secret, raw);
        return entryWith(said.algorithm, raw, r, s);
    }

    function forgedEntry(Said memory said) internal pure returns (bytes memory) {
        return entryWith(said.algorithm, statement(said), keccak256("r"), bytes32(uint256(1)));
    }

    /// Enrolment and packs 1…last.
    function writeLog(uint64 last) internal {
        log.push(entry(enrolment()));
        for (uint64 n = 1; n <= last; ++n) log.push(entry(reading(n)));
    }

    function write(bytes memory made) internal returns (uint64 index) {
        log.push(made);
        return uint64(log.length - 1);
    }

    /// Commits what is in `log`.
    function commit(address gateway) internal returns (Commitment memory said) {
        said = Commitment(uint64(ledger.gatewayOf(gateway).seq) + 1, uint64(log.length), logRoot(0, log.length));
        vm.prank(gateway);
        ledger.commit(said.seq, said.size, said.root);
    }

    function shown(Commitment memory said, uint64 index) internal view returns (Logged memory) {
        return Logged(said, index, log[index], logPath(0, said.size, index));
    }

    function leaf(uint256 index) internal view returns (bytes32) {
        return sha256(abi.encodePacked(hex"00", log[index]));
    }

    /// RFC 6962 §2.1, recursively.
    function logRoot(uint256 from, uint256 to) internal view returns (bytes32) {
        if (to - from == 1) return leaf(from);
        uint256 middle = from + split(to - from);
        return sha256(abi.encodePacked(hex"01", logRoot(from, middle), logRoot(middle, to)));
    }

    function logPath(uint256 from, uint256 to, uint256 index) internal view returns (bytes32[] memory path) {
        if (to - from == 1) return new bytes32[](0);
        uint256 middle = from + split(to - from);
        bool left = index < middle;
        bytes32[] memory below = left ? logPath(from, middle, index) : logPath(middle, to, index);
        path = new bytes32[](below.length + 1);
        for (uint256 i = 0; i < below.length; ++i) path[i] = below[i];
        path[below.length] = left ? logRoot(middle, to) : logRoot(from, middle);
    }

    function split(uint256 n) internal pure returns (uint256 k) {
        for (k = 1; k * 2 < n;) k *= 2;
    }

    function sumTree(Share[] memory s, uint256 from, uint256 to) internal pure returns (Step memory) {
        if (to - from == 1) {
            Share memory x = s[from];
            bytes memory raw = abi.encodePacked(hex"00", x.device, x.from, x.to, x.fromIndex, x.toIndex);
            return Step(keccak256(raw), x.to - x.from);
        }
        uint256 middle = from + split(to - from);
        Step memory a = sumTree(s, from, middle);
        Step memory b = sumTree(s, middle, to);
        return Step(keccak256(abi.encodePacked(hex"01", a.sum, a.hash, b.sum, b.hash)), a.sum + b.sum);
    }

    function sumPath(Share[] memory s, uint256 from, uint256 to, uint256 index)
        internal
        pure
        returns (Step[] memory path)
    {
        if (to - from == 1) return new Step[](0);
        uint256 middle = from + split(to - from);
        bool left = index < middle;
        Step[] memory below = left ? sumPath(s, from, middle, index) : sumPath(s, middle, to, index);
        path = new Step[](below.length + 1);
        for (uint256 i = 0; i < below.length; ++i) path[i] = below[i];
        path[below.length] = left ? sumTree(s, middle, to) : sumTree(s, from, middle);
    }

    function one(Share memory share) internal pure returns (Share[] memory s) {
        s = new Share[](1);
        s[0] = share;
    }

    /// Seals in the first hour after the epoch's end, or now when that is past.
    function seal(address gateway, uint32 epoch, uint8 kind, Share[] memory s) internal {
        uint256 end = ledger.epochEnd(epoch);
        if (block.timestamp < end) vm.warp(end);
        Step memory top = sumTree(s, 0, s.length);
        vm.prank(gateway);
        ledger.seal(epoch, kind, top.hash, top.sum, uint64(s.length));
    }

    function sealedShare(uint32 epoch, uint8 kind, Share[] memory s, uint64 index)
        internal
        pure
        returns (Sealed memory)
    {
        return Sealed(epoch, kind, s[index], index, sumPath(s, 0, s.length, index));
    }

    /// Every fault ends like this, or not at all.
    function slashes(address gateway, bytes memory call) internal returns (uint256 used) {
        uint256 stake = ledger.gatewayOf(gateway).stake;
        uint256 before = CHALLENGER.balance;
        uint256 burned = ledger.burned();
        vm.prank(CHALLENGER);
        (bool done, bytes memory answer) = address(faults).call(call);
        used = vm.lastCallGas().gasTotalUsed;
        if (!done) revertWith(answer);
        Gateway memory state = ledger.gatewayOf(gateway);
        require(state.frozen, "frozen");
        equal(state.stake, 0);
        equal(CHALLENGER.balance - before, stake / 2);
        equal(ledger.burned() - burned, stake - stake / 2);
        uint256 stakes = uint256(ledger.gatewayOf(OTHER).stake) + ledger.gatewayOf(GATEWAY).stake;
        equal(address(ledger).balance, stakes + ledger.burned());
        // What is frozen pays nobody again.
        vm.prank(CHALLENGER);
        (done,) = address(faults).call(call);
        require(!done, "not twice");
        equal(CHALLENGER.balance - before, stake / 2);
    }

    function revertWith(bytes memory answer) internal pure {
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }

    /// The call fails with exactly this error, and nothing has happened to anybody.
    function refused(bytes memory call, bytes memory reason) internal {
        vm.prank(CHALLENGER);
        (bool done, bytes memory answer) = address(faults).call(call);
        require(!done, "should have been refused");
        if (keccak256(answer) != keccak256(reason)) revertWith(answer);
        require(!ledger.gatewayOf(GATEWAY).frozen && !ledger.gatewayOf(OTHER).frozen, "nobody is frozen");
    }
}
