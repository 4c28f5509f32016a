// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {vm} from "../Vm.sol";
import {PayActions} from "./PayActions.sol";

/// Before each call that carries a statement, a proof or a receipt, the same call with a byte changed: it must fail with an
/// error of its own and leave nothing behind, or, when what was changed is not read, do exactly what the true one does.
contract MalformedTest is PayActions {
    bytes32 private noise;
    uint256 public refused;
    uint256 public unread;

    function setUp() public {
        build();
    }

    /// forge-config: default.fuzz.runs = 12
    function testFuzz_a_changed_call_does_nothing_else(bytes32 seed) public {
        bytes4[16] memory all = [
            this.relay.selector, this.fork.selector, this.forge.selector, this.demand.selector, this.grow.selector,
            this.grow.selector, this.seal.selector, this.seal.selector, this.claim.selector, this.claim.selector,
            this.issue.selector, this.issue.selector, this.succeed.selector, this.succeed.selector, this.settle.selector,
            this.buyCredits.selector
        ];
        noise = seed;
        for (uint256 i = 0; i < 160; ++i) {
            seed = keccak256(abi.encode(seed));
            bytes4 action = all[uint256(seed) % all.length];
            bytes32 a = keccak256(abi.encode(seed, 1));
            bytes32 b = keccak256(abi.encode(seed, 2));
            (bool worked, bytes memory answer) =
                address(this).call(bytes.concat(action, a, b, keccak256(abi.encode(seed, 3))));
            if (!worked) revertWith(answer);
        }
        require(refused > 16, "hardly anything was refused");
    }

    function act(address who, address to, uint256 value, bytes memory data) internal override returns (bool) {
        if (noise == 0 || !carriesProof(bytes4(data))) return super.act(who, to, value, data);
        bytes32 before = digest();
        uint256 snapshot = vm.snapshotState();
        bool good = super.act(who, to, value, data);
        bytes32 meant = digest();
        require(vm.revertToState(snapshot), "snapshot");
        if (good) for (uint256 i = 0; i < 4; ++i) tried(who, to, value, data, before, meant);
        return super.act(who, to, value, data);
    }

    function tried(address who, address to, uint256 value, bytes memory data, bytes32 before, bytes32 meant) private {
        noise = keccak256(abi.encode(noise));
        bytes memory changed = bytes.concat(data);
        uint256 at = 4 + uint256(noise) % (data.length - 4);
        changed[at] ^= bytes1(uint8(uint256(noise >> 128) % 255 + 1));
        uint256 snapshot = vm.snapshotState();
        vm.deal(who, who.balance + value);
        vm.prank(who);
        (bool worked, bytes memory answer) = to.call{value: value}(changed);
        bytes32 result = digest();
        vm.revertToState(snapshot);
        if (worked) {
            ++unread;
            require(result == meant || result == before, "a changed call did something else");
        } else {
            ++refused;
            require(result == before, "a refused call left something behind");
            // Nothing is what the decoder of arguments says; Panic and Error(string) would be nobody's own.
            bytes4 error = bytes4(answer);
            require(answer.length == 0 || answer.length >= 4, "half an error");
            require(error != 0x4e487b71 && error != 0x08c379a0, string.concat("panic at ", vm.toString(at)));
        }
    }

    function carriesProof(bytes4 selector) private view returns (bool) {
        return selector == registry.succeed.selector || selector == ledger.commitFor.selector
            || selector == faults.forked.selector || selector == faults.invalid.selector
            || selector == faults.answer.selector || selector == faults.withheld.selector
            || selector == rewards.claim.selector || selector == market.issue.selector
            || selector == market.settle.selector;
    }

    /// What all of them have and are.
    function digest() private view returns (bytes32 all) {
        all = keccak256(
            abi.encode(
                token.totalSupply(), token.burned(), address(ledger).balance, ledger.burned(), ledger.owedTotal(),
                CHALLENGER.balance
            )
        );
        for (uint256 i = 0; i < units.length; ++i) {
            bytes32 id = units[i].id;
            all = keccak256(
                abi.encode(
                    all, registry.deviceOf(id), rewards.paidMarkOf(id), rewards.certifiedMarkOf(id),
                    market.settledOf(units[0].id, id), token.balanceOf(ownerOf(id))
                )
            );
        }
        for (uint256 i = 0; i < hubs.length; ++i) {
            all = keccak256(
                abi.encode(all, ledger.gatewayOf(hubs[i]), faults.openDemands(hubs[i]), faults.owed(hubs[i]))
            );
        }
    }
}
