// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Algorithms, IEd25519} from "../Signatures.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// What a production run of 10,000 devices costs its maker, and a device out of it its owner.
contract RunGasTest is Fixture {
    uint64 private constant COUNT = 10_000;

    /// Depth of RFC 6962's tree over COUNT leaves at index 0: ⌈log2⌉.
    uint256 private constant LEVELS = 14;

    function test_gas_of_a_run() public {
        deploy(IEd25519(address(0)));
        Sending memory sending = prepare(draft(Algorithms.ES256));
        bytes32 node = sending.entry.root;
        sending.path = new bytes32[](LEVELS);
        for (uint256 i = 0; i < LEVELS; ++i) {
            sending.path[i] = keccak256(abi.encode("neighbour", i));
            node = sha256(abi.encodePacked(hex"01", node, sending.path[i]));
        }
        (sending.entry.root, sending.entry.count) = (node, COUNT);
        admit(sending);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("admit a run of 10,000", used);
        require(used <= 50_000, "more than the goal");
        send(sending);
        emit log_named_uint("register out of a run of 10,000", vm.lastCallGas().gasTotalUsed);
    }
}
