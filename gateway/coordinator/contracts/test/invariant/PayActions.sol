// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../../Proven.sol";
import {Registry} from "../../Registry.sol";
import {Share, Step} from "../../Shares.sol";
import {Credits} from "../../Credits.sol";
import {vm} from "../Vm.sol";
import {LedgerActions} from "./LedgerActions.sol";

/// What owners, auditors and traders do.
abstract contract PayActions is LedgerActions {
    function toldAt(uint256 pick) internal view returns (Told memory) {
        return tolds[pick % tolds.length];
    }

    function untilFinal(Told memory told) private {
        uint256 at = ledger.finalAt(told.epoch);
        if (block.timestamp < at) vm.warp(at);
    }

    function claim(uint256 pick, uint256 mask) external watched {
        if (tolds.length == 0) return;
        Told memory told = toldAt(pick);
        if (mask % 4 != 0) untilFinal(told);
        (Batch memory batch, address owner) = batchOf(told, mask >> 2);
        Batch[] memory all = new Batch[](1);
        all[0] = batch;
        uint256 before = token.totalSupply();
        if (!noted(act(CHALLENGER, address(rewards), 0, abi.encodeCall(rewards.claim, (owner, all))))) return;
        minedAll += token.totalSupply() - before;
        minedOf[epochAndKind(told)] += token.totalSupply() - before;
        for (uint256 i = 0; i < batch.shares.length; ++i) {
            Share memory share = batch.shares[i];
            paidWork[share.device] += share.to - share.from;
            if (share.to > paidUpTo[share.device]) paidUpTo[share.device] = share.to;
        }
    }

    function issue(uint256 pick, uint256 mask) external watched {
        if (tolds.length == 0) return;
        Told memory told = toldAt(pick);
        if (mask % 4 != 0) untilFinal(told);
        (Batch memory batch, address owner) = batchOf(told, mask >> 2);
        if (!noted(act(CHALLENGER, address(market), 0, abi.encodeCall(market.issue, (owner, batch))))) return;
        for (uint256 i = 0; i < batch.shares.length; ++i) {
            Share memory share = batch.shares[i];
            uint256 id = market.idOf(share.device, told.epoch);
            if (!held[id]) certificatesOf[share.device].push(id);
            held[id] = true;
            certifiedWork[share.device] += share.to - share.from;
            if (share.to > certifiedUpTo[share.device]) certifiedUpTo[share.device] = share.to;
        }
    }

    function accrue(uint256 pick, uint256 whom) external watched {
        bytes32[] memory ids = new bytes32[](units.length);
        for (uint256 i = 0; i < ids.length; ++i) ids[i] = units[i].id;
        noted(act(OTHER, address(rewards), 0, abi.encodeCall(rewards.accrue, (ids))));
        address to = people[whom % people.length];
        act(to, address(rewards), 0, abi.encodeCall(rewards.delegate, (to)));
        act(people[pick % people.length], address(rewards), 0, abi.encodeCall(rewards.delegate, (to)));
    }

    function vouch(uint256 pick) external watched {
        if (tolds.length == 0) return;
        Told memory told = tolds[tolds.length - 1 - pick % (tolds.length < 3 ? tolds.length : 3)];
        uint256 from = ledger.epochEnd(told.epoch) + SEALING;
        if (block.timestamp < from) vm.warp(from);
        bytes memory call = abi.encodeCall(rewards.vouch, (told.hub, told.epoch, told.kind));
        for (uint256 i = 0; i < people.length; ++i) {
            if (!noted(act(people[i], address(rewards), 0, call))) continue;
            vouched.push(told);
            vouchers.push(people[i]);
        }
    }

    function collectPay(uint256 pick) external watched {
        if (vouched.length == 0) return;
        pick = pick % vouched.length;
        (Told memory told, address auditor) = (vouched[pick], vouchers[pick]);
        untilFinal(told);
        uint256 before = token.totalSupply();
        bytes memory call = abi.encodeWithSignature(
            "collect(address,address,uint32,uint8)", auditor, told.hub, told.epoch, told.kind
        );
        if (noted(act(OTHER, address(rewards), 0, call))) {
            minedAll += token.totalSupply() - before;
            minedOf[epochAndKind(told)] += token.totalSupply() - before;
        }
        call = abi.encodeCall(rewards.censure, (auditor, told.hub, told.epoch, told.kind));
        if (act(OTHER, address(rewards), 0, call)) ++done[bytes4("cens")];
    }

    function transfer(uint256 pick, uint256 whom) external watched {
        bytes32 id = units[pick % units.length].id;
        address to = people[whom % people.length];
        act(ownerOf(id), address(registry), 0, abi.encodeCall(registry.offer, (id, to)));
        noted(act(to, address(registry), 0, abi.encodeCall(registry.accept, (id))));
    }

    function retire(uint256 pick) external watched {
        if (pick % 32 > 1) return;
        bytes32 id = units[pick % units.length].id;
        noted(act(ownerOf(id), address(registry), 0, abi.encodeCall(registry.retire, (id))));
    }

    /// A new key in the place of an old one.
    function succeed(uint256 pick) external watched {
        if (units.length >= MOST_UNITS || pick % 4 != 0) return;
        Unit memory old = units[(pick / 4) % units.length];
        address owner = ownerOf(old.id);
        (Registry.Enrolled memory said, bytes memory signature) = enrolment(owner, old.kind, old.register);
        Unit memory next = units[units.length - 1];
        bytes memory body = abi.encodePacked(
            uint8(1), next.algorithm, uint8(4), bytes29(0), bytes16("nonce"), bytes16(0), next.key.x, next.key.y
        );
        Said memory last;
        (last.kind, last.count, last.time, last.work) = (2, 1, 1_800_000_000_000, old.register);
        (last.scope, last.device, last.root) = (registry.scopeOf(GATEWAY), old.id, sha256(body));
        bytes memory raw = statement(last);
        Registry.Ending memory ending = Registry.Ending(GATEWAY, old.key, raw, body, signatureBy(old, raw));
        bytes memory call = abi.encodeCall(registry.succeed, (ending, said, signature));
        if (!noted(act(GATEWAY, address(registry), 0, call))) units.pop();
    }

    function buyCredits(uint256 pick, uint256 most) external watched {
        uint128 amount = uint128(most % 1_000_000e18 + 1);
        uint256 before = token.totalSupply();
        bytes memory call = abi.encodeCall(market.buyCredits, (units[0].id, amount));
        if (noted(act(people[pick % people.length], address(market), 0, call))) {
            burnedAll += before - token.totalSupply();
        }
    }

    /// A receipt of the first device and another one; sometimes an old one again.
    function settle(uint256 pick, uint256 more, uint256 how) external watched {
        Unit memory payer = units[0];
        Unit memory provider = units[1 + pick % (units.length - 1)];
        bool forged = how % 4 == 0;
        uint128 total = market.settledOf(payer.id, provider.id);
        if (more % 3 != 0) total += uint128(more % 300_000e18);
        Credits.Signed memory it;
        (it.gateway, it.provider, it.consumer) = (GATEWAY, provider.key, payer.key);
        it.body = abi.encodePacked(
            uint8(1), bytes7(0), bytes8("Wh"), bytes16("session"), payer.id, provider.id, uint64(0), uint64(9), total
        );
        Said memory said;
        (said.kind, said.count, said.time, said.work) = (4, 1, 1_800_000_000_000, 5);
        (said.scope, said.device, said.root) = (registry.scopeOf(GATEWAY), provider.id, sha256(it.body));
        it.statement = statement(said);
        bytes memory signature = signatureBy(provider, it.statement);
        bytes memory second = countersigned(payer, provider.algorithm, it.statement, signature);
        if (forged) second[40] ^= 0x01;
        uint256 before = token.totalSupply();
        bytes memory call = abi.encodeCall(market.settle, (it, signature, second));
        if (!noted(act(OTHER, address(market), 0, call))) return;
        require(!forged, "a forged receipt was paid");
        remintedAll += token.totalSupply() - before;
    }

    function countersigned(Unit memory by, uint8 algorithm, bytes memory raw, bytes memory signature)
        private
        pure
        returns (bytes memory)
    {
        bytes memory head = bytes.concat(headOf(algorithm), hex"4058a0");
        bytes32 digest = sha256(bytes.concat(hex"8573", "CounterSignature0V2", head, raw, hex"815840", signature));
        bytes32 r;
        bytes32 s;
        if (by.algorithm == 0xf9) (r, s) = vm.signP256(by.secret, digest);
        else (, r, s) = vm.sign(by.secret, digest);
        return abi.encodePacked(r, s);
    }

    /// Lists, buys a part, and takes back or burns the rest.
    function trade(uint256 pick, uint256 most, uint256 how) external watched {
        if (tolds.length == 0) return;
        Told memory told = toldAt(pick);
        bytes32 device = sharesOf[nameOf(told)][0].device;
        uint256 id = market.idOf(device, told.epoch);
        address seller = ownerOf(device);
        uint256 has = market.balanceOf(seller, id);
        if (has == 0) return;
        uint96 amount = uint96(most % has + 1);
        if (how % 3 == 0) {
            noted(act(seller, address(market), 0, abi.encodeCall(market.retire, (id, amount, "somebody"))));
            return;
        }
        if (noted(act(seller, address(market), 0, abi.encodeCall(market.list, (id, amount, 7))))) sell(seller, amount, how);
    }

    function sell(address seller, uint96 amount, uint256 how) private {
        uint256 listing = market.listings();
        address buyer = people[how % people.length];
        act(buyer, address(token), 0, abi.encodeCall(token.approve, (address(market), type(uint256).max)));
        act(buyer, address(market), 0, abi.encodeCall(market.buy, (listing, amount / 2)));
        if (how % 2 == 0) act(seller, address(market), 0, abi.encodeCall(market.cancel, (listing)));
    }

    /// Any bytes to any contract by anybody: at most a view answers.
    function garbage(uint256 pick, bytes32 a, bytes32 b) external watched {
        address[6] memory all = [
            address(registry), address(ledger), address(faults), address(token), address(rewards), address(market)
        ];
        act(OTHER, all[pick % 6], 0, abi.encode(a, b, a, b));
        noted(true);
    }
}
