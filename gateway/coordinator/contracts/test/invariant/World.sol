// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Faults} from "../../Faults.sol";
import {Gateway} from "../../Interfaces.sol";
import {Mark} from "../../Marks.sol";
import {Market} from "../../Market.sol";
import {Batch} from "../../Proven.sol";
import {Registry} from "../../Registry.sol";
import {Rewards} from "../../Rewards.sol";
import {Share, Step} from "../../Shares.sol";
import {Algorithms, IEd25519, PublicKey, Signatures} from "../../Signatures.sol";
import {Token} from "../../Token.sol";
import {deployed} from "../Deploy.sol";
import {FaultsFixture} from "../FaultsFixture.sol";
import {vm} from "../Vm.sol";

/// The six contracts with devices, owners and gateways, honest and not, and a book of what was done to them.
/// The book is kept from what the handler asked for and from balances, never from the figures that are to be proven.
abstract contract World is FaultsFixture {
    struct Unit {
        uint8 algorithm;
        uint8 kind;
        uint64 first;
        uint64 register;
        uint64 told;
        uint256 secret;
        uint256 readAt;
        bytes32 id;
        PublicKey key;
    }

    struct Told {
        address hub;
        uint32 epoch;
        uint8 kind;
    }

    uint256 internal constant MOST_UNITS = 6;
    uint256 internal constant MOST_HUBS = 6;
    uint8 internal constant PAID_AND_CERTIFIED = 3;
    uint8 internal constant PAID_OR_CERTIFIED = 4;

    Token internal token;
    Rewards internal rewards;
    Market internal market;
    address[3] internal people = [address(0xA11CE0), address(0xB0B0), address(0xCA401)];

    Unit[] internal units;
    address[] internal hubs;
    Told[] internal tolds;
    Told[] internal vouched;
    address[] internal vouchers;
    mapping(address hub => uint256) internal secretOf;
    mapping(address hub => bytes[]) internal entriesOf;
    mapping(bytes32 told => Share[]) internal sharesOf;
    mapping(bytes32 told => bool) internal counted;

    /// How often each action came to its end.
    mapping(bytes4 action => uint256) public done;

    // The book.
    mapping(bytes32 device => uint256) internal paidWork;
    mapping(bytes32 device => uint64) internal paidUpTo;
    mapping(bytes32 device => uint256) internal certifiedWork;
    mapping(bytes32 device => uint64) internal certifiedUpTo;
    mapping(bytes32 device => uint256[]) internal certificatesOf;
    mapping(uint256 certificate => bool) internal held;
    mapping(bytes32 epochAndKind => uint256) internal minedOf;
    uint256 internal minedAll;
    uint256 internal burnedAll;
    uint256 internal remintedAll;
    uint256 internal bonds;
    mapping(address hub => bool) internal slashed;
    mapping(address hub => uint64) internal lastSeq;
    bytes32 internal fell;
    mapping(bytes32 what => mapping(bytes32 whose => uint256)) private _highest;

    function build() internal {
        deploy(IEd25519(address(0)));
        faults = Faults(deployed("Faults", abi.encode(ledger, MIN_BOND)));
        uint256 nonce = vm.getNonce(address(this));
        address atRewards = vm.computeCreateAddress(address(this), nonce + 1);
        address atMarket = vm.computeCreateAddress(address(this), nonce + 2);
        token = Token(deployed("Token", abi.encode(atRewards, atMarket, people[0])));
        uint16[16] memory split;
        (split[PAID_AND_CERTIFIED], split[PAID_OR_CERTIFIED]) = (6000, 4000);
        bytes memory arguments = abi.encode(registry, ledger, token, atMarket, split, uint16(1000), uint16(500));
        rewards = Rewards(deployed("Rewards", arguments));
        (uint16 certifiable, uint16 exclusive) = (uint16(24), uint16(16));
        market = Market(deployed("Market", abi.encode(token, rewards, certifiable, exclusive, uint16(100))));
        for (uint256 i = 0; i < people.length; ++i) {
            vm.prank(people[i]);
            market.setApprovalForAll(address(this), true);
        }
        for (uint8 i = 0; i < 4; ++i) enrol(people[i / 2], 3 + i % 2);
        for (uint256 i = 0; i < 3; ++i) found();
    }

    /// A new gateway with a stake.
    function found() internal {
        uint256 secret = 0x6a7e0000 + hubs.length;
        address hub = vm.createWallet(secret).addr;
        hubs.push(hub);
        secretOf[hub] = secret;
        act(hub, address(ledger), STAKE, abi.encodeCall(ledger.stake, ()));
    }

    function newUnit(uint8 kind) private returns (Unit storage unit) {
        unit = units.push();
        unit.secret = 0x5ea10000 + units.length;
        unit.algorithm = units.length % 2 == 0 ? Algorithms.ES256 : Algorithms.ES256K;
        unit.kind = kind;
        unit.readAt = block.timestamp;
        (uint256 x, uint256 y) = vm.publicKeyP256(unit.secret);
        if (unit.algorithm == Algorithms.ES256K) {
            x = vm.createWallet(unit.secret).publicKeyX;
            y = vm.createWallet(unit.secret).publicKeyY;
        }
        unit.key = PublicKey(unit.algorithm, bytes32(x), bytes32(y));
        unit.id = Signatures.deviceId(unit.key);
    }

    /// A next unit that says itself whose it is. Its register starts where `work` says.
    function enrolment(address owner, uint8 kind, uint64 work)
        internal
        returns (Registry.Enrolled memory said, bytes memory signature)
    {
        Unit storage unit = newUnit(kind);
        (unit.first, unit.register, unit.told) = (work, work, work);
        Draft memory d;
        (d.algorithm, d.statementKind, d.work, d.owner, d.grade) = (unit.algorithm, 1, work, owner, 4);
        (d.key, d.device, d.scope) = (unit.key, unit.id, registry.scopeOf(GATEWAY));
        d.root = sha256(bodyOf(d));
        said = enrolledOf(d);
        signature = signatureBy(unit, said.statement);
    }

    function enrol(address owner, uint8 kind) private {
        (Registry.Enrolled memory said, bytes memory signature) = enrolment(owner, kind, 1000);
        bytes32 id = units[units.length - 1].id;
        bytes32 root = sha256(abi.encodePacked(hex"00", id, kind, CAP));
        require(act(MAKER, address(registry), 0, abi.encodeCall(registry.admit, (MAKER, root, 1))), "admit");
        Registry.Entry memory at = Registry.Entry(MAKER, root, 1, 0, kind, CAP);
        bytes memory call = abi.encodeCall(registry.register, (at, new bytes32[](0), said, signature));
        require(act(GATEWAY, address(registry), 0, call), "register");
    }

    function signatureBy(Unit memory unit, bytes memory statement) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = signed(unit.algorithm, unit.secret, statement);
        return abi.encodePacked(r, s);
    }

    /// Arguments are complete before the cheat code, which acts on the next call of any kind.
    function act(address who, address to, uint256 value, bytes memory data) internal virtual returns (bool worked) {
        if (value > 0) vm.deal(who, who.balance + value);
        vm.prank(who);
        (worked,) = to.call{value: value}(data);
    }

    function noted(bool worked) internal returns (bool) {
        if (worked) ++done[msg.sig];
        return worked;
    }

    function nameOf(Told memory told) internal pure returns (bytes32) {
        return keccak256(abi.encode(told.hub, told.epoch, told.kind));
    }

    function epochAndKind(Told memory told) internal pure returns (bytes32) {
        return keccak256(abi.encode(told.epoch, told.kind));
    }

    function ownerOf(bytes32 id) internal view returns (address) {
        return registry.deviceOf(id).owner;
    }

    /// The shares of a seal that `mask` names and that have one owner, with their common proof.
    function batchOf(Told memory told, uint256 mask) internal view returns (Batch memory batch, address owner) {
        Share[] memory all = sharesOf[nameOf(told)];
        bool[] memory wanted = new bool[](all.length);
        uint256 count = 0;
        owner = ownerOf(all[0].device);
        for (uint256 i = 0; i < all.length; ++i) {
            wanted[i] = (mask >> i) & 1 == 1 && (count == 0 || ownerOf(all[i].device) == owner);
            if (!wanted[i]) continue;
            owner = ownerOf(all[i].device);
            ++count;
        }
        if (count == 0) (wanted[0], count) = (true, 1);
        batch = Batch(told.hub, told.epoch, told.kind, new Share[](count), new Step[](0), "");
        count = 0;
        for (uint256 i = 0; i < all.length; ++i) if (wanted[i]) batch.shares[count++] = all[i];
        (batch.path, batch.steps) = proof(all, wanted, 0, all.length);
    }

    function proof(Share[] memory all, bool[] memory wanted, uint256 from, uint256 to)
        private
        pure
        returns (Step[] memory path, bytes memory steps)
    {
        bool any = false;
        for (uint256 i = from; i < to; ++i) any = any || wanted[i];
        if (!any) {
            path = new Step[](1);
            path[0] = sumTree(all, from, to);
            return (path, hex"01");
        }
        if (to - from == 1) return (path, hex"00");
        uint256 middle = from + split(to - from);
        (Step[] memory left, bytes memory first) = proof(all, wanted, from, middle);
        (Step[] memory right, bytes memory second) = proof(all, wanted, middle, to);
        path = new Step[](left.length + right.length);
        for (uint256 i = 0; i < left.length; ++i) path[i] = left[i];
        for (uint256 i = 0; i < right.length; ++i) path[left.length + i] = right[i];
        return (path, bytes.concat(first, second, hex"02"));
    }

    function rises(bytes32 what, bytes32 whose, uint256 now_) private {
        uint256 before = _highest[what][whose];
        if (now_ == before) return;
        if (now_ < before) fell = what;
        _highest[what][whose] = now_;
    }

    /// Everything that may only rise, after each action.
    modifier watched() {
        _;
        for (uint256 i = 0; i < units.length; ++i) {
            bytes32 id = units[i].id;
            Mark memory mark = rewards.paidMarkOf(id);
            rises("paid mark", id, uint256(mark.to) << 40 | mark.time);
            rises("paid epochs", id, mark.epochs);
            rises("certified mark", id, rewards.certifiedMarkOf(id).to);
            rises("settled", id, market.settledOf(units[0].id, id));
        }
        for (uint256 i = 0; i < hubs.length; ++i) {
            Gateway memory gateway = ledger.gatewayOf(hubs[i]);
            bytes32 hub = bytes32(uint256(uint160(hubs[i])));
            rises("commitments", hub, uint256(gateway.seq) << 64 | gateway.last);
            rises("size of a log", hub, gateway.last);
            if (slashed[hubs[i]] || !gateway.frozen) continue;
            slashed[hubs[i]] = true;
            lastSeq[hubs[i]] = uint64(gateway.seq);
            if (hubs.length < MOST_HUBS) found();
        }
        rises("mined", 0, token.mined());
    }

    /// Emission of an epoch and kind by the documents: 60 % of 10 billion, half of it in the first 52 weeks.
    function poolOf(uint32 epoch, uint8 kind) internal pure returns (uint256) {
        uint256 parts = kind == PAID_AND_CERTIFIED ? 6000 : 4000;
        return (uint256(6_000_000_000e18) / 104 >> (epoch / 52)) * parts / 10_000;
    }
}
