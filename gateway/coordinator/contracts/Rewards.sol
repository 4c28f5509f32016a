// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Auditing} from "./Auditing.sol";
import {Emission} from "./Emission.sol";
import {Device, ILedger, IRegistry, KINDS} from "./Interfaces.sol";
import {Mark, Marks} from "./Marks.sol";
import {Batch, Proven} from "./Proven.sol";
import {Share} from "./Shares.sol";
import {Token} from "./Token.sol";

/// @title Pays for proven work: each epoch's emission, split by kind of device, shared in proportion to work.
/// @notice Immutable, without an owner. For each epoch and kind, what is paid and what is unallocated is the pool, to the unit.
contract Rewards is Auditing {
    /// One number per kind, in 1/10,000; together at most 10,000.
    uint256 private immutable SPLIT;

    /// Part of a device's pay that the gateway gets, in 1/10,000.
    uint256 public immutable GATEWAY_PART;

    /// The only account that uses up work for certificates.
    address public immutable MARKET;

    mapping(bytes32 device => uint256) private _paid;
    mapping(bytes32 device => uint256) private _certified;

    event Claimed(bytes32 indexed device, uint32 indexed epoch, uint256 amount);
    event Certified(bytes32 indexed device, uint32 indexed epoch, uint256 work, bool exclusive);

    error NoClaims();
    error SplitTooLarge(uint256 sum, uint256 most);
    error PartTooLarge(uint256 part, uint256 most);
    error OnlyMarket(address caller);

    /// @param registry The Registry of `ledger`.
    /// @param ledger Where the seals are.
    /// @param token The Token that was deployed for this address.
    /// @param market Address at which Market is going to be deployed.
    /// @param split_ Part of the emission for each kind, in 1/10,000; what is missing to 10,000 is never mined.
    /// @param gatewayPart Part of a device's pay that the gateway gets, in 1/10,000.
    /// @param auditPart Part of the emission for auditors, in 1/10,000.
    constructor(
        IRegistry registry,
        ILedger ledger,
        Token token,
        address market,
        uint16[16] memory split_,
        uint16 gatewayPart,
        uint16 auditPart
    ) Proven(registry, ledger) Auditing(token, auditPart) {
        if (gatewayPart > Emission.WHOLE) revert PartTooLarge(gatewayPart, Emission.WHOLE);
        uint256 sum = 0;
        uint256 packed = 0;
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            sum += split_[kind];
            packed |= uint256(split_[kind]) << (16 * kind);
        }
        if (sum > Emission.WHOLE) revert SplitTooLarge(sum, Emission.WHOLE);
        SPLIT = packed;
        GATEWAY_PART = gatewayPart;
        MARKET = market;
    }

    /// @notice Pays an owner for shares of final seals. Anyone may send it; the registered owner is paid, and each gateway
    /// gets its part. All claims or none.
    /// @param owner Registered owner of every device in `batches`; not zero.
    /// @param batches The shares with their proofs, by seal; a device's shares stand in the order of its register.
    /// @return amount What the owner gets, in the smallest unit of the token.
    function claim(address owner, Batch[] calldata batches) external returns (uint256 amount) {
        if (owner == address(0) || batches.length == 0) revert NoClaims();
        for (uint256 i = 0; i < batches.length; ++i) amount += _claim(owner, batches[i]);
        TOKEN.mine(owner, amount);
    }

    /// @notice Uses up shares for certificates. Only MARKET.
    /// @param owner Registered owner of every device in `batch`; not zero.
    /// @param batch Shares of one seal, with their proofs.
    /// @param exclusive Whether a rule forbids that the same work is paid: then the paid mark is used up as well.
    /// @return works Growth of each device's work register.
    function certify(address owner, Batch calldata batch, bool exclusive) external returns (uint256[] memory works) {
        if (msg.sender != MARKET) revert OnlyMarket(msg.sender);
        if (owner == address(0) || batch.shares.length == 0) revert NoClaims();
        Terms memory terms = _proven(batch);
        works = new uint256[](batch.shares.length);
        Device memory device;
        for (uint256 i = 0; i < works.length; ++i) {
            Share calldata share = batch.shares[i];
            _load(device, share.device, owner, terms.kind);
            works[i] = _use(terms, share, device, _certified);
            if (exclusive) _use(terms, share, device, _paid);
            emit Certified(share.device, batch.epoch, works[i], exclusive);
        }
    }

    /// @notice Turns finished device-epochs into credit of the devices' registered owners. Anyone may send it.
    /// @dev One unit for each epoch in which a device had proven work; credit cannot be transferred.
    /// @param devices Device ids.
    function accrue(bytes32[] calldata devices) external {
        for (uint256 i = 0; i < devices.length; ++i) {
            Device memory device = REGISTRY.deviceOf(devices[i]);
            if (device.owner == address(0)) revert DeviceUnknown(devices[i]);
            (uint256 mark, uint256 finished) = Marks.accrue(_paid[devices[i]]);
            if (finished == 0) continue;
            _paid[devices[i]] = mark;
            _credit(device.owner, finished);
        }
    }

    /// @notice The paid mark of a device; all zero before its first claim, when Registry.firstMark stands for it.
    function paidMarkOf(bytes32 device) external view returns (Mark memory) {
        return Marks.unpack(_paid[device]);
    }

    /// @notice The certified mark of a device; all zero before its first certificate, when Registry.firstMark stands for it.
    function certifiedMarkOf(bytes32 device) external view returns (Mark memory) {
        return Marks.unpack(_certified[device]);
    }

    /// @notice Part of the emission for a kind, in 1/10,000.
    function split(uint8 kind) public view override returns (uint256) {
        if (kind >= KINDS) revert KindUnknown(kind);
        return uint16(SPLIT >> (16 * kind));
    }

    /// One seal: what is read of it and minted to its gateway is shared by all claims on it.
    function _claim(address owner, Batch calldata batch) private returns (uint256 forOwner) {
        uint256 count = batch.shares.length;
        if (count == 0) revert NoClaims();
        Terms memory terms = _proven(batch);
        (uint32 epoch, uint8 kind) = (batch.epoch, batch.kind);
        uint256 total = LEDGER.totalWork(epoch, kind);
        uint256 forWork = workPool(epoch, kind);
        uint256 gross = 0;
        Device memory device;
        for (uint256 i = 0; i < count; ++i) {
            Share calldata share = batch.shares[i];
            _load(device, share.device, owner, kind);
            uint256 whole = Emission.earned(forWork, _use(terms, share, device, _paid), total);
            uint256 net = whole - Emission.partOf(whole, GATEWAY_PART);
            // Together at most the pool, below 2^86.
            unchecked {
                gross += whole;
                forOwner += net;
            }
            emit Claimed(share.device, epoch, net);
        }
        _pay(epoch, kind, gross);
        TOKEN.mine(batch.gateway, gross - forOwner);
    }
}
