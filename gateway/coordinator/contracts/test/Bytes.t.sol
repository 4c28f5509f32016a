// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnrolmentReader} from "../Enrolment.sol";
import {Registry} from "../Registry.sol";
import {Algorithms, IEd25519, Signatures} from "../Signatures.sol";
import {StatementReader} from "../Statement.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// Answers as an Ed25519 verifier would for one known signature.
contract OneSignature is IEd25519 {
    bytes32 private immutable KNOWN;

    constructor(bytes memory signature) {
        KNOWN = keccak256(signature);
    }

    function verify(bytes32, bytes calldata, bytes calldata signature) external view returns (bool) {
        return keccak256(signature) == KNOWN;
    }
}

/// Malformed statements and bodies, and what a chain may lack.
contract BytesTest is Fixture {
    function setUp() public {
        deploy(IEd25519(address(0)));
    }

    function refusedBytes(bytes memory statement, bytes memory body, bytes memory reason) private {
        Sending memory sending = prepare(draft(Algorithms.ES256));
        sending.enrolled.statement = statement;
        sending.enrolled.body = body;
        refused(sending, reason);
    }

    function statementWith(uint256 place, uint8 value) private returns (bytes memory statement) {
        statement = statementOf(draft(Algorithms.ES256));
        statement[place] = bytes1(value);
    }

    /// The statement's root follows the body, so that only the body's own fault is left.
    function refusedBody(bytes memory body, bytes memory reason) private {
        Draft memory d = draft(Algorithms.ES256);
        d.root = sha256(body);
        refusedBytes(statementOf(d), body, reason);
    }

    function bodyWith(uint256 place, uint8 value) private returns (bytes memory body) {
        body = bodyOf(draft(Algorithms.ES256));
        body[place] = bytes1(value);
    }

    function test_statement_length() public {
        bytes memory body = bodyOf(draft(Algorithms.ES256));
        refusedBytes(new bytes(159), body, abi.encodeWithSelector(StatementReader.StatementLength.selector, 159, 160));
        refusedBytes(new bytes(161), body, abi.encodeWithSelector(StatementReader.StatementLength.selector, 161, 160));
    }

    function test_statement_version() public {
        bytes memory body = bodyOf(draft(Algorithms.ES256));
        refusedBytes(statementWith(0, 2), body, abi.encodeWithSelector(StatementReader.StatementVersion.selector, 2));
    }

    function test_statement_reserved_bytes() public {
        bytes memory body = bodyOf(draft(Algorithms.ES256));
        bytes memory reason = abi.encodeWithSelector(StatementReader.StatementReserved.selector);
        refusedBytes(statementWith(3, 1), body, reason);
        for (uint256 place = 18; place < 24; ++place) refusedBytes(statementWith(place, 1), body, reason);
        for (uint256 place = 88; place < 96; ++place) refusedBytes(statementWith(place, 128), body, reason);
    }

    function test_body_length() public {
        refusedBody(new bytes(159), abi.encodeWithSelector(EnrolmentReader.EnrolmentLength.selector, 159, 160));
        refusedBody(new bytes(192), abi.encodeWithSelector(EnrolmentReader.EnrolmentLength.selector, 192, 160));
    }

    function test_body_version() public {
        refusedBody(bodyWith(0, 0), abi.encodeWithSelector(EnrolmentReader.EnrolmentVersion.selector, 0));
    }

    function test_body_algorithm() public {
        refusedBody(bodyWith(1, 7), abi.encodeWithSelector(EnrolmentReader.EnrolmentAlgorithm.selector, 7));
    }

    function test_body_grade() public {
        refusedBody(bodyWith(2, 0), abi.encodeWithSelector(EnrolmentReader.EnrolmentGrade.selector, 0));
        refusedBody(bodyWith(2, 7), abi.encodeWithSelector(EnrolmentReader.EnrolmentGrade.selector, 7));
    }

    function test_body_reserved_bytes() public {
        bytes memory reason = abi.encodeWithSelector(EnrolmentReader.EnrolmentReserved.selector);
        for (uint256 place = 3; place < 12; ++place) refusedBody(bodyWith(place, 1), reason);
        for (uint256 place = 80; place < 96; ++place) refusedBody(bodyWith(place, 1), reason);
        Draft memory d = draft(Algorithms.EDDSA);
        d.key.y = bytes32(uint256(1));
        refusedBody(bodyOf(d), reason);
    }

    function test_ed25519_is_refused_without_a_verifier() public {
        Draft memory d = draft(Algorithms.EDDSA);
        refused(d, abi.encodeWithSelector(Signatures.Ed25519Unsupported.selector));
    }

    function test_ed25519_goes_to_the_verifier() public {
        bytes memory signature = abi.encode(keccak256("R"), keccak256("S"));
        deploy(new OneSignature(signature));
        Draft memory d = draft(Algorithms.EDDSA);
        Sending memory sending = prepare(d);
        admit(sending);
        refused(sending, abi.encodeWithSelector(Registry.BadSignature.selector, d.device));
        sending.signature = signature;
        send(sending);
        require(registry.deviceOf(d.device).owner == OWNER, "registered");
    }

    /// Nothing is what an address without code or precompile answers.
    function test_a_chain_without_p256_is_refused() public {
        vm.mockCall(address(0x100), "", "");
        vm.expectRevert(abi.encodeWithSelector(Signatures.P256Missing.selector));
        new Registry(OWNER, IEd25519(address(0)));
    }
}
