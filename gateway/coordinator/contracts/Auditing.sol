// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Emission} from "./Emission.sol";
import {KINDS, Seal} from "./Interfaces.sol";
import {Proven} from "./Proven.sol";
import {Token} from "./Token.sol";

/// @title Reputation from work, lent to auditors (ERC-5805), and their pay.
/// @notice An auditor checks a gateway's log and vouches for its seal while it can still be challenged. The weight is what was
/// delegated to the auditor when the epoch ended, at most LEVERAGE times its own credit. When the seal is voided, the auditor's
/// own credit is burned; who lent it credit loses nothing.
abstract contract Auditing is Proven, Votes {
    /// An auditor's word for a seal.
    /// @param weight Credit behind it.
    /// @param settled Whether it was paid for or censured.
    struct Vouch {
        uint208 weight;
        bool settled;
    }

    /// An auditor vouches with at most this many times its own credit.
    uint256 public constant LEVERAGE = 10;

    /// The token that is mined here.
    Token public immutable TOKEN;

    /// Part of the emission for auditors, in 1/10,000.
    uint256 public immutable AUDIT_PART;

    /// @notice Mined so far of an epoch and kind: to owners, gateways and auditors.
    mapping(uint32 epoch => mapping(uint8 kind => uint256)) public paid;

    /// @notice Credit of an account: device-epochs of proven work. It cannot be transferred.
    mapping(address account => uint256) public creditOf;

    mapping(bytes32 seal => uint256) private _weights;
    mapping(bytes32 seal => mapping(address auditor => Vouch)) private _vouches;

    event Credited(address indexed account, uint256 amount);
    event Vouched(address indexed auditor, address indexed gateway, uint32 indexed epoch, uint8 kind, uint256 weight);
    event Collected(address indexed auditor, address indexed gateway, uint32 indexed epoch, uint8 kind, uint256 amount);
    event Censured(address indexed auditor, address indexed gateway, uint32 indexed epoch, uint8 kind, uint256 credit);

    error TokenMismatch(address rewards);
    error AuditPartTooLarge(uint256 part, uint256 most);
    error PoolEmpty(uint32 epoch, uint8 kind, uint256 amount, uint256 left);
    error NotInDispute(uint32 epoch, uint256 from, uint256 until);
    error NoCredit(address auditor);
    error VouchKnown(address auditor, address gateway, uint32 epoch, uint8 kind);
    error VouchUnknown(address auditor, address gateway, uint32 epoch, uint8 kind);
    error SealStands(address gateway, uint32 epoch, uint8 kind);

    constructor(Token token, uint16 auditPart) EIP712("Fieldseal credit", "1") {
        if (token.REWARDS() != address(this)) revert TokenMismatch(token.REWARDS());
        if (auditPart > Emission.WHOLE) revert AuditPartTooLarge(auditPart, Emission.WHOLE);
        TOKEN = token;
        AUDIT_PART = auditPart;
    }

    /// @notice Part of the emission for a kind, in 1/10,000.
    function split(uint8 kind) public view virtual returns (uint256);

    /// @notice Emission of an epoch for a kind, in the smallest unit of the token: `workPool` and `auditPool` together.
    function pool(uint32 epoch, uint8 kind) public view returns (uint256) {
        return Emission.partOf(Emission.inEpoch(epoch), split(kind));
    }

    /// @notice What auditors of an epoch and kind share.
    function auditPool(uint32 epoch, uint8 kind) public view returns (uint256) {
        return Emission.partOf(pool(epoch, kind), AUDIT_PART);
    }

    /// @notice What the devices and gateways of an epoch and kind share.
    function workPool(uint32 epoch, uint8 kind) public view returns (uint256) {
        uint256 whole = pool(epoch, kind);
        return whole - Emission.partOf(whole, AUDIT_PART);
    }

    /// @notice What is not, or not yet, mined of an epoch and kind: `pool` − `paid`.
    function unallocated(uint32 epoch, uint8 kind) external view returns (uint256) {
        return pool(epoch, kind) - paid[epoch][kind];
    }

    /// @notice The caller vouches for a seal, between the end of its sealing time and the end of its dispute time.
    /// @param gateway Who sealed it.
    /// @param epoch Epoch of the seal.
    /// @param kind Kind of the seal.
    function vouch(address gateway, uint32 epoch, uint8 kind) external {
        uint256 ended = LEDGER.epochEnd(epoch);
        uint256 from = ended + LEDGER.SEALING();
        uint256 until = LEDGER.finalAt(epoch);
        if (block.timestamp < from || block.timestamp >= until) revert NotInDispute(epoch, from, until);
        if (LEDGER.sealOf(gateway, epoch, kind).sealedAt == 0) revert NoSeal(gateway, epoch, kind);
        bytes32 id = _sealId(gateway, epoch, kind);
        Vouch storage word = _vouches[id][msg.sender];
        if (word.weight != 0) revert VouchKnown(msg.sender, gateway, epoch, kind);
        // Lent credit as it stood when the epoch ended, so that no credit speaks twice for one seal.
        uint256 weight = getPastVotes(msg.sender, ended);
        uint256 most = LEVERAGE * creditOf[msg.sender];
        if (weight > most) weight = most;
        if (weight == 0) revert NoCredit(msg.sender);
        // Votes are 208 bits wide.
        // forge-lint: disable-next-line(unsafe-typecast)
        word.weight = uint208(weight);
        _weights[id] += weight;
        emit Vouched(msg.sender, gateway, epoch, kind, weight);
    }

    /// @notice Pays an auditor for a seal that stood: of the audit pool, the seal's part by work and the auditor's part by
    /// weight. Anyone may send it.
    /// @param auditor Who vouched.
    /// @param gateway Who sealed it.
    /// @param epoch Epoch of the seal.
    /// @param kind Kind of the seal.
    /// @return amount What the auditor gets, in the smallest unit of the token.
    function collect(address auditor, address gateway, uint32 epoch, uint8 kind) external returns (uint256 amount) {
        Terms memory terms = _terms(gateway, epoch, kind);
        (Vouch storage word, uint256 weights) = _vouchOf(auditor, gateway, epoch, kind);
        word.settled = true;
        uint256 forSeal = Emission.earned(auditPool(epoch, kind), terms.work, LEDGER.totalWork(epoch, kind));
        amount = forSeal * word.weight / weights;
        _pay(epoch, kind, amount);
        emit Collected(auditor, gateway, epoch, kind, amount);
        TOKEN.mine(auditor, amount);
    }

    /// @notice Burns all own credit of an auditor who vouched for a seal that was voided. Anyone may send it.
    /// @dev A seal is voided by a proven fault only; once vouched for, it can go in no other way.
    /// @param auditor Who vouched.
    /// @param gateway Who sealed it.
    /// @param epoch Epoch of the seal.
    /// @param kind Kind of the seal.
    function censure(address auditor, address gateway, uint32 epoch, uint8 kind) external {
        Seal memory found = LEDGER.sealOf(gateway, epoch, kind);
        if (found.sealedAt != 0) revert SealStands(gateway, epoch, kind);
        (Vouch storage word,) = _vouchOf(auditor, gateway, epoch, kind);
        word.settled = true;
        uint256 credit = creditOf[auditor];
        creditOf[auditor] = 0;
        _transferVotingUnits(auditor, address(0), credit);
        emit Censured(auditor, gateway, epoch, kind, credit);
    }

    /// @notice An auditor's word for a seal, and the weight of all of them.
    function vouchOf(address auditor, address gateway, uint32 epoch, uint8 kind)
        external
        view
        returns (Vouch memory word, uint256 weights)
    {
        bytes32 id = _sealId(gateway, epoch, kind);
        return (_vouches[id][auditor], _weights[id]);
    }

    /// @notice The votes' clock, ERC-6372: seconds since 1970.
    function clock() public view override returns (uint48) {
        // Enough for 8.9 million years.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint48(block.timestamp);
    }

    /// @notice The votes' clock in words, ERC-6372.
    // forge-lint: disable-next-line(mixed-case-function)
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// Counts what is about to be mined; never more than the pool.
    function _pay(uint32 epoch, uint8 kind, uint256 amount) internal {
        uint256 left = pool(epoch, kind) - paid[epoch][kind];
        if (amount > left) revert PoolEmpty(epoch, kind, amount, left);
        paid[epoch][kind] += amount;
    }

    function _credit(address account, uint256 amount) internal {
        creditOf[account] += amount;
        _transferVotingUnits(address(0), account, amount);
        emit Credited(account, amount);
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return creditOf[account];
    }

    function _vouchOf(address auditor, address gateway, uint32 epoch, uint8 kind)
        private
        view
        returns (Vouch storage word, uint256 weights)
    {
        bytes32 id = _sealId(gateway, epoch, kind);
        word = _vouches[id][auditor];
        if (word.weight == 0 || word.settled) revert VouchUnknown(auditor, gateway, epoch, kind);
        weights = _weights[id];
    }

    function _sealId(address gateway, uint32 epoch, uint8 kind) private pure returns (bytes32) {
        return keccak256(abi.encode(gateway, epoch, kind));
    }
}
