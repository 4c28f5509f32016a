// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "./Emission.sol";
import {IRegistry} from "./Interfaces.sol";
import {Receipt, ReceiptReader} from "./Receipt.sol";
import {IEd25519, PublicKey, Signatures} from "./Signatures.sol";
import {Statement, StatementReader} from "./Statement.sol";
import {Token} from "./Token.sol";

/// @title Devices that pay devices: tokens are burned for credit, and a receipt that both signed mints them anew.
/// @notice Credit belongs to a device, not to an account: a device names its owner itself, so an account must not be liable for
/// whatever device names it. Credit is not paid back; that is what a provider relies on.
abstract contract Credits {
    /// A receipt as both devices signed it.
    /// @param gateway The gateway in the statement's scope.
    /// @param statement 160 bytes, kind 4.
    /// @param body 128 bytes whose SHA-256 is the statement's root.
    /// @param provider Key of the statement's device.
    /// @param consumer Key of the body's payer.
    struct Signed {
        address gateway;
        bytes statement;
        bytes body;
        PublicKey provider;
        PublicKey consumer;
    }

    uint8 private constant RECEIPT = 4;

    /// The token that is burned and minted anew.
    Token public immutable TOKEN;

    /// Part of a settlement that stays burned, in 1/10,000.
    uint256 public immutable FEE;

    /// Who owns which device.
    IRegistry public immutable REGISTRY;

    /// @notice Credit of a payer, 1 = 1e-18 of a token.
    mapping(bytes32 payer => uint128) public creditsOf;

    /// @notice Settled so far between a payer and a provider, as `total` of their receipts. It only rises.
    mapping(bytes32 payer => mapping(bytes32 provider => uint128)) public settledOf;

    event CreditsBought(bytes32 indexed payer, address indexed buyer, uint128 amount);
    event Settled(bytes32 indexed payer, bytes32 indexed provider, uint128 mark, uint128 paid, uint256 fee);

    error TokenMismatch(address market);
    error FeeTooLarge(uint256 fee, uint256 most);
    error NothingBought();
    error NotReceipt(uint8 kind, uint8 want);
    error WrongScope(bytes16 got, bytes16 want);
    error WrongBody(bytes32 got, bytes32 want);
    error WrongProvider(bytes32 got, bytes32 want);
    error WrongPayer(bytes32 got, bytes32 want);
    error BadSignature(bytes32 device);
    error BadCountersignature(bytes32 device);
    error ProviderUnknown(bytes32 device);
    error NothingToSettle(uint128 total, uint128 settled);
    error NoCredits(bytes32 payer);

    constructor(Token token, IRegistry registry, uint16 fee) {
        if (token.MARKET() != address(this)) revert TokenMismatch(token.MARKET());
        if (fee > Emission.WHOLE) revert FeeTooLarge(fee, Emission.WHOLE);
        TOKEN = token;
        FEE = fee;
        REGISTRY = registry;
    }

    /// @notice Burns tokens of the caller for credit of a device. Needs no approval: nobody else's tokens can be meant.
    /// @param payer Device id of the consumer; it need not be registered.
    /// @param amount In the smallest unit of the token.
    function buyCredits(bytes32 payer, uint128 amount) external {
        if (amount == 0) revert NothingBought();
        creditsOf[payer] += amount;
        emit CreditsBought(payer, msg.sender, amount);
        TOKEN.burn(msg.sender, amount);
    }

    /// @notice Pays the provider's registered owner what a receipt's total grew since the last settlement of the same two
    /// devices, less the fee. When the credit does not suffice, all of it is paid, and the rest is owed still.
    /// @dev The newest receipt settles all before it; an old one, or the same again, settles nothing.
    /// @param receipt What both devices signed.
    /// @param signature The provider's, 64 bytes.
    /// @param countersignature The consumer's, 64 bytes (RFC 9338 §3.2).
    /// @return paid Credit used, the fee included.
    function settle(Signed calldata receipt, bytes calldata signature, bytes calldata countersignature)
        external
        returns (uint128 paid)
    {
        Receipt memory said = _said(receipt);
        _requireSigned(receipt, said, signature, countersignature);
        address owner = REGISTRY.deviceOf(said.provider).owner;
        if (owner == address(0)) revert ProviderUnknown(said.provider);
        uint128 mark = settledOf[said.payer][said.provider];
        if (said.total <= mark) revert NothingToSettle(said.total, mark);
        uint128 credit = creditsOf[said.payer];
        if (credit == 0) revert NoCredits(said.payer);
        paid = said.total - mark;
        if (paid > credit) paid = credit;
        uint256 fee = Emission.partOf(paid, FEE);
        settledOf[said.payer][said.provider] = mark + paid;
        creditsOf[said.payer] = credit - paid;
        emit Settled(said.payer, said.provider, mark + paid, paid, fee);
        TOKEN.remint(owner, paid - fee);
    }

    function _said(Signed calldata receipt) private view returns (Receipt memory said) {
        Statement memory statement = StatementReader.read(receipt.statement);
        if (statement.kind != RECEIPT) revert NotReceipt(statement.kind, RECEIPT);
        bytes16 scope = REGISTRY.scopeOf(receipt.gateway);
        if (statement.scope != scope) revert WrongScope(statement.scope, scope);
        bytes32 body = sha256(receipt.body);
        if (body != statement.root) revert WrongBody(body, statement.root);
        said = ReceiptReader.read(receipt.body);
        if (said.provider != statement.device) revert WrongProvider(said.provider, statement.device);
    }

    function _requireSigned(
        Signed calldata receipt,
        Receipt memory said,
        bytes calldata signature,
        bytes calldata countersignature
    ) private view {
        PublicKey memory key = receipt.provider;
        bytes32 id = Signatures.deviceId(key);
        if (id != said.provider) revert WrongProvider(id, said.provider);
        IEd25519 ed25519 = REGISTRY.ED25519();
        if (!Signatures.verify(key, receipt.statement, signature, ed25519)) revert BadSignature(id);
        bytes memory message = ReceiptReader.toBeCountersigned(key.algorithm, receipt.statement, signature);
        key = receipt.consumer;
        id = Signatures.deviceId(key);
        if (id != said.payer) revert WrongPayer(id, said.payer);
        if (!ReceiptReader.verify(key, message, countersignature, ed25519)) revert BadCountersignature(id);
    }
}
