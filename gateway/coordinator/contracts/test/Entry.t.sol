// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EntryReader} from "../Entry.sol";
import {Algorithms, PublicKey, Signatures} from "../Signatures.sol";
import {Statement, StatementFault, StatementReader} from "../Statement.sol";
import {vm} from "./Vm.sol";

/// Gives the libraries calldata.
contract EntryCaller {
    function read(bytes calldata entry)
        external
        pure
        returns (uint8 algorithm, bytes memory raw, bytes memory signature)
    {
        return EntryReader.read(entry);
    }

    function parse(bytes calldata entry)
        external
        pure
        returns (bool form, uint8 algorithm, bytes memory raw, bytes memory signature)
    {
        return EntryReader.parse(entry);
    }

    function statement(bytes calldata raw) external pure returns (Statement memory) {
        return StatementReader.read(raw);
    }

    function faultOf(bytes calldata raw) external pure returns (StatementFault) {
        return StatementReader.faultOf(raw);
    }

    function deviceId(PublicKey calldata key) external pure returns (bytes32) {
        return Signatures.deviceId(key);
    }
}

contract EntryTest {
    EntryCaller private caller = new EntryCaller();

    /// The message printed in protocols/attestation/SPEC.md "Worked example".
    bytes private constant WORKED =
        hex"8443a10126a058a0010001000000000700000000000004b10003000000000000000001a1ee565e00000001a1ee5667c400000000006deb510000000001406f408f1b34c05a2fe1d65f0c2d7f39a64b1e66d99e67656ed8f16d1af8e4993b98d30000000000000000750ca40795ab23e51a75dc76fa12c052f6f6c57ba8a732337b91f096592b6ef6d32f1715b09fcbf42ec0cb4ead759d239c0c560d1beed7bd58bb845b21c327b75840713e66b501c78121c8c065cdb5bf010da2bedddabbe78f7b708c457acdabc70a2b22078a71859b573cb874e10d69d605a2590cce07a03b031fb7d72013ec5e87";

    function test_reads_the_worked_example() public view {
        (uint8 algorithm, bytes memory raw, bytes memory signature) = caller.read(WORKED);
        require(algorithm == Algorithms.ES256, "algorithm");
        require(raw.length == 160 && signature.length == 64, "lengths");
        Statement memory s = caller.statement(raw);
        require(s.kind == 0 && s.boot == 7 && s.first == 1201 && s.count == 3, "numbers");
        require(s.from == 1795000000000 && s.to == 1795000002500 && s.work == 7203665, "times and work");
        require(s.scope == 0x66d99e67656ed8f16d1af8e4993b98d3, "scope");
        require(s.device == 0x750ca40795ab23e51a75dc76fa12c052f6f6c57ba8a732337b91f096592b6ef6, "device");
        require(s.root == 0xd32f1715b09fcbf42ec0cb4ead759d239c0c560d1beed7bd58bb845b21c327b7, "root");
    }

    function entryOf(bytes memory head) private pure returns (bytes memory) {
        return abi.encodePacked(head, new bytes(160), hex"5840", new bytes(64));
    }

    function malformed(bytes memory entry) private {
        vm.expectRevert(abi.encodeWithSelector(EntryReader.EntryMalformed.selector, entry.length));
        caller.read(entry);
        (bool form,,,) = caller.parse(entry);
        require(!form, "not the form");
    }

    function test_each_algorithm_has_one_form() public view {
        (uint8 es256,,) = caller.read(entryOf(hex"8443a10126a058a0"));
        (uint8 eddsa,,) = caller.read(entryOf(hex"8443a10127a058a0"));
        (uint8 es256k,,) = caller.read(entryOf(hex"8444a101382ea058a0"));
        require(es256 == Algorithms.ES256 && eddsa == Algorithms.EDDSA && es256k == Algorithms.ES256K, "algorithms");
    }

    function test_other_forms_are_none() public {
        malformed("");
        malformed(new bytes(234));
        malformed(new bytes(235));
        // Tag 18; a text instead of a byte string; an array of 3; another algorithm; a longer length; a null payload's head.
        malformed(entryOf(hex"d28443a10126a058a0"));
        malformed(entryOf(hex"8463a10126a058a0"));
        malformed(entryOf(hex"8343a10126a058a0"));
        malformed(entryOf(hex"8443a10125a058a0"));
        malformed(entryOf(hex"845803a10126a058a0"));
        malformed(entryOf(hex"8444a101382fa058a0"));
        malformed(abi.encodePacked(hex"8443a10126a058a0", new bytes(160), hex"5841", new bytes(64)));
        malformed(abi.encodePacked(hex"8443a10126a058a0", new bytes(160), hex"5840", new bytes(65)));
        malformed(abi.encodePacked(hex"8443a10126a058a0", new bytes(160), hex"5840", new bytes(63)));
    }

    /// Every byte of head and middle counts; those of statement and signature are not this reader's affair.
    function testFuzz_a_changed_frame_is_none(uint8 place, uint8 flip) public {
        vm.assume(flip != 0);
        bytes memory entry = WORKED;
        uint256 spot = place % 10;
        if (spot >= 8) spot = 168 + (spot - 8);
        entry[spot] ^= bytes1(flip);
        (bool form, uint8 algorithm,,) = caller.parse(entry);
        // One byte of the head names the algorithm: 26 may become 27.
        if (spot == 4 && flip == 1) require(form && algorithm == Algorithms.EDDSA, "EdDSA");
        else malformed(entry);
    }

    function changed(uint256 place, bytes memory by) private view returns (bytes memory raw) {
        (, raw,) = caller.read(WORKED);
        for (uint256 i = 0; i < by.length; ++i) raw[place + i] = by[i];
    }

    function broken(bytes memory raw, StatementFault fault, bytes memory reason) private {
        require(caller.faultOf(raw) == fault, "the rule");
        vm.expectRevert(reason);
        caller.statement(raw);
    }

    function test_each_rule_of_a_statement() public {
        broken(new bytes(159), StatementFault.Length, abi.encodeWithSelector(StatementReader.StatementLength.selector, 159, 160));
        broken(changed(0, hex"02"), StatementFault.Version, abi.encodeWithSelector(StatementReader.StatementVersion.selector, 2));
        broken(changed(1, hex"05"), StatementFault.Kind, abi.encodeWithSelector(StatementReader.StatementKind.selector, 5));
        broken(changed(2, hex"03"), StatementFault.Clock, abi.encodeWithSelector(StatementReader.StatementClock.selector, 3));
        bytes memory reserved = abi.encodeWithSelector(StatementReader.StatementReserved.selector);
        broken(changed(3, hex"80"), StatementFault.Reserved, reserved);
        broken(changed(18, hex"01"), StatementFault.Reserved, reserved);
        broken(changed(95, hex"01"), StatementFault.Reserved, reserved);
        broken(changed(16, hex"0000"), StatementFault.Count, abi.encodeWithSelector(StatementReader.StatementCount.selector, 0));
        broken(changed(16, hex"0401"), StatementFault.Count, abi.encodeWithSelector(StatementReader.StatementCount.selector, 1025));
        broken(changed(1, hex"01"), StatementFault.Count, abi.encodeWithSelector(StatementReader.StatementCount.selector, 3));
        bytes memory later = hex"000001a1ee5667c5";
        broken(
            changed(24, later),
            StatementFault.Times,
            abi.encodeWithSelector(StatementReader.StatementTimes.selector, 1795000002501, 1795000002500)
        );
        broken(
            changed(32, hex"0020000000000000"),
            StatementFault.Times,
            abi.encodeWithSelector(StatementReader.StatementTimes.selector, 1795000000000, 1 << 53)
        );
        broken(
            changed(8, hex"fffffffffffffffd"),
            StatementFault.Sequence,
            abi.encodeWithSelector(StatementReader.StatementSequence.selector, type(uint64).max - 2, 3)
        );
        require(caller.faultOf(changed(16, hex"0400")) == StatementFault.None, "1,024 readings");
        require(caller.faultOf(changed(8, hex"fffffffffffffffc")) == StatementFault.None, "the last sequence number");
        require(caller.faultOf(changed(32, hex"001fffffffffffff")) == StatementFault.None, "the last time");
    }

    function test_a_key_of_no_known_algorithm_has_no_id() public {
        vm.expectRevert(abi.encodeWithSelector(Signatures.AlgorithmUnknown.selector, 7));
        caller.deviceId(PublicKey(7, 0, 0));
    }
}
