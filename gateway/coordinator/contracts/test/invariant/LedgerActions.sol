// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Commitment, Logged} from "../../Evidence.sol";
import {Ledger} from "../../Ledger.sol";
import {Share, Step} from "../../Shares.sol";
import {vm} from "../Vm.sol";
import {World} from "./World.sol";

/// What gateways do, and who watches them.
abstract contract LedgerActions is World {
    function hubAt(uint256 pick) internal view returns (address) {
        return hubs[pick % hubs.length];
    }

    function step(uint256 secs) external watched {
        vm.warp(block.timestamp + secs % 2 days);
        noted(true);
    }

    function rootOf(address hub, uint256 from, uint256 to) private view returns (bytes32) {
        if (to - from == 1) return sha256(abi.encodePacked(hex"00", entriesOf[hub][from]));
        uint256 middle = from + split(to - from);
        return sha256(abi.encodePacked(hex"01", rootOf(hub, from, middle), rootOf(hub, middle, to)));
    }

    function pathOf(address hub, uint256 from, uint256 to, uint256 index) private view returns (bytes32[] memory path) {
        if (to - from == 1) return path;
        uint256 middle = from + split(to - from);
        bool left = index < middle;
        bytes32[] memory below = left ? pathOf(hub, from, middle, index) : pathOf(hub, middle, to, index);
        path = new bytes32[](below.length + 1);
        for (uint256 i = 0; i < below.length; ++i) path[i] = below[i];
        path[below.length] = left ? rootOf(hub, middle, to) : rootOf(hub, from, middle);
    }

    /// The log with one more entry.
    function grown(address hub, bytes memory entry) private returns (Commitment memory said) {
        entriesOf[hub].push(entry);
        uint64 size = uint64(entriesOf[hub].length);
        return Commitment(uint64(ledger.gatewayOf(hub).seq) + 1, size, rootOf(hub, 0, size));
    }

    function commits(address hub, Commitment memory said) private returns (bool) {
        return act(hub, address(ledger), 0, abi.encodeCall(ledger.commit, (said.seq, said.size, said.root)));
    }

    /// Sometimes a log that shrinks, or the same commitment twice.
    function commit(uint256 pick, uint256 how) external watched {
        address hub = hubAt(pick);
        Commitment memory said = grown(hub, abi.encode("entry", entriesOf[hub].length));
        if (how % 5 == 1) said.size = uint64(how % said.size);
        if (!noted(commits(hub, said))) return;
        if (how % 5 == 2) commits(hub, said);
    }

    /// Signed by the gateway and sent by others; sometimes changed on the way.
    function relay(uint256 pick, uint256 how) external watched {
        address hub = hubAt(pick);
        Commitment memory said = grown(hub, abi.encode("relayed", entriesOf[hub].length));
        bytes32 digest = ledger.commitDigest(hub, said.seq, said.size, said.root);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secretOf[hub], digest);
        Ledger.Relayed[] memory all = new Ledger.Relayed[](2);
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        all[0] = Ledger.Relayed(hub, said.seq, said.size, said.root, r, vs);
        all[1] = all[0];
        if (how % 4 == 1) all[0].size += 1;
        noted(act(CHALLENGER, address(ledger), 0, abi.encodeCall(ledger.commitFor, (all))));
    }

    function addStake(uint256 pick, uint256 amount) external watched {
        noted(act(hubAt(pick), address(ledger), amount % 1 ether, abi.encodeCall(ledger.stake, ())));
    }

    function leave(uint256 pick) external watched {
        address hub = hubAt(pick);
        if (pick % 8 > 1) return;
        if (!act(hub, address(ledger), 0, abi.encodeCall(ledger.exit, ()))) {
            if (pick % 2 == 0) vm.warp(block.timestamp + RETENTION);
            noted(act(hub, address(ledger), 0, abi.encodeCall(ledger.withdraw, ())));
        }
    }

    function collectStake() external watched {
        noted(act(address(this), address(ledger), 0, abi.encodeCall(ledger.collect, (CHALLENGER))));
    }

    /// Two roots for one size.
    function fork(uint256 pick, uint256 how) external watched {
        address hub = hubAt(pick);
        Commitment memory a = grown(hub, "true");
        if (!commits(hub, a)) return;
        Commitment memory b = Commitment(a.seq + 1, a.size, keccak256("false"));
        if (!commits(hub, b)) return;
        bytes32[] memory none = new bytes32[](0);
        bytes memory call = abi.encodeCall(faults.forked, (hub, a, b, 0, 0, none, 0, none));
        noted(act(how % 2 == 0 ? address(this) : CHALLENGER, address(faults), 0, call));
    }

    /// An attestation that its device did not sign.
    function forge(uint256 pick, uint256 which) external watched {
        address hub = hubAt(pick);
        Unit memory unit = units[which % units.length];
        Said memory said;
        (said.algorithm, said.count, said.time, said.device) = (unit.algorithm, 10, 1_800_000_000_000, unit.id);
        (said.scope, said.work) = (registry.scopeOf(hub), unit.register);
        Commitment memory committed = grown(hub, forgedEntry(said));
        if (!commits(hub, committed)) return;
        uint64 index = committed.size - 1;
        bytes32[] memory path = pathOf(hub, 0, committed.size, index);
        Logged memory shown = Logged(committed, index, entriesOf[hub][index], path);
        noted(act(CHALLENGER, address(faults), 0, abi.encodeCall(faults.invalid, (hub, shown, unit.key))));
    }

    /// Demands a leaf; `how` decides whether it is answered in time, late, or never.
    function demand(uint256 pick, uint256 how) external watched {
        address hub = hubAt(pick);
        Commitment memory said = grown(hub, abi.encode("demanded", entriesOf[hub].length));
        if (!commits(hub, said)) return;
        uint64 index = uint64(how % said.size);
        uint256 bond = faults.bondFor(hub);
        if (!act(CHALLENGER, address(faults), bond, abi.encodeCall(faults.demand, (hub, said, index)))) return;
        bonds += bond;
        noted(true);
        if (how % 16 == 3) return;
        if (how % 8 == 1) vm.warp(block.timestamp + 1 days + 1);
        bytes memory call = abi.encodeCall(
            faults.answer, (hub, said, index, entriesOf[hub][index], pathOf(hub, 0, said.size, index))
        );
        if (act(hub, address(faults), 0, call)) bonds -= bond;
        if (act(OTHER, address(faults), 0, abi.encodeCall(faults.withheld, (hub, said, index)))) bonds -= bond;
    }

    function collectBond(uint256 pick) external watched {
        address whose = pick % 2 == 0 ? CHALLENGER : hubAt(pick / 2);
        noted(act(OTHER, address(faults), 0, abi.encodeCall(faults.collect, (whose))));
    }

    /// A device's register grows as fast as its cap allows, or less.
    function grow(uint256 which, uint256 amount) external watched {
        Unit storage unit = units[which % units.length];
        uint256 most = CAP * (block.timestamp - unit.readAt) / 1 hours;
        unit.readAt = block.timestamp;
        unit.register += uint64(amount % (most + 1));
        noted(true);
    }

    /// Seals what the devices of a kind grew. Sometimes a stretch that was sealed already, or more than there is.
    function seal(uint256 pick, uint256 which, uint256 how) external watched {
        address hub = hubAt(pick);
        uint8 kind = which % 2 == 0 ? PAID_AND_CERTIFIED : PAID_OR_CERTIFIED;
        uint32 present = ledger.epochAt(block.timestamp);
        bool open = present > 0 && block.timestamp < ledger.epochEnd(present - 1) + SEALING;
        if (!open) vm.warp(ledger.epochEnd(present));
        Told memory told = Told(hub, ledger.epochAt(block.timestamp) - 1, kind);
        Share[] memory s = stretches(kind, how);
        if (s.length == 0 || counted[nameOf(told)]) return;
        Step memory top = sumTree(s, 0, s.length);
        bytes memory call = abi.encodeCall(ledger.seal, (told.epoch, kind, top.hash, top.sum, uint64(s.length)));
        if (!noted(act(hub, address(ledger), 0, call))) return;
        tolds.push(told);
        counted[nameOf(told)] = true;
        for (uint256 i = 0; i < s.length; ++i) sharesOf[nameOf(told)].push(s[i]);
        for (uint256 i = 0; i < units.length; ++i) {
            if (units[i].kind != kind) continue;
            units[i].told = units[i].register;
        }
    }

    /// Sorted by device.
    function stretches(uint8 kind, uint256 how) private returns (Share[] memory s) {
        s = new Share[](units.length);
        uint256 count = 0;
        for (uint256 i = 0; i < units.length; ++i) {
            Unit storage unit = units[i];
            if (unit.kind != kind) continue;
            if (how % 8 == 1) unit.register += uint64(how % 5_000_000);
            uint64 from = how % 4 == 2 ? unit.first : unit.told;
            if (from >= unit.register) continue;
            uint256 at = count++;
            for (; at > 0 && s[at - 1].device > unit.id; --at) s[at] = s[at - 1];
            s[at] = Share(unit.id, from, unit.register, FIRST_MARK - 1, 5);
        }
        assembly ("memory-safe") {
            mstore(s, count)
        }
    }
}
