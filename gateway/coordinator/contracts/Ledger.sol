// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Gateway, ILedger, IRegistry, KINDS, Seal, Times} from "./Interfaces.sol";

/// @title The gateways' append-only logs, as far as a stranger needs them: one (size, root) per checkpoint; what they say
/// about each epoch; and the stakes that answer for both.
/// @notice Immutable, without an owner. This contract's address is the "coordinator" of every scope.
/// Its balance is the stakes + what is owed + what is burned.
contract Ledger is ILedger, EIP712 {
    /// A commitment that its gateway signed and somebody else sends (EIP-712, secp256k1, low s).
    /// @param r Signature.
    /// @param vs Signature: s, with the parity of y as its highest bit (EIP-2098).
    struct Relayed {
        address gateway;
        uint64 seq;
        uint64 size;
        bytes32 root;
        bytes32 r;
        bytes32 vs;
    }

    /// Why a commitment is not taken.
    enum Refusal {
        None,
        Exiting,
        Frozen,
        Seq,
        Size,
        Ring,
        Signature
    }

    /// @inheritdoc ILedger
    uint64 public constant RING = 1024;

    /// A seal as it is kept.
    /// @param figures From the low end: work 128 | count 64 | sealed at 40.
    struct KeptSeal {
        bytes32 root;
        uint256 figures;
    }

    bytes32 private constant COMMIT = keccak256("Commit(address gateway,uint64 seq,uint64 size,bytes32 root)");

    /// No seal says more, so that no sum of seals overflows and nobody can block the others' by one that is absurd.
    uint128 public constant MAX_SEAL_WORK = type(uint96).max;

    /// Gas for a challenger's own code when it is paid: more than a wallet contract needs, too little to hold up a fault.
    uint256 private constant PAYMENT_GAS = 30_000;

    /// @inheritdoc ILedger
    IRegistry public immutable REGISTRY;

    /// @inheritdoc ILedger
    address public immutable FAULTS;

    /// @inheritdoc ILedger
    uint40 public immutable GENESIS;

    /// @inheritdoc ILedger
    uint40 public immutable EPOCH;

    /// @inheritdoc ILedger
    uint40 public immutable SEALING;

    /// @inheritdoc ILedger
    uint40 public immutable DISPUTE;

    /// @inheritdoc ILedger
    /// @dev A younger commitment is never overwritten, and a stake does not leave earlier.
    uint40 public immutable RETENTION;

    /// @inheritdoc ILedger
    uint80 public immutable MIN_STAKE;

    mapping(address gateway => Gateway) private _gateways;
    mapping(address gateway => bytes32[RING]) private _ring;
    mapping(address gateway => mapping(uint256 epochAndKind => KeptSeal)) private _seals;
    mapping(uint256 epochAndKind => uint256) private _totals;

    /// One more than the burned wei, so that the first fault does not pay for a fresh slot.
    uint256 private _burned = 1;

    /// @notice Wei that waits for an account that did not take its payment (`collect`).
    mapping(address account => uint256) public owed;

    /// @notice Sum of `owed`.
    uint256 public owedTotal;

    event Committed(address indexed gateway, uint64 indexed seq, uint64 size, bytes32 root);
    event Skipped(address indexed gateway, uint64 indexed seq, Refusal why);
    event Sealed(address indexed gateway, uint32 indexed epoch, uint8 kind);
    event SealVoided(address indexed gateway, uint32 indexed epoch, uint8 kind);
    event Slashed(address indexed gateway, address indexed challenger, uint256 reward, uint256 burned);
    event Collected(address indexed account, uint256 amount);
    event Staked(address indexed gateway, uint256 stake);
    event ExitStarted(address indexed gateway, uint256 withdrawableAt);
    event Withdrawn(address indexed gateway, uint256 stake);

    error RegistryMismatch(address ledger);
    error BadTimes(uint40 epoch, uint40 sealing, uint40 dispute);
    error SeqNotNext(uint64 got, uint64 next);
    error SizeFell(uint64 got, uint64 last);
    error RingFull(uint64 seq, uint256 freeAt);
    error Exiting(uint256 withdrawableAt);
    error NotExiting();
    error TooEarly(uint256 withdrawableAt);
    error StakeTooLarge(uint256 got);
    error StakeTooSmall(uint256 got, uint256 want);
    error NoStake();
    error PaymentFailed();
    error FrozenGateway();
    error NotFaults(address caller);
    error NothingOwed(address account);
    error KindUnknown(uint8 kind);
    error NotSealable(uint32 epoch, uint256 from, uint256 until);
    error AlreadySealed(uint32 epoch, uint8 kind);
    error SealRange(uint128 work, uint64 count);

    /// @param registry The Registry that was deployed for this address.
    /// @param faults Address at which Faults is going to be deployed.
    /// @param times Sealing and dispute time end within the next epoch: at most one seal per kind of a gateway is not final.
    /// @param minStake Least wei with which a gateway may seal.
    constructor(IRegistry registry, address faults, Times memory times, uint80 minStake) EIP712("Fieldseal Ledger", "1") {
        if (registry.LEDGER() != address(this)) revert RegistryMismatch(registry.LEDGER());
        bool whole = times.epoch > 0 && times.sealing > 0 && times.dispute > 0;
        if (!whole || uint256(times.sealing) + times.dispute > times.epoch || times.epoch > type(uint32).max) {
            revert BadTimes(times.epoch, times.sealing, times.dispute);
        }
        REGISTRY = registry;
        FAULTS = faults;
        GENESIS = uint40(block.timestamp);
        EPOCH = times.epoch;
        SEALING = times.sealing;
        DISPUTE = times.dispute;
        RETENTION = times.epoch + times.sealing + times.dispute;
        MIN_STAKE = minStake;
    }

    /// @notice Adds to the caller's stake.
    function stake() external payable {
        Gateway storage gateway = _gateways[msg.sender];
        if (gateway.frozen) revert FrozenGateway();
        if (gateway.exit != 0) revert Exiting(_withdrawableAt(gateway.exit));
        uint256 total = uint256(gateway.stake) + msg.value;
        if (total > type(uint80).max) revert StakeTooLarge(total);
        // The line above bounds it.
        // forge-lint: disable-next-line(unsafe-typecast)
        gateway.stake = uint80(total);
        emit Staked(msg.sender, total);
    }

    /// @notice Announces that the caller leaves: no commitment or seal from now on, and the stake may go after RETENTION.
    function exit() external {
        Gateway storage gateway = _gateways[msg.sender];
        if (gateway.exit != 0) revert Exiting(_withdrawableAt(gateway.exit));
        if (gateway.stake == 0) revert NoStake();
        gateway.exit = uint32(block.timestamp);
        emit ExitStarted(msg.sender, _withdrawableAt(gateway.exit));
    }

    /// @notice Pays the stake back once everything the caller committed is beyond dispute. The log may go on afterwards.
    function withdraw() external {
        Gateway storage gateway = _gateways[msg.sender];
        if (gateway.exit == 0) revert NotExiting();
        uint256 until = _withdrawableAt(gateway.exit);
        if (block.timestamp < until) revert TooEarly(until);
        uint256 amount = gateway.stake;
        gateway.stake = 0;
        gateway.exit = 0;
        emit Withdrawn(msg.sender, amount);
        if (!_pay(msg.sender, amount, gasleft())) revert PaymentFailed();
    }

    /// @notice Pays what `owed` holds for the caller.
    /// @param to Account that takes it, where the caller cannot.
    function collect(address to) external {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed(msg.sender);
        owed[msg.sender] = 0;
        owedTotal -= amount;
        emit Collected(msg.sender, amount);
        if (!_pay(to, amount, gasleft())) revert PaymentFailed();
    }

    /// @notice Records a checkpoint of the caller's log.
    /// @dev `seq` makes a transaction that is sent twice revert: exactly once is a promise of this contract.
    /// @param seq One more than the caller's newest commitment; the first is 1.
    /// @param size Entries in the log; never less than before.
    /// @param root RFC 6962 root over them.
    function commit(uint64 seq, uint64 size, bytes32 root) external {
        Refusal why = _commit(msg.sender, seq, size, root);
        if (why == Refusal.None) return;
        Gateway memory gateway = _gateways[msg.sender];
        if (why == Refusal.Exiting) revert Exiting(_withdrawableAt(gateway.exit));
        if (why == Refusal.Frozen) revert FrozenGateway();
        if (why == Refusal.Seq) revert SeqNotNext(seq, uint64(gateway.seq) + 1);
        if (why == Refusal.Size) revert SizeFell(size, gateway.last);
        revert RingFull(seq, _freeAt(_ring[msg.sender][seq % RING]));
    }

    /// @notice Records checkpoints of many gateways, each signed by its gateway; anyone may send them.
    /// @dev What cannot be taken is skipped with an event: a gateway that sends its commitment itself, or a stranger who
    /// sends one of them first, must not undo everybody else's. A replay is skipped by its `seq`.
    function commitFor(Relayed[] calldata commitments) external {
        for (uint256 i = 0; i < commitments.length; ++i) {
            Relayed calldata c = commitments[i];
            Refusal why = Refusal.Signature;
            bytes32 digest = commitDigest(c.gateway, c.seq, c.size, c.root);
            (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, c.r, c.vs);
            if (problem == ECDSA.RecoverError.NoError && signer == c.gateway) {
                why = _commit(c.gateway, c.seq, c.size, c.root);
            }
            if (why != Refusal.None) emit Skipped(c.gateway, c.seq, why);
        }
    }

    /// @notice States the caller's work of an epoch and kind, once, in the sealing time after the epoch's end.
    /// @param epoch The epoch that has just ended.
    /// @param kind Kind of the devices.
    /// @param root Sum tree over the shares, sorted strictly ascending by device (Shares.sol).
    /// @param work Sum of the shares; each is at least 1.
    /// @param count Number of shares.
    function seal(uint32 epoch, uint8 kind, bytes32 root, uint128 work, uint64 count) external {
        Gateway memory gateway = _gateways[msg.sender];
        if (gateway.exit != 0) revert Exiting(_withdrawableAt(gateway.exit));
        if (gateway.frozen) revert FrozenGateway();
        if (gateway.stake < MIN_STAKE) revert StakeTooSmall(gateway.stake, MIN_STAKE);
        if (kind >= KINDS) revert KindUnknown(kind);
        uint256 from = epochEnd(epoch);
        if (block.timestamp < from || block.timestamp - from >= SEALING) {
            revert NotSealable(epoch, from, from + SEALING);
        }
        if (count == 0 || work < count || work > MAX_SEAL_WORK) revert SealRange(work, count);
        uint256 place = _place(epoch, kind);
        KeptSeal storage kept = _seals[msg.sender][place];
        if (kept.figures != 0) revert AlreadySealed(epoch, kind);
        kept.root = root;
        kept.figures = work | (uint256(count) << 128) | (block.timestamp << 192);
        // What a fault has to look for. Written once per kind in a gateway's life, not once per seal.
        uint16 bit = uint16(1 << kind);
        if (gateway.sealedKinds & bit == 0) _gateways[msg.sender].sealedKinds = gateway.sealedKinds | bit;
        // MAX_SEAL_WORK: no sum of seals overflows.
        unchecked {
            _totals[place] += work;
        }
        emit Sealed(msg.sender, epoch, kind);
    }

    /// @inheritdoc ILedger
    function slash(address gateway, address challenger) external returns (uint256 reward) {
        if (msg.sender != FAULTS) revert NotFaults(msg.sender);
        Gateway memory was = _gateways[gateway];
        if (was.frozen) return 0;
        Gateway storage kept = _gateways[gateway];
        kept.frozen = true;
        kept.stake = 0;
        _void(gateway, was.sealedKinds);
        reward = was.stake / 2;
        uint256 rest = was.stake - reward;
        _burned += rest;
        emit Slashed(gateway, challenger, reward, rest);
        if (reward != 0 && !_pay(challenger, reward, PAYMENT_GAS)) {
            owed[challenger] += reward;
            owedTotal += reward;
        }
    }

    /// @notice Wei of slashed stakes that no function moves any more.
    function burned() external view returns (uint256) {
        return _burned - 1;
    }

    /// @inheritdoc ILedger
    function gatewayOf(address gateway) external view returns (Gateway memory) {
        return _gateways[gateway];
    }

    /// @notice What the ring holds in the place of `seq`: keccak256(gateway, seq, size, root, minedAt) with its last five bytes
    /// replaced by `minedAt`, seconds since 1970. Zero = nothing yet. A place is reused every 1,024 commitments.
    function checkpoint(address gateway, uint64 seq) external view returns (bytes32) {
        return _ring[gateway][seq % RING];
    }

    /// @inheritdoc ILedger
    function isCommitted(address gateway, uint64 seq, uint64 size, bytes32 root) external view returns (bool) {
        return committedAt(gateway, seq, size, root) != 0;
    }

    /// @inheritdoc ILedger
    function committedAt(address gateway, uint64 seq, uint64 size, bytes32 root) public view returns (uint40 minedAt) {
        bytes32 held = _ring[gateway][seq % RING];
        minedAt = uint40(uint256(held));
        if (held != _mark(gateway, seq, size, root, minedAt)) minedAt = 0;
    }

    /// @inheritdoc ILedger
    function sealOf(address gateway, uint32 epoch, uint8 kind) external view returns (Seal memory) {
        KeptSeal storage kept = _seals[gateway][_place(epoch, kind)];
        uint256 figures = kept.figures;
        // forge-lint: disable-next-line(unsafe-typecast)
        return Seal(kept.root, uint128(figures), uint64(figures >> 128), uint40(figures >> 192));
    }

    /// @inheritdoc ILedger
    function totalWork(uint32 epoch, uint8 kind) external view returns (uint128) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(_totals[_place(epoch, kind)]);
    }

    /// @inheritdoc ILedger
    function finalAt(uint32 epoch) external view returns (uint256) {
        return epochEnd(epoch) + SEALING + DISPUTE;
    }

    /// @inheritdoc ILedger
    function epochEnd(uint32 epoch) public view returns (uint256) {
        // 40 bits, 33 bits and 40 bits.
        unchecked {
            return GENESIS + (uint256(epoch) + 1) * EPOCH;
        }
    }

    /// @inheritdoc ILedger
    function epochAt(uint256 time) public view returns (uint32) {
        // 2^32 epochs of a second are 136 years.
        // forge-lint: disable-next-line(unsafe-typecast)
        return time < GENESIS ? 0 : uint32((time - GENESIS) / EPOCH);
    }

    /// @notice What a gateway signs so that others may send its commitment (EIP-712).
    function commitDigest(address gateway, uint64 seq, uint64 size, bytes32 root) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(COMMIT, gateway, seq, size, root)));
    }

    function _commit(address account, uint64 seq, uint64 size, bytes32 root) private returns (Refusal) {
        Gateway memory gateway = _gateways[account];
        if (gateway.exit != 0) return Refusal.Exiting;
        if (gateway.frozen) return Refusal.Frozen;
        if (seq != uint64(gateway.seq) + 1) return Refusal.Seq;
        if (size < gateway.last) return Refusal.Size;
        uint256 place = seq % RING;
        bytes32 old = _ring[account][place];
        if (old != 0 && block.timestamp < _freeAt(old)) return Refusal.Ring;
        Gateway storage kept = _gateways[account];
        // One more than a uint48; 2^48 commitments are never made.
        // forge-lint: disable-next-line(unsafe-typecast)
        kept.seq = uint48(seq);
        kept.last = size;
        _ring[account][place] = _mark(account, seq, size, root, uint40(block.timestamp));
        emit Committed(account, seq, size, root);
        return Refusal.None;
    }

    /// Only the seals of the epoch before the present one can be not yet final.
    function _void(address gateway, uint16 kinds) private {
        uint32 present = epochAt(block.timestamp);
        if (present == 0 || block.timestamp >= epochEnd(present - 1) + SEALING + DISPUTE) return;
        for (uint8 kind = 0; kind < KINDS; ++kind) {
            if (kinds & (1 << kind) == 0) continue;
            uint256 place = _place(present - 1, kind);
            uint256 figures = _seals[gateway][place].figures;
            if (figures == 0) continue;
            // forge-lint: disable-next-line(unsafe-typecast)
            _totals[place] -= uint128(figures);
            delete _seals[gateway][place];
            emit SealVoided(gateway, present - 1, kind);
        }
    }

    /// No word of the answer is copied: the payee cannot make it long.
    function _pay(address to, uint256 amount, uint256 limit) private returns (bool paid) {
        assembly ("memory-safe") {
            paid := call(limit, to, amount, 0, 0, 0, 0)
        }
    }

    function _withdrawableAt(uint32 exitAt) private view returns (uint256) {
        return uint256(exitAt) + RETENTION;
    }

    function _freeAt(bytes32 mark) private view returns (uint256) {
        return uint256(uint40(uint256(mark))) + RETENTION;
    }

    function _place(uint32 epoch, uint8 kind) private pure returns (uint256) {
        return (uint256(epoch) << 8) | kind;
    }

    /// The time stands in the clear so that the age of a place is known without its preimage; 27 bytes of hash remain.
    function _mark(address gateway, uint64 seq, uint64 size, bytes32 root, uint40 minedAt) private pure returns (bytes32) {
        uint256 hash = uint256(keccak256(abi.encode(gateway, seq, size, root, minedAt)));
        return bytes32((hash & ~uint256(type(uint40).max)) | minedAt);
    }
}
