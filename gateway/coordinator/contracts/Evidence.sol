// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EntryReader} from "./Entry.sol";
import {Inclusion} from "./Inclusion.sol";
import {Device, Gateway, ILedger, IRegistry, Seal} from "./Interfaces.sol";
import {Share, Shares, Step} from "./Shares.sol";
import {Statement, StatementFault, StatementReader} from "./Statement.sol";

/// A commitment that the ledger's ring still holds.
/// @param seq Its number.
/// @param size Entries in the log.
/// @param root RFC 6962 root over them.
struct Commitment {
    uint64 seq;
    uint64 size;
    bytes32 root;
}

/// An entry of a gateway's log, proven to be in a commitment.
/// @param index Place in the log, from 0.
/// @param entry The entry's exact bytes.
/// @param path RFC 6962 inclusion proof.
struct Logged {
    Commitment commitment;
    uint64 index;
    bytes entry;
    bytes32[] path;
}

/// A share, proven to be in a gateway's seal.
/// @param epoch Epoch of the seal.
/// @param kind Kind of device of the seal.
/// @param index Place of the share in the seal, from 0.
/// @param path Neighbours in the sum tree, from the leaf up.
struct Sealed {
    uint32 epoch;
    uint8 kind;
    Share share;
    uint64 index;
    Step[] path;
}

/// @title What a gateway has bound itself to: entries of its committed log and shares of its seals.
/// @notice Everything here is the gateway's own word. What a device says elsewhere is never held against a gateway.
abstract contract Evidence {
    /// The ledger whose gateways are judged; its address is the "coordinator" of every scope.
    ILedger public immutable LEDGER;

    /// The ledger's register of devices.
    IRegistry public immutable REGISTRY;

    error LedgerMismatch(address faults);
    error NotCommitted(address gateway, uint64 seq);
    error NotInLog(uint64 index, uint64 size);
    error NoSeal(address gateway, uint32 epoch, uint8 kind);
    error NotInSeal(uint64 index, uint64 count);
    error MalformedEntry(uint64 index);
    error OtherScope(bytes16 got, bytes16 want);
    error NotRegistered(bytes32 device);
    error AlreadyFrozen(address gateway);

    constructor(ILedger ledger) {
        if (ledger.FAULTS() != address(this)) revert LedgerMismatch(ledger.FAULTS());
        LEDGER = ledger;
        REGISTRY = ledger.REGISTRY();
    }

    /// @return minedAt When the gateway committed this, seconds since 1970.
    function _requireCommitted(address gateway, Commitment calldata said) internal view returns (uint40 minedAt) {
        minedAt = LEDGER.committedAt(gateway, said.seq, said.size, said.root);
        if (minedAt == 0) revert NotCommitted(gateway, said.seq);
    }

    function _requireLogged(address gateway, Logged calldata logged) internal view {
        Commitment calldata said = logged.commitment;
        _requireCommitted(gateway, said);
        _requireIncluded(Inclusion.leafHash(logged.entry), logged.index, said, logged.path);
    }

    function _requireIncluded(bytes32 leaf, uint64 index, Commitment calldata said, bytes32[] calldata path)
        internal
        view
    {
        if (!Inclusion.holds(leaf, index, said.size, path, said.root)) revert NotInLog(index, said.size);
    }

    /// @return found The seal that holds the share.
    function _requireSealed(address gateway, Sealed calldata shown) internal view returns (Seal memory found) {
        (found,) = _locate(gateway, shown.epoch, shown.kind, shown.share, shown.index, shown.path);
    }

    /// @return found The seal that holds the share.
    /// @return before Work of the shares to its left.
    function _locate(
        address gateway,
        uint32 epoch,
        uint8 kind,
        Share calldata share,
        uint64 index,
        Step[] calldata path
    ) internal view returns (Seal memory found, uint128 before) {
        found = _requireSeal(gateway, epoch, kind);
        bytes32 root;
        uint128 total;
        (root, total, before) = Shares.locate(share, index, found.count, path);
        if (root != found.root || total != found.work) revert NotInSeal(index, found.count);
    }

    function _requireSeal(address gateway, uint32 epoch, uint8 kind) internal view returns (Seal memory found) {
        found = LEDGER.sealOf(gateway, epoch, kind);
        if (found.sealedAt == 0) revert NoSeal(gateway, epoch, kind);
    }

    /// Reads an entry. Every form that SPEC.md allows is well formed, and nothing else.
    /// @return wellFormed Whether the other values mean anything.
    /// @return algorithm As the entry's protected header says.
    /// @return raw The statement's bytes.
    function _parse(bytes calldata entry)
        internal
        pure
        returns (
            bool wellFormed,
            uint8 algorithm,
            bytes calldata raw,
            bytes calldata signature,
            Statement memory statement
        )
    {
        (wellFormed, algorithm, raw, signature) = EntryReader.parse(entry);
        wellFormed = wellFormed && StatementReader.faultOf(raw) == StatementFault.None;
        if (wellFormed) statement = StatementReader.fieldsOf(raw);
    }

    /// A logged, well-formed attestation that was made for this coordinator and gateway. A log outlives coordinators: what it
    /// holds for others is no concern of this one.
    function _statementOf(address gateway, Logged calldata logged)
        internal
        view
        returns (Statement memory statement, bytes calldata raw)
    {
        _requireLogged(gateway, logged);
        bool wellFormed;
        (wellFormed,, raw,, statement) = _parse(logged.entry);
        if (!wellFormed) revert MalformedEntry(logged.index);
        _requireScope(gateway, statement.scope);
    }

    function _requireScope(address gateway, bytes16 scope) internal view {
        bytes16 want = _scopeOf(gateway);
        if (scope != want) revert OtherScope(scope, want);
    }

    function _scopeOf(address gateway) internal view returns (bytes16) {
        return StatementReader.scopeOf(address(LEDGER), gateway);
    }

    function _requireNotFrozen(address gateway) internal view {
        if (_gatewayOf(gateway).frozen) revert AlreadyFrozen(gateway);
    }

    // One place for each call to another contract: the code of a call is long.

    function _gatewayOf(address gateway) internal view returns (Gateway memory) {
        return LEDGER.gatewayOf(gateway);
    }

    function _deviceOf(bytes32 device) internal view returns (Device memory) {
        return REGISTRY.deviceOf(device);
    }
}
