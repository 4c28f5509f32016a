// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Credits} from "../Credits.sol";
import {ReceiptReader} from "../Receipt.sol";
import {Algorithms, IEd25519, PublicKey, Signatures} from "../Signatures.sol";
import {StatementReader} from "../Statement.sol";
import {OneSignature} from "./Bytes.t.sol";
import {PayFixture} from "./PayFixture.sol";
import {vm} from "./Vm.sol";

/// Receipts between two devices, with real P-256 and secp256k1 signatures.
contract MarketCreditsTest is PayFixture {
    uint256 private constant PROVIDER_SECRET = 0xd0d0;
    uint256 private constant CONSUMER_SECRET = 0xc0c0;

    /// What can be wrong about a receipt, field by field.
    struct Draft {
        uint8 providerAlgorithm;
        uint8 consumerAlgorithm;
        uint8 statementKind;
        bytes16 scope;
        bytes8 unit;
        uint128 total;
        bytes32 payer;
        bytes32 provider;
        bytes32 device;
        bytes32 root;
        bytes body;
    }

    struct Sending {
        Credits.Signed receipt;
        bytes signature;
        bytes countersignature;
    }

    function setUp() public {
        start(IEd25519(address(0)));
    }

    function start(IEd25519 ed25519) private {
        deploy(ed25519);
        Draft memory d = draft(Algorithms.ES256, Algorithms.ES256K, 1000);
        vm.prank(RESERVE);
        market.buyCredits(d.payer, 10_000);
        enrolProvider(d.provider);
        enrolProvider(draft(Algorithms.ES256K, Algorithms.ES256, 1).provider);
    }

    function enrolProvider(bytes32 provider) private {
        registry.set(provider, registry.deviceOf(bytes32(0)));
        enrol(0, OWNER, KIND, 0);
        registry.set(provider, registry.deviceOf(idOf(0)));
    }

    function keyOf(uint8 algorithm, uint256 secret) private returns (PublicKey memory) {
        if (algorithm == Algorithms.ES256) {
            (uint256 x, uint256 y) = vm.publicKeyP256(secret);
            return PublicKey(algorithm, bytes32(x), bytes32(y));
        }
        if (algorithm == Algorithms.EDDSA) return PublicKey(algorithm, keccak256(abi.encode(secret)), 0);
        uint256 x_ = vm.createWallet(secret).publicKeyX;
        return PublicKey(algorithm, bytes32(x_), bytes32(vm.createWallet(secret).publicKeyY));
    }

    function draft(uint8 providerAlgorithm, uint8 consumerAlgorithm, uint128 total) private returns (Draft memory d) {
        d.providerAlgorithm = providerAlgorithm;
        d.consumerAlgorithm = consumerAlgorithm;
        d.statementKind = 4;
        d.scope = registry.scopeOf(GATEWAY);
        d.unit = "Wh";
        d.total = total;
        d.payer = Signatures.deviceId(keyOf(consumerAlgorithm, CONSUMER_SECRET));
        d.provider = Signatures.deviceId(keyOf(providerAlgorithm, PROVIDER_SECRET));
        d.device = d.provider;
        rewrite(d);
    }

    function rewrite(Draft memory d) private pure {
        d.body = abi.encodePacked(
            uint8(1), uint56(0), d.unit, bytes16("session"), d.payer, d.provider, uint64(0), uint64(12_500), d.total
        );
        d.root = sha256(d.body);
    }

    function statementOf(Draft memory d) private pure returns (bytes memory) {
        bytes memory first = abi.encodePacked(
            uint8(1), d.statementKind, uint8(1), uint8(0), uint32(7), uint64(0), uint16(1), uint48(0),
            uint64(1_800_000_000_000), uint64(1_800_000_000_000)
        );
        return abi.encodePacked(first, uint64(5), uint64(0), bytes16(0), d.scope, uint64(0), d.device, d.root);
    }

    function sign(uint8 algorithm, uint256 secret, bytes memory message) private pure returns (bytes memory) {
        bytes32 r;
        bytes32 s;
        if (algorithm == Algorithms.EDDSA) return new bytes(64);
        if (algorithm == Algorithms.ES256) (r, s) = vm.signP256(secret, sha256(message));
        else (, r, s) = vm.sign(secret, sha256(message));
        return abi.encodePacked(r, s);
    }

    /// The bytes of RFC 9052 §4.4 and RFC 9338 §3.3, written out once more.
    function prepare(Draft memory d) private returns (Sending memory sending) {
        bytes memory statement = statementOf(d);
        bytes memory header = d.providerAlgorithm == Algorithms.ES256
            ? bytes(hex"43a10126")
            : d.providerAlgorithm == Algorithms.ES256K ? bytes(hex"44a101382e") : bytes(hex"43a10127");
        bytes memory content = bytes.concat(header, hex"4058a0", statement);
        sending.signature = sign(d.providerAlgorithm, PROVIDER_SECRET, bytes.concat(hex"846a", "Signature1", content));
        bytes memory message = bytes.concat(hex"8573", "CounterSignature0V2", content, hex"815840", sending.signature);
        sending.countersignature = sign(d.consumerAlgorithm, CONSUMER_SECRET, message);
        sending.receipt = Credits.Signed(
            GATEWAY,
            statement,
            d.body,
            keyOf(d.providerAlgorithm, PROVIDER_SECRET),
            keyOf(d.consumerAlgorithm, CONSUMER_SECRET)
        );
    }

    function settle(Sending memory s) private returns (uint128) {
        return market.settle(s.receipt, s.signature, s.countersignature);
    }

    function refused(Sending memory s, bytes memory reason) private {
        vm.expectRevert(reason);
        settle(s);
    }

    function refused(Draft memory d, bytes memory reason) private {
        refused(prepare(d), reason);
    }

    function good(uint128 total) private returns (Draft memory) {
        return draft(Algorithms.ES256, Algorithms.ES256K, total);
    }

    function test_credits_are_burned_tokens() public {
        equal(token.burned(), 10_000);
        equal(market.creditsOf(good(1).payer), 10_000);
        equal(token.balanceOf(RESERVE), token.RESERVE() - 10_000);
        vm.expectRevert(abi.encodeWithSelector(Credits.NothingBought.selector));
        market.buyCredits(idOf(0), 0);
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", address(this), 0, 1)
        );
        market.buyCredits(idOf(0), 1);
    }

    function test_settles_growth_less_the_fee() public {
        Draft memory d = good(1000);
        vm.expectEmit();
        emit Credits.Settled(d.payer, d.provider, 1000, 1000, 10);
        vm.prank(OTHER);
        equal(settle(prepare(d)), 1000);
        equal(token.balanceOf(OWNER), 990);
        equal(settle(prepare(good(1500))), 500);
        equal(token.balanceOf(OWNER), 990 + 495);
        equal(market.creditsOf(d.payer), 8500);
        equal(market.settledOf(d.payer, d.provider), 1500);
        equal(token.burned(), 10_000 - 990 - 495);
        refused(good(1500), abi.encodeWithSelector(Credits.NothingToSettle.selector, 1500, 1500));
        refused(good(1499), abi.encodeWithSelector(Credits.NothingToSettle.selector, 1499, 1500));
    }

    function test_what_the_credit_does_not_cover_stays_owed() public {
        Draft memory d = good(25_000);
        equal(settle(prepare(d)), 10_000);
        refused(d, abi.encodeWithSelector(Credits.NoCredits.selector, d.payer));
        vm.prank(RESERVE);
        market.buyCredits(d.payer, 20_000);
        equal(settle(prepare(d)), 15_000);
        equal(market.creditsOf(d.payer), 5000);
    }

    function test_the_other_pair_of_algorithms() public {
        Draft memory d = draft(Algorithms.ES256K, Algorithms.ES256, 400);
        vm.prank(RESERVE);
        market.buyCredits(d.payer, 400);
        equal(settle(prepare(d)), 400);
    }

    function test_gas_of_a_settlement() public {
        Sending memory s = prepare(good(1000));
        settle(s);
        emit Measured("settle, first of a pair", vm.lastCallGas().gasTotalUsed);
        s = prepare(good(2000));
        settle(s);
        emit Measured("settle", vm.lastCallGas().gasTotalUsed);
    }

    function test_an_ed25519_consumer_goes_to_the_verifier() public {
        Draft memory d = draft(Algorithms.ES256, Algorithms.EDDSA, 1000);
        refused(d, abi.encodeWithSelector(Signatures.Ed25519Unsupported.selector));
        start(new OneSignature(new bytes(64)));
        d = draft(Algorithms.ES256, Algorithms.EDDSA, 1000);
        vm.prank(RESERVE);
        market.buyCredits(d.payer, 1000);
        Sending memory s = prepare(d);
        s.countersignature = abi.encode(1, 2);
        refused(s, abi.encodeWithSelector(Credits.BadCountersignature.selector, d.payer));
        equal(settle(prepare(d)), 1000);
        d = draft(Algorithms.EDDSA, Algorithms.EDDSA, 1000);
        enrolProvider(d.provider);
        vm.prank(RESERVE);
        market.buyCredits(d.payer, 1000);
        equal(settle(prepare(d)), 1000);
    }

    function test_the_statement_must_be_a_receipt_for_this_coordinator() public {
        Draft memory d = good(1000);
        d.statementKind = 0;
        refused(d, abi.encodeWithSelector(Credits.NotReceipt.selector, 0, 4));
        d = good(1000);
        bytes16 scope = d.scope;
        d.scope = "another";
        refused(d, abi.encodeWithSelector(Credits.WrongScope.selector, bytes16("another"), scope));
        d = good(1000);
        d.root = keccak256("another");
        refused(d, abi.encodeWithSelector(Credits.WrongBody.selector, sha256(d.body), d.root));
        Sending memory s = prepare(good(1000));
        s.receipt.statement = new bytes(159);
        refused(s, abi.encodeWithSelector(StatementReader.StatementLength.selector, 159, 160));
    }

    function test_the_parties_must_be_those_that_signed() public {
        Draft memory d = good(1000);
        d.device = idOf(0);
        refused(d, abi.encodeWithSelector(Credits.WrongProvider.selector, d.provider, idOf(0)));
        Sending memory s = prepare(good(1000));
        bytes32 x = s.receipt.provider.x;
        s.receipt.provider.x = keccak256("another");
        bytes32 id = Signatures.deviceId(s.receipt.provider);
        refused(s, abi.encodeWithSelector(Credits.WrongProvider.selector, id, d.provider));
        s.receipt.provider.x = x;
        s.receipt.consumer.x = x;
        id = Signatures.deviceId(s.receipt.consumer);
        refused(s, abi.encodeWithSelector(Credits.WrongPayer.selector, id, d.payer));
        s.receipt.consumer.algorithm = 7;
        refused(s, abi.encodeWithSelector(Signatures.AlgorithmUnknown.selector, 7));
    }

    function test_both_signatures_must_be_true() public {
        Draft memory d = good(1000);
        Sending memory s = prepare(d);
        bytes memory signature = s.signature;
        s.signature = s.countersignature;
        refused(s, abi.encodeWithSelector(Credits.BadSignature.selector, d.provider));
        s.countersignature = signature;
        s.signature = signature;
        refused(s, abi.encodeWithSelector(Credits.BadCountersignature.selector, d.payer));
        s.countersignature = new bytes(63);
        refused(s, abi.encodeWithSelector(Signatures.SignatureLength.selector, 63, 64));
        s.signature = new bytes(65);
        refused(s, abi.encodeWithSelector(Signatures.SignatureLength.selector, 65, 64));
    }

    function test_the_provider_must_be_registered() public {
        Draft memory d = draft(Algorithms.ES256, Algorithms.ES256K, 1000);
        registry.set(d.provider, registry.deviceOf(bytes32(0)));
        refused(d, abi.encodeWithSelector(Credits.ProviderUnknown.selector, d.provider));
    }

    function body(uint256 place, uint8 value) private returns (Draft memory d) {
        d = good(1000);
        d.body[place] = bytes1(value);
        d.root = sha256(d.body);
    }

    function test_malformed_bodies() public {
        refused(body(0, 2), abi.encodeWithSelector(ReceiptReader.ReceiptVersion.selector, 2));
        bytes memory reason = abi.encodeWithSelector(ReceiptReader.ReceiptReserved.selector);
        for (uint256 place = 1; place < 8; ++place) refused(body(place, 1), reason);
        for (uint256 place = 96; place < 104; ++place) refused(body(place, 1), reason);
        Draft memory d = good(1000);
        d.body = new bytes(127);
        d.root = sha256(d.body);
        refused(d, abi.encodeWithSelector(ReceiptReader.ReceiptLength.selector, 127, 128));
        d = good(1000);
        d.payer = d.provider;
        rewrite(d);
        refused(d, abi.encodeWithSelector(ReceiptReader.ReceiptParties.selector, d.provider));
    }

    function test_units() public {
        bytes8[5] memory bad = [bytes8(""), hex"0057680000000000", hex"5700680000000000", hex"5720000000000000", hex"577f"];
        for (uint256 i = 0; i < bad.length; ++i) {
            Draft memory wrong = good(1000);
            wrong.unit = bad[i];
            rewrite(wrong);
            refused(wrong, abi.encodeWithSelector(ReceiptReader.ReceiptUnit.selector, bad[i]));
        }
        Draft memory d = good(1000);
        d.unit = "!~345678";
        rewrite(d);
        equal(settle(prepare(d)), 1000);
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_no_more_is_minted_than_was_burned(uint16[8] memory totals, uint16[8] memory bought) public {
        Draft memory d = good(1);
        uint256 burned = 10_000;
        for (uint256 i = 0; i < 8; ++i) {
            if (bought[i] != 0) {
                vm.prank(RESERVE);
                market.buyCredits(d.payer, bought[i]);
                burned += bought[i];
            }
            if (totals[i] > market.settledOf(d.payer, d.provider) && market.creditsOf(d.payer) != 0) {
                settle(prepare(good(totals[i])));
            }
            require(token.balanceOf(OWNER) + market.creditsOf(d.payer) <= burned, "more than was burned");
            equal(burned - token.balanceOf(OWNER), token.burned());
        }
    }
}
