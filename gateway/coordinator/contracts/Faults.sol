// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Demands} from "./Demands.sol";
import {Commitment, Logged, Sealed} from "./Evidence.sol";
import {Device, ILedger, Seal} from "./Interfaces.sol";
import {Share} from "./Shares.sol";
import {Algorithms, PublicKey, Signatures} from "./Signatures.sol";
import {Statement, StatementReader} from "./Statement.sol";

/// @title Faults of gateways: objective, one transaction each, without votes and without an admin.
/// @notice A proven fault takes the whole stake: half goes to the challenger, half is burned (Ledger.slash). A gateway
/// answers for what it committed and sealed, and can check each rule below before it does:
///
/// - In the log, for this coordinator's scope: every attestation is well formed and signed by its device (`invalid`); no two
///   of one device contradict each other (`incoherent`); the log only grows (`forked`).
/// - In a seal: every share is of a device that is registered under that kind, and starts at its first mark where it says so
///   (`unbacked`); it cites the attestations that its figures stand in (`misquoted`), the later one first committed in that
///   epoch (`misdated`), and does not grow faster than the device's cap (`outpaced`); no stretch of a register stands in two
///   shares (`overlapping`).
/// - What is committed or sealed is shown on demand (`withheld`, `opaque`).
///
/// Not held against a gateway: what a device signs for another gateway or coordinator, or signs and the gateway does not log
/// (a board's equivocation is the board's); clocks that are set back; attestations of devices that are not registered, or
/// whose key has ended, as long as it does not seal them.
contract Faults is Demands {
    /// The register may run ahead of the cap by what it grants in this time, ms: registers that are updated or read late,
    /// and clocks that are set. The same time is allowed to clocks that run ahead of the chain's.
    uint64 public constant TOLERANCE = 3_600_000;

    /// A share starts at the device's first mark when it cites this index.
    uint64 private constant FIRST_MARK = type(uint64).max;
    uint256 private constant HOUR = 3_600_000;

    event FaultProven(address indexed gateway, address indexed challenger, bytes32 indexed fault, uint256 reward);

    error KeyUnknown(uint8 algorithm);
    error WrongKey(bytes32 got, bytes32 want);
    error SignatureGood(bytes32 device);
    error EntryLost(uint64 index);
    error DifferentDevices(bytes32 a, bytes32 b);
    error SameStatement(bytes32 device);
    error Coherent(bytes32 device);
    error LogsAgree(uint64 index);
    error Backed(bytes32 device);
    error NotCited(uint64 got, uint64 want);
    error QuotedRight(bytes32 device, uint64 work);
    error DatedRight(uint64 index, uint32 epoch);
    error NotNext(uint64 before, uint64 seq);
    error OutsideCommitment(uint64 index, uint64 from, uint64 to);
    error ClockUnsynced(uint64 index);
    error WithinCap(uint256 growth, uint256 elapsed);
    error SameShare(uint64 index);
    error NoOverlap(bytes32 a, bytes32 b);

    /// @param ledger The ledger that was deployed for this address.
    /// @param minBond Least bond of a demand, in wei.
    constructor(ILedger ledger, uint256 minBond) Demands(ledger, minBond) {}

    /// @notice A logged entry that is no attestation, or one for this gateway that its device did not sign.
    /// @dev The marker that stands for a lost journal record (`lostEntry`) is not held against a gateway. Which key is
    /// shown matters only for well-formed entries.
    /// @param key The key whose device id the statement names.
    function invalid(address gateway, Logged calldata logged, PublicKey calldata key) external {
        _requireLogged(gateway, logged);
        (
            bool wellFormed,
            uint8 algorithm,
            bytes calldata raw,
            bytes calldata signature,
            Statement memory statement
        ) = _parse(logged.entry);
        if (!wellFormed) {
            if (keccak256(logged.entry) == keccak256(lostEntry(logged.index))) revert EntryLost(logged.index);
        } else {
            _requireScope(gateway, statement.scope);
            _requireForged(key, algorithm, statement.device, raw, signature);
        }
        _prove(gateway, "invalid");
    }

    /// @notice Two logged attestations of one device for this gateway: sequence numbers used twice, or a work register that
    /// falls from an earlier to a later one.
    /// @dev Two signatures over one statement are one attestation. Boots and times are not compared: a clock may be set back.
    function incoherent(address gateway, Logged calldata a, Logged calldata b) external {
        (Statement memory x, bytes calldata rawX) = _statementOf(gateway, a);
        (Statement memory y, bytes calldata rawY) = _statementOf(gateway, b);
        if (x.device != y.device) revert DifferentDevices(x.device, y.device);
        if (keccak256(rawX) == keccak256(rawY)) revert SameStatement(x.device);
        // StatementReader: first + count fits 64 bits.
        bool apart = x.first + x.count <= y.first || y.first + y.count <= x.first;
        if (apart) {
            bool metered = x.kind <= StatementReader.ENROL && y.kind <= StatementReader.ENROL;
            bool falls = x.first < y.first ? x.work > y.work : y.work > x.work;
            if (!metered || !falls) revert Coherent(x.device);
        }
        _prove(gateway, "incoherent");
    }

    /// @notice Two commitments of one gateway that disagree: on the leaf at `index`, or as a whole when they have one size.
    /// @param leafA Hash of the leaf in `a`, with its inclusion proof. Both are not read when the sizes are equal.
    /// @param leafB Hash of the leaf in `b`.
    function forked(
        address gateway,
        Commitment calldata a,
        Commitment calldata b,
        uint64 index,
        bytes32 leafA,
        bytes32[] calldata pathA,
        bytes32 leafB,
        bytes32[] calldata pathB
    ) external {
        _requireCommitted(gateway, a);
        _requireCommitted(gateway, b);
        if (a.size == b.size) {
            if (a.root == b.root) revert LogsAgree(index);
        } else {
            _requireIncluded(leafA, index, a, pathA);
            _requireIncluded(leafB, index, b, pathB);
            if (leafA == leafB) revert LogsAgree(index);
        }
        _prove(gateway, "forked");
    }

    /// @notice A sealed share that the register of devices contradicts: the device is not registered, or under another kind,
    /// or its first mark is another than the share says.
    function unbacked(address gateway, Sealed calldata shown) external {
        _requireSealed(gateway, shown);
        Device memory device = _deviceOf(shown.share.device);
        bool backed = device.owner != address(0) && device.kind == shown.kind
            && (shown.share.fromIndex != FIRST_MARK || shown.share.from == device.mark);
        if (backed) revert Backed(shown.share.device);
        _prove(gateway, "unbacked");
    }

    /// @notice A sealed share that differs from an attestation it cites: another device or scope, another value of the work
    /// register, another kind of statement, or readings that were not taken yet when the gateway sealed.
    /// @param end Whether `cited` is the entry at the share's `toIndex`; else at its `fromIndex`.
    function misquoted(address gateway, Sealed calldata shown, bool end, Logged calldata cited) external {
        Seal memory found = _requireSealed(gateway, shown);
        Share calldata share = shown.share;
        _requireCited(cited.index, end ? share.toIndex : share.fromIndex);
        _requireLogged(gateway, cited);
        (bool wellFormed,,,, Statement memory statement) = _parse(cited.entry);
        bool right = wellFormed && statement.scope == _scopeOf(gateway)
            && statement.device == share.device && statement.work == (end ? share.to : share.from)
            && (statement.kind == StatementReader.READINGS || (!end && statement.kind == StatementReader.ENROL))
            && statement.to <= uint256(found.sealedAt) * 1000 + TOLERANCE;
        if (right) revert QuotedRight(share.device, statement.work);
        _prove(gateway, "misquoted");
    }

    /// @notice A sealed share whose later end was not first committed in the epoch of the seal, or that cites what was never
    /// committed at all.
    /// @param before The commitment before `within`; not read when `within` is the first one, or older than the epoch.
    /// @param within The first commitment that contains `toIndex`; not read when none does.
    function misdated(address gateway, Sealed calldata shown, Commitment calldata before, Commitment calldata within)
        external
    {
        _requireSealed(gateway, shown);
        Share calldata share = shown.share;
        uint64 last = _gatewayOf(gateway).last;
        bool missing = share.toIndex >= last || (share.fromIndex != FIRST_MARK && share.fromIndex >= last);
        if (!missing) _requireOtherEpoch(gateway, share.toIndex, shown.epoch, before, within);
        _prove(gateway, "misdated");
    }

    /// @notice A sealed share that grows faster than the cap the device is registered with: growth > cap × (hours between the
    /// last readings of both attestations + TOLERANCE). Clocks that run backwards count as no time.
    /// @dev Both clocks must have been set (clock state above 0): an unsynced one proves nothing. From a first mark the time
    /// counts from the registration, which no later statement of the device can move.
    /// @param start The entry at the share's `fromIndex`; not read for a first mark.
    /// @param end The entry at the share's `toIndex`.
    function outpaced(address gateway, Sealed calldata shown, Logged calldata start, Logged calldata end) external {
        _requireSealed(gateway, shown);
        Share calldata share = shown.share;
        Device memory device = _deviceOf(share.device);
        if (device.owner == address(0)) revert NotRegistered(share.device);
        uint256 from = share.fromIndex == FIRST_MARK
            ? uint256(device.since) * 1000
            : _quotedTime(gateway, start, share.fromIndex, share.device, share.from);
        uint256 to = _quotedTime(gateway, end, share.toIndex, share.device, share.to);
        uint256 elapsed = to > from ? to - from : 0;
        uint256 growth = share.to - share.from;
        if (growth * HOUR <= uint256(device.cap) * (elapsed + TOLERANCE)) revert WithinCap(growth, elapsed);
        _prove(gateway, "outpaced");
    }

    /// @notice Two sealed shares of one gateway that count the same stretch of a device's register twice; in one seal, also
    /// two shares of one device, or devices out of order.
    function overlapping(address gateway, Sealed calldata a, Sealed calldata b) external {
        _requireSealed(gateway, a);
        _requireSealed(gateway, b);
        Share calldata x = a.share;
        Share calldata y = b.share;
        bool twice = x.device == y.device && x.from < y.to && y.from < x.to;
        if (a.epoch == b.epoch && a.kind == b.kind) {
            if (a.index == b.index) revert SameShare(a.index);
            twice = a.index < b.index ? x.device >= y.device : y.device >= x.device;
        }
        if (!twice) revert NoOverlap(x.device, y.device);
        _prove(gateway, "overlapping");
    }

    /// @notice What stands in a log for an attestation whose journal record was damaged beyond repair.
    function lostEntry(uint64 index) public pure returns (bytes memory) {
        bytes memory digits;
        uint64 left = index;
        do {
            // A digit.
            // forge-lint: disable-next-line(unsafe-typecast)
            digits = abi.encodePacked(uint8(48 + left % 10), digits);
            left /= 10;
        } while (left != 0);
        return abi.encodePacked("fieldseal: entry ", digits, " is lost, its journal record was damaged");
    }

    function _slash(address gateway, address challenger, bytes32 fault) internal override {
        uint256 reward = LEDGER.slash(gateway, challenger);
        emit FaultProven(gateway, challenger, fault, reward);
    }

    /// A fault that takes nothing more is refused, so that whoever estimates the transaction knows.
    function _prove(address gateway, bytes32 fault) private {
        _requireNotFrozen(gateway);
        _slash(gateway, msg.sender, fault);
    }

    /// A key is accepted in one form only: `Signatures` takes every unknown algorithm for one that it knows, and a true
    /// signature would look false.
    function _requireForged(
        PublicKey calldata key,
        uint8 algorithm,
        bytes32 device,
        bytes calldata raw,
        bytes calldata signature
    ) private view {
        bool trailing = key.algorithm == Algorithms.EDDSA && key.y != 0;
        if (!Algorithms.known(key.algorithm) || trailing) revert KeyUnknown(key.algorithm);
        bytes32 id = Signatures.deviceId(key);
        if (id != device) revert WrongKey(id, device);
        if (key.algorithm != algorithm) return;
        if (Signatures.verify(key, raw, signature, REGISTRY.ED25519())) revert SignatureGood(device);
        // A chain that lost its precompile would call every signature false.
        if (algorithm == Algorithms.ES256) Signatures.requireP256();
    }

    function _requireCited(uint64 got, uint64 want) private pure {
        if (got != want) revert NotCited(got, want);
    }

    /// Reverts unless `index` was first committed outside `epoch`.
    function _requireOtherEpoch(
        address gateway,
        uint64 index,
        uint32 epoch,
        Commitment calldata before,
        Commitment calldata within
    ) private view {
        uint256 minedAt = _requireCommitted(gateway, within);
        if (index >= within.size) revert OutsideCommitment(index, 0, within.size);
        uint256 end = LEDGER.epochEnd(epoch);
        if (minedAt + LEDGER.EPOCH() < end) return;
        if (minedAt < end) revert DatedRight(index, epoch);
        if (within.seq == 1) return;
        if (before.seq + 1 != within.seq) revert NotNext(before.seq, within.seq);
        _requireCommitted(gateway, before);
        if (index < before.size) revert OutsideCommitment(index, before.size, within.size);
    }

    /// @return When the last reading was taken, ms since 1970.
    function _quotedTime(address gateway, Logged calldata cited, uint64 index, bytes32 device, uint64 work)
        private
        view
        returns (uint256)
    {
        _requireCited(cited.index, index);
        (Statement memory statement, bytes calldata raw) = _statementOf(gateway, cited);
        if (statement.device != device) revert DifferentDevices(statement.device, device);
        if (statement.work != work) revert NotCited(statement.work, work);
        if (raw[2] == 0) revert ClockUnsynced(cited.index);
        return statement.to;
    }
}
