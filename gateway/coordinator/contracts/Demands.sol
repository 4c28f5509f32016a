// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Evidence} from "./Evidence.sol";
import {Inclusion} from "./Inclusion.sol";
import {ILedger, Seal} from "./Interfaces.sol";
import {Share, Step} from "./Shares.sol";

/// What became of a demand.
enum State {
    None,
    Open,
    Answered,
    Missed
}

/// @param by Who asks, and gets the bond back when there is no answer.
/// @param deadline Last second for the answer, since 1970.
/// @param state What became of it. A demand is made once: its answer is public for ever.
/// @param bond Wei.
struct Demand {
    address by;
    uint40 deadline;
    State state;
    uint256 bond;
}

/// @title Data that a gateway has committed to, on demand.
/// @notice Who asks pays for the answer: the bond goes to the gateway that answers in time. A gateway that does not loses its
/// stake, and the bond goes back. What is owed is fetched with `collect`, so that nobody can block a payment to others.
abstract contract Demands is Evidence {
    /// Gas of an answer, generously: at the base fee of the demand, the bond pays for several.
    uint256 public constant BOND_GAS = 500_000;

    /// Seconds a gateway has for an answer: a third of the dispute time, 24 h on public networks. A hidden share, then the
    /// attestations it cites can be demanded one after the other before the epoch is final.
    uint40 public immutable ANSWER;

    /// Least bond in wei.
    uint256 public immutable MIN_BOND;

    /// @notice Demands that a gateway has not answered yet.
    mapping(address gateway => uint256) public openDemands;

    /// @notice Wei that an account can fetch.
    mapping(address account => uint256) public owed;

    mapping(bytes32 id => Demand) private _demands;

    event LeafDemanded(
        address indexed gateway,
        bytes32 indexed id,
        uint64 seq,
        uint64 size,
        bytes32 root,
        uint64 index,
        uint256 deadline,
        uint256 bond
    );
    event ShareDemanded(
        address indexed gateway,
        bytes32 indexed id,
        uint32 epoch,
        uint8 kind,
        uint128 point,
        uint256 deadline,
        uint256 bond
    );
    event Answered(address indexed gateway, bytes32 indexed id, uint256 bond);
    event Missed(address indexed gateway, bytes32 indexed id, address indexed by, uint256 bond);
    event Collected(address indexed account, uint256 amount);

    error DisputeTooShort(uint40 dispute);
    error BondTooSmall(uint256 got, uint256 want);
    error IndexNotBelow(uint64 index, uint64 size);
    error PointNotBelow(uint128 point, uint128 work);
    error DemandKnown(bytes32 id, State state);
    error NoDemand(bytes32 id, State state);
    error TooLate(uint256 until);
    error AnswerStillDue(uint256 from);
    error WrongShare(uint128 point, uint128 from, uint128 to);
    error NothingOwed(address account);
    error PaymentFailed();

    constructor(ILedger ledger, uint256 minBond) Evidence(ledger) {
        ANSWER = ledger.DISPUTE() / 3;
        if (ANSWER == 0) revert DisputeTooShort(ledger.DISPUTE());
        MIN_BOND = minBond;
    }

    /// @notice Demands a leaf of a gateway's log. Send at least `bondFor(gateway)` with it.
    /// @param gateway Whose log.
    /// @param commitment A commitment of the gateway in the ledger's ring.
    /// @param index Place in the log, below the commitment's size.
    function demand(address gateway, Commitment calldata commitment, uint64 index) external payable {
        _requireCommitted(gateway, commitment);
        if (index >= commitment.size) revert IndexNotBelow(index, commitment.size);
        bytes32 id = leafDemandId(gateway, commitment, index);
        uint256 deadline = _open(gateway, id);
        emit LeafDemanded(
            gateway, id, commitment.seq, commitment.size, commitment.root, index, deadline, msg.value
        );
    }

    /// @notice Answers a demand for a leaf. Anyone may send it; the bond goes to the gateway.
    /// @param entry The log entry's exact bytes.
    /// @param path RFC 6962 inclusion proof in the commitment that was named.
    function answer(
        address gateway,
        Commitment calldata commitment,
        uint64 index,
        bytes calldata entry,
        bytes32[] calldata path
    ) external {
        bytes32 id = leafDemandId(gateway, commitment, index);
        _close(gateway, id);
        _requireIncluded(Inclusion.leafHash(entry), index, commitment, path);
    }

    /// @notice Proves that a demanded leaf was not produced in time. Who asked gets the bond back and the challenger's half.
    /// @dev Works for a gateway that was slashed meanwhile, too: the bond comes back.
    function withheld(address gateway, Commitment calldata commitment, uint64 index) external {
        _miss(gateway, leafDemandId(gateway, commitment, index), "withheld");
    }

    /// @notice Demands the share of a seal that covers a point. Send at least `bondFor(gateway)` with it. Possible until
    /// ANSWER before the epoch is final.
    /// @param gateway Who sealed.
    /// @param point In [0, work of the seal): shares cover the work one after the other.
    function demandShare(address gateway, uint32 epoch, uint8 kind, uint128 point) external payable {
        Seal memory found = _requireSeal(gateway, epoch, kind);
        if (point >= found.work) revert PointNotBelow(point, found.work);
        uint256 until = LEDGER.finalAt(epoch) - ANSWER;
        if (block.timestamp > until) revert TooLate(until);
        bytes32 id = shareDemandId(gateway, epoch, kind, point);
        uint256 deadline = _open(gateway, id);
        emit ShareDemanded(gateway, id, epoch, kind, point, deadline, msg.value);
    }

    /// @notice Answers a demand for a share. Anyone may send it; the bond goes to the gateway.
    /// @param share The share that covers the point.
    /// @param index Its place in the seal.
    /// @param path Its neighbours in the sum tree, from the leaf up.
    function answerShare(
        address gateway,
        uint32 epoch,
        uint8 kind,
        uint128 point,
        Share calldata share,
        uint64 index,
        Step[] calldata path
    ) external {
        _close(gateway, shareDemandId(gateway, epoch, kind, point));
        (, uint128 before) = _locate(gateway, epoch, kind, share, index, path);
        uint128 end = before + (share.to - share.from);
        if (point < before || point >= end) revert WrongShare(point, before, end);
    }

    /// @notice Proves that the share at a demanded point was not produced in time. Who asked gets the bond back and the
    /// challenger's half.
    function opaque(address gateway, uint32 epoch, uint8 kind, uint128 point) external {
        _miss(gateway, shareDemandId(gateway, epoch, kind, point), "opaque");
    }

    /// @notice Pays out what an account is owed. Anyone may send it.
    function collect(address account) external {
        uint256 amount = owed[account];
        if (amount == 0) revert NothingOwed(account);
        owed[account] = 0;
        emit Collected(account, amount);
        (bool paid,) = account.call{value: amount}("");
        if (!paid) revert PaymentFailed();
    }

    /// @notice Least bond for the next demand to a gateway, in wei. It grows with the demands that are open: nobody is kept
    /// busy for little, and no gateway can use up a limit by asking itself.
    function bondFor(address gateway) public view returns (uint256) {
        uint256 fees = block.basefee * BOND_GAS;
        return (fees > MIN_BOND ? fees : MIN_BOND) * (openDemands[gateway] + 1);
    }

    /// @notice A demand; all zero when it was never made.
    function demandOf(bytes32 id) external view returns (Demand memory) {
        return _demands[id];
    }

    /// @notice Name of a demand for a leaf.
    function leafDemandId(address gateway, Commitment calldata commitment, uint64 index)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode("leaf", gateway, commitment, index));
    }

    /// @notice Name of a demand for a share.
    function shareDemandId(address gateway, uint32 epoch, uint8 kind, uint128 point) public pure returns (bytes32) {
        return keccak256(abi.encode("share", gateway, epoch, kind, point));
    }

    /// Takes a proven gateway's stake.
    function _slash(address gateway, address challenger, bytes32 fault) internal virtual;

    function _open(address gateway, bytes32 id) private returns (uint256 deadline) {
        _requireNotFrozen(gateway);
        uint256 bond = bondFor(gateway);
        if (msg.value < bond) revert BondTooSmall(msg.value, bond);
        State state = _demands[id].state;
        if (state != State.None) revert DemandKnown(id, state);
        deadline = block.timestamp + ANSWER;
        ++openDemands[gateway];
        // 40 bits of seconds last for 34,000 years.
        // forge-lint: disable-next-line(unsafe-typecast)
        _demands[id] = Demand({by: msg.sender, deadline: uint40(deadline), state: State.Open, bond: msg.value});
    }

    function _close(address gateway, bytes32 id) private {
        Demand storage found = _demands[id];
        if (found.state != State.Open) revert NoDemand(id, found.state);
        if (block.timestamp > found.deadline) revert TooLate(found.deadline);
        found.state = State.Answered;
        --openDemands[gateway];
        owed[gateway] += found.bond;
        emit Answered(gateway, id, found.bond);
    }

    function _miss(address gateway, bytes32 id, bytes32 fault) private {
        Demand storage found = _demands[id];
        if (found.state != State.Open) revert NoDemand(id, found.state);
        if (block.timestamp <= found.deadline) revert AnswerStillDue(uint256(found.deadline) + 1);
        found.state = State.Missed;
        --openDemands[gateway];
        address by = found.by;
        owed[by] += found.bond;
        emit Missed(gateway, id, by, found.bond);
        if (!_gatewayOf(gateway).frozen) _slash(gateway, by, fault);
    }
}
