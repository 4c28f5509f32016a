// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "../Ledger.sol";
import {IEd25519} from "../Signatures.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// Commitments that their gateway signed and somebody else sends.
contract LedgerRelayTest is Fixture {
    bytes32 private constant ROOT = keccak256("root");
    uint256 private constant SECRET = 0x5ec2e7;
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    address private gateway;

    function setUp() public {
        deploy(IEd25519(address(0)));
        gateway = vm.createWallet(SECRET).addr;
    }

    function relayed(uint256 secret, uint64 seq, uint64 size) private returns (Ledger.Relayed memory c) {
        c.gateway = vm.createWallet(secret).addr;
        c.seq = seq;
        c.size = size;
        c.root = ROOT;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, ledger.commitDigest(c.gateway, seq, size, ROOT));
        c.r = r;
        c.vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
    }

    function one(Ledger.Relayed memory c) private pure returns (Ledger.Relayed[] memory all) {
        all = new Ledger.Relayed[](1);
        all[0] = c;
    }

    function skipped(Ledger.Relayed memory c, Ledger.Refusal why) private {
        uint64 before = ledger.gatewayOf(c.gateway).seq;
        vm.expectEmit();
        emit Ledger.Skipped(c.gateway, c.seq, why);
        ledger.commitFor(one(c));
        equal(ledger.gatewayOf(c.gateway).seq, before);
    }

    /// EIP-712, by its text.
    function test_the_digest_is_the_documented_one() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Fieldseal Ledger"),
                keccak256("1"),
                block.chainid,
                address(ledger)
            )
        );
        bytes32 kind = keccak256("Commit(address gateway,uint64 seq,uint64 size,bytes32 root)");
        bytes32 data = keccak256(abi.encode(kind, GATEWAY, uint256(4), uint256(9), ROOT));
        require(ledger.commitDigest(GATEWAY, 4, 9, ROOT) == keccak256(abi.encodePacked(hex"1901", domain, data)), "digest");
    }

    function test_a_relayed_commitment_is_the_gateways() public {
        Ledger.Relayed[] memory all = one(relayed(SECRET, 1, 10));
        vm.expectEmit();
        emit Ledger.Committed(gateway, 1, 10, ROOT);
        vm.prank(OWNER);
        ledger.commitFor(all);
        require(ledger.isCommitted(gateway, 1, 10, ROOT), "committed");
        equal(ledger.gatewayOf(OWNER).seq, 0);
        vm.prank(gateway);
        ledger.commit(2, 11, ROOT);
    }

    function test_what_cannot_be_taken_is_skipped_and_the_rest_is_taken() public {
        Ledger.Relayed[] memory all = new Ledger.Relayed[](3);
        all[0] = relayed(SECRET + 1, 1, 10);
        all[1] = relayed(SECRET, 2, 10);
        all[2] = relayed(SECRET + 2, 1, 10);
        vm.expectEmit();
        emit Ledger.Committed(all[0].gateway, 1, 10, ROOT);
        vm.expectEmit();
        emit Ledger.Skipped(gateway, 2, Ledger.Refusal.Seq);
        vm.expectEmit();
        emit Ledger.Committed(all[2].gateway, 1, 10, ROOT);
        ledger.commitFor(all);
    }

    function test_a_replay_is_skipped() public {
        Ledger.Relayed memory c = relayed(SECRET, 1, 10);
        ledger.commitFor(one(c));
        skipped(c, Ledger.Refusal.Seq);
    }

    function test_each_reason_is_named() public {
        ledger.commitFor(one(relayed(SECRET, 1, 10)));
        skipped(relayed(SECRET, 2, 9), Ledger.Refusal.Size);
        vm.deal(gateway, 1 ether);
        vm.prank(gateway);
        ledger.stake{value: 1 ether}();
        vm.prank(gateway);
        ledger.exit();
        skipped(relayed(SECRET, 2, 10), Ledger.Refusal.Exiting);
        vm.warp(block.timestamp + RETENTION);
        vm.prank(gateway);
        ledger.withdraw();
        address faults = ledger.FAULTS();
        vm.prank(faults);
        ledger.slash(gateway, OWNER);
        skipped(relayed(SECRET, 2, 10), Ledger.Refusal.Frozen);
    }

    function test_a_full_ring_is_named() public {
        for (uint64 seq = 1; seq <= 1024; ++seq) {
            vm.prank(gateway);
            ledger.commit(seq, 10, ROOT);
        }
        skipped(relayed(SECRET, 1025, 10), Ledger.Refusal.Ring);
    }

    function test_high_s_is_refused() public {
        Ledger.Relayed memory c = relayed(SECRET, 1, 10);
        uint256 s = uint256(c.vs) & (type(uint256).max >> 1);
        uint256 parity = uint256(c.vs) >> 255;
        // High s does not fit beside the parity unless it stays below 2^255.
        c.vs = bytes32((ORDER - s) | ((1 - parity) << 255));
        skipped(c, Ledger.Refusal.Signature);
    }

    function testFuzz_another_field_than_signed_is_skipped(uint8 field, uint160 by) public {
        vm.assume(by != 0);
        Ledger.Relayed memory c = relayed(SECRET, 1, 10);
        field = field % 6;
        if (field == 0) c.gateway = address(uint160(c.gateway) ^ by);
        if (field == 1) c.seq ^= uint64(by | 1);
        if (field == 2) c.size ^= uint64(by | 1);
        if (field == 3) c.root ^= bytes32(uint256(by));
        if (field == 4) c.r ^= bytes32(uint256(by));
        if (field == 5) c.vs ^= bytes32(uint256(by));
        skipped(c, Ledger.Refusal.Signature);
    }

    function test_another_chain_or_ledger_is_another_digest() public {
        Ledger.Relayed memory c = relayed(SECRET, 1, 10);
        vm.chainId(10);
        skipped(c, Ledger.Refusal.Signature);
        vm.chainId(31337);
        deploy(IEd25519(address(0)));
        skipped(c, Ledger.Refusal.Signature);
    }

    /// 100 gateways in one transaction, each writing over a used place of its ring.
    function test_gas_of_relayed_commits() public {
        Ledger.Relayed[] memory all = new Ledger.Relayed[](100);
        for (uint256 i = 0; i < 100; ++i) {
            address account = vm.createWallet(SECRET + i).addr;
            vm.prank(account);
            ledger.commit(1, 1 << 30, ROOT);
            // EIP712 of OpenZeppelin takes slots 0 and 1, the gateways 2, the rings 3.
            bytes32 ring = keccak256(abi.encode(account, uint256(3)));
            vm.store(address(ledger), bytes32(uint256(ring) + 2), bytes32((uint256(ROOT) >> 40 << 40) | 1));
            all[i] = relayed(SECRET + i, 2, (1 << 30) + 10_000);
        }
        ledger.commitFor(all);
        uint256 used = vm.lastCallGas().gasTotalUsed / 100;
        emit log_named_uint("relayed commit in 100, each", used);
        equal(ledger.gatewayOf(all[99].gateway).seq, 2);
        require(used <= 22_500, "more than the goal");
    }
}
