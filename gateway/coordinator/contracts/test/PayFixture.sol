// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Device, IRegistry} from "../Interfaces.sol";
import {Market} from "../Market.sol";
import {Batch} from "../Proven.sol";
import {Rewards} from "../Rewards.sol";
import {Share, Step} from "../Shares.sol";
import {IEd25519} from "../Signatures.sol";
import {Token} from "../Token.sol";
import {deployed} from "./Deploy.sol";
import {StubLedger, StubRegistry} from "./Stubs.sol";
import {vm} from "./Vm.sol";

/// The paying contracts on a register and a ledger that answer from tables.
abstract contract PayFixture {
    address internal constant OWNER = 0xa11Ce3f1C92b84D5e0A1BC3d4e5F60718293a4b5;
    address internal constant OTHER = address(0xB0B);
    address internal constant GATEWAY = 0x6A7E3F1C92b84D5E0A1Bc3D4E5F60718293a4B5C;
    address internal constant RESERVE = address(0x4E5E);
    uint8 internal constant KIND = 3;
    uint8 internal constant EXCLUSIVE_KIND = 4;
    uint8 internal constant DISTANCE_KIND = 5;
    uint48 internal constant CAP = 11_000;
    uint256 internal constant GENESIS = 1_800_000_000;
    uint256 internal constant EPOCH = 7 days;
    uint256 internal constant SEALING = 12 hours;
    uint256 internal constant DISPUTE = 3 days;

    /// Emission of a week in the first year, in 1e-18: 6e27 / 104.
    uint256 internal constant WEEK = 57_692_307_692307692307692307;

    StubRegistry internal registry;
    StubLedger internal ledger;
    Token internal token;
    Rewards internal rewards;
    Market internal market;

    event Measured(string what, uint256 gas);

    function parts() internal pure returns (uint16[16] memory part) {
        (part[KIND], part[EXCLUSIVE_KIND], part[DISTANCE_KIND]) = (5000, 3000, 1999);
    }

    function deploy() internal {
        deploy(IEd25519(address(0)));
    }

    function deploy(IEd25519 ed25519) internal {
        vm.warp(GENESIS);
        registry = new StubRegistry(ed25519);
        ledger = new StubLedger(IRegistry(registry));
        registry.belongsTo(address(ledger));
        address atRewards = createdNext(1);
        address atMarket = createdNext(2);
        token = Token(deployed("Token", abi.encode(atRewards, atMarket, RESERVE)));
        bytes memory arguments = abi.encode(registry, ledger, token, atMarket, parts(), uint16(1000), uint16(500));
        rewards = Rewards(deployed("Rewards", arguments));
        (uint16 certifiable, uint16 exclusive) = (uint16(1 << KIND | 1 << EXCLUSIVE_KIND), uint16(1 << EXCLUSIVE_KIND));
        market = Market(deployed("Market", abi.encode(token, rewards, certifiable, exclusive, uint16(100))));
    }

    function createdNext(uint256 after_) internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + after_);
    }

    function equal(uint256 got, uint256 want) internal pure {
        require(got == want, "not equal");
    }

    function idOf(uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encode("device", i));
    }

    function enrol(uint256 i, address owner, uint8 kind, uint64 mark) internal {
        registry.set(idOf(i), Device(owner, kind, CAP, uint40(GENESIS), mark, type(uint64).max, type(uint40).max));
    }

    function shareOf(uint256 i, uint64 from, uint64 to) internal pure returns (Share memory) {
        return Share(idOf(i), from, to, from + 100_000, to + 100_000);
    }

    function single(Share memory share) internal pure returns (Share[] memory shares) {
        shares = new Share[](1);
        shares[0] = share;
    }

    /// Seals, and lets the epoch become final.
    function finish(address gateway, uint32 epoch, uint8 kind, Share[] memory shares) internal {
        Step memory root = tree(shares, 0, shares.length);
        ledger.set(gateway, epoch, kind, root.hash, root.sum, uint64(shares.length));
        vm.warp(ledger.finalAt(epoch));
    }

    /// A batch of all shares of a seal.
    function batchOf(address gateway, uint32 epoch, uint8 kind, Share[] memory shares)
        internal
        pure
        returns (Batch memory)
    {
        bool[] memory wanted = new bool[](shares.length);
        for (uint256 i = 0; i < shares.length; ++i) wanted[i] = true;
        return batchOf(gateway, epoch, kind, shares, wanted);
    }

    /// A batch of some shares of a seal.
    function batchOf(address gateway, uint32 epoch, uint8 kind, Share[] memory shares, bool[] memory wanted)
        internal
        pure
        returns (Batch memory batch)
    {
        Share[] memory taken = new Share[](shares.length);
        uint256 count = 0;
        for (uint256 i = 0; i < shares.length; ++i) if (wanted[i]) taken[count++] = shares[i];
        Step[] memory none = new Step[](0);
        (Step[] memory path, bytes memory steps) = proof(shares, wanted, 0, shares.length);
        batch = Batch(gateway, epoch, kind, new Share[](count), none, steps);
        for (uint256 i = 0; i < count; ++i) batch.shares[i] = taken[i];
        batch.path = path;
    }

    function proof(Share[] memory shares, bool[] memory wanted, uint256 from, uint256 to)
        internal
        pure
        returns (Step[] memory path, bytes memory steps)
    {
        bool any = false;
        for (uint256 i = from; i < to; ++i) any = any || wanted[i];
        if (!any) {
            path = new Step[](1);
            path[0] = tree(shares, from, to);
            return (path, hex"01");
        }
        if (to - from == 1) return (path, hex"00");
        uint256 middle = from + split(to - from);
        bytes memory left;
        bytes memory right;
        Step[] memory rest;
        (path, left) = proof(shares, wanted, from, middle);
        (rest, right) = proof(shares, wanted, middle, to);
        return (joined(path, rest), bytes.concat(left, right, hex"02"));
    }

    function joined(Step[] memory a, Step[] memory b) private pure returns (Step[] memory both) {
        both = new Step[](a.length + b.length);
        for (uint256 i = 0; i < a.length; ++i) both[i] = a[i];
        for (uint256 i = 0; i < b.length; ++i) both[a.length + i] = b[i];
    }

    function one(Batch memory batch) internal pure returns (Batch[] memory all) {
        all = new Batch[](1);
        all[0] = batch;
    }

    /// Seals a single share and makes the claim on it.
    function ready(uint32 epoch, uint8 kind, Share memory share) internal returns (Batch[] memory) {
        finish(GATEWAY, epoch, kind, single(share));
        return one(batchOf(GATEWAY, epoch, kind, single(share)));
    }

    /// RFC 6962 §2.1 by its text, with the documented bytes.
    function tree(Share[] memory shares, uint256 from, uint256 to) internal pure returns (Step memory) {
        if (to - from == 1) {
            Share memory s = shares[from];
            return Step(
                keccak256(abi.encodePacked(hex"00", s.device, s.from, s.to, s.fromIndex, s.toIndex)),
                s.to > s.from ? s.to - s.from : 0
            );
        }
        uint256 middle = from + split(to - from);
        Step memory left = tree(shares, from, middle);
        Step memory right = tree(shares, middle, to);
        bytes memory node = abi.encodePacked(hex"01", left.sum, left.hash, right.sum, right.hash);
        return Step(keccak256(node), left.sum + right.sum);
    }

    function split(uint256 n) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }
}
