// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {deployed} from "./Deploy.sol";
import {Airdrop, Naive, Notary, Timestamps} from "./Peers.sol";
import {vm} from "./Vm.sol";

/// What others' designs cost, compiled like ours and measured as ours are.
contract PeersGasTest {
    uint256 private constant LEVELS = 10;

    event Measured(string what, uint256 gas);

    function measured(string memory what) private {
        emit Measured(what, vm.lastCallGas().gasTotalUsed);
    }

    function test_gas_of_a_timestamp() public {
        Timestamps it = Timestamps(deployed("Timestamps", ""));
        it.timestamp(keccak256("a"));
        it.timestamp(keccak256("b"));
        measured("timestamp of a root, as EAS does it");
    }

    function test_gas_of_a_notary() public {
        Notary it = Notary(deployed("Notary", ""));
        it.save(keccak256("a"), 1000);
        it.save(keccak256("b"), 2000);
        measured("root saved by one trusted role (AccessControl)");
    }

    function test_gas_of_a_reading() public {
        Naive it = Naive(deployed("Naive", ""));
        it.put(keccak256("device"), 1, 1_800_000_000);
        it.put(keccak256("device"), 2, 1_800_000_010);
        measured("a reading in a transaction of its own");
    }

    /// 1,024 accounts; the account had tokens before, and its neighbours in the bitmap had claimed.
    function test_gas_of_an_airdrop_claim() public {
        Airdrop it = Airdrop(deployed("Airdrop", ""));
        address account = 0xa11Ce3f1C92b84D5e0A1BC3d4e5F60718293a4b5;
        for (uint256 week = 0; week < 2; ++week) {
            for (uint256 index = 0; index < 2; ++index) {
                bytes32 node = keccak256(bytes.concat(keccak256(abi.encode(index, account, 1234e18))));
                bytes32[] memory proof = new bytes32[](LEVELS);
                for (uint256 i = 0; i < LEVELS; ++i) {
                    proof[i] = keccak256(abi.encode(index, i));
                    node = node < proof[i]
                        ? keccak256(abi.encode(node, proof[i]))
                        : keccak256(abi.encode(proof[i], node));
                }
                it.post(week, node);
                it.claim(week, index, account, 1234e18, proof);
            }
        }
        measured("claim of a weekly list (StandardMerkleTree, MerkleProof, BitMaps)");
    }
}
