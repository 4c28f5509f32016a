// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// A registry of timestamps in the way of EAS: whoever sends a root first fixes its time. No stake, no order, no faults.
contract Timestamps {
    mapping(bytes32 root => uint64) public timestampOf;

    event Timestamped(bytes32 indexed root, uint64 indexed timestamp);

    error AlreadyTimestamped();

    function timestamp(bytes32 root) external returns (uint64 time) {
        time = uint64(block.timestamp);
        if (timestampOf[root] != 0) revert AlreadyTimestamped();
        timestampOf[root] = time;
        emit Timestamped(root, time);
    }
}

/// One trusted role that saves the roots of a whole network.
contract Notary is AccessControl {
    struct Record {
        bytes32 root;
        uint64 size;
        uint64 savedAt;
    }

    bytes32 public constant OPERATOR = keccak256("OPERATOR");
    Record[] public records;

    event Saved(uint256 indexed number, bytes32 root, uint64 size);

    constructor() {
        _grantRole(OPERATOR, msg.sender);
    }

    function save(bytes32 root, uint64 size) external onlyRole(OPERATOR) {
        records.push(Record(root, size, uint64(block.timestamp)));
        emit Saved(records.length - 1, root, size);
    }
}

/// Every reading in a transaction of its own.
contract Naive {
    struct Reading {
        uint128 value;
        uint64 time;
        uint64 number;
    }

    mapping(bytes32 device => Reading) public latest;

    event Read(bytes32 indexed device, uint128 value, uint64 time);

    function put(bytes32 device, uint128 value, uint64 time) external {
        latest[device] = Reading(value, time, latest[device].number + 1);
        emit Read(device, value, time);
    }
}

/// A weekly list of amounts by account (StandardMerkleTree: leaves hashed twice, pairs sorted), posted by an admin.
contract Airdrop is ERC20 {
    using BitMaps for BitMaps.BitMap;

    address public immutable ADMIN = msg.sender;
    mapping(uint256 week => bytes32) public roots;
    mapping(uint256 week => BitMaps.BitMap) private _claimed;

    error NotAdmin();
    error Claimed();
    error BadProof();

    constructor() ERC20("Airdrop", "AIR") {}

    function post(uint256 week, bytes32 root) external {
        if (msg.sender != ADMIN) revert NotAdmin();
        roots[week] = root;
    }

    function claim(uint256 week, uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        if (_claimed[week].get(index)) revert Claimed();
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, account, amount))));
        if (!MerkleProof.verifyCalldata(proof, roots[week], leaf)) revert BadProof();
        _claimed[week].set(index);
        _mint(account, amount);
    }
}
