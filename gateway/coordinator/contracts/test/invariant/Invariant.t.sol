// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Gateway} from "../../Interfaces.sol";
import {vm} from "../Vm.sol";
import {PayActions} from "./PayActions.sol";

/// Everything that gateways, owners, auditors, traders and strangers do, and what must hold whatever they do.
contract Handler is PayActions {
    constructor() {
        build();
    }

    /// Σ paid ≤ growth of the register; work of kinds that are either paid or certified counts for both.
    function paidAtMostGrowth() external view {
        for (uint256 i = 0; i < units.length; ++i) {
            Unit memory unit = units[i];
            uint256 used = paidWork[unit.id];
            uint64 top = paidUpTo[unit.id];
            if (unit.kind == PAID_OR_CERTIFIED) {
                used += certifiedWork[unit.id];
                if (certifiedUpTo[unit.id] > top) top = certifiedUpTo[unit.id];
            }
            if (used == 0) continue;
            require(used <= top - unit.first, "paid more than the register grew");
            require(paidUpTo[unit.id] <= rewards.paidMarkOf(unit.id).to, "paid above the mark");
            require(paidUpTo[unit.id] <= unit.register, "paid above the register");
        }
    }

    /// Σ mined ≤ emission.
    function minedAtMostEmission() external view {
        uint256 emission = 0;
        uint32 present = ledger.epochAt(block.timestamp);
        for (uint32 epoch = 0; epoch <= present; ++epoch) {
            emission += poolOf(epoch, PAID_AND_CERTIFIED) + poolOf(epoch, PAID_OR_CERTIFIED);
        }
        require(minedAll <= emission, "mined more than was emitted");
        require(token.mined() == minedAll, "mined and not counted");
    }

    /// supply ≤ cap.
    function supplyAtMostCap() external view {
        require(token.totalSupply() <= 10_000_000_000e18, "more than the cap");
        require(token.totalSupply() + burnedAll == 4_000_000_000e18 + minedAll + remintedAll, "supply from nowhere");
    }

    /// re-minted ≤ burned.
    function remintedAtMostBurned() external view {
        require(remintedAll <= burnedAll, "more minted anew than was burned");
        require(token.burned() == burnedAll - remintedAll, "burned and not counted");
    }

    /// certificates ≤ proven Wh.
    function certificatesAtMostWork() external view {
        for (uint256 i = 0; i < units.length; ++i) {
            bytes32 id = units[i].id;
            if (certifiedWork[id] == 0) continue;
            require(certifiedWork[id] <= certifiedUpTo[id] - units[i].first, "certified more than the register grew");
            uint256 exist = 0;
            uint256[] memory all = certificatesOf[id];
            for (uint256 j = 0; j < all.length; ++j) exist += market.totalSupply(all[j]);
            require(exist <= certifiedWork[id], "certificates without work");
        }
    }

    /// Ledger: stakes + owed + burned. Faults: open bonds + owed.
    function balances() external view {
        uint256 stakes = 0;
        uint256 owed = faults.owed(CHALLENGER) + faults.owed(OTHER) + faults.owed(address(this));
        for (uint256 i = 0; i < hubs.length; ++i) {
            stakes += ledger.gatewayOf(hubs[i]).stake;
            owed += faults.owed(hubs[i]);
        }
        require(address(ledger).balance == stakes + ledger.owedTotal() + ledger.burned(), "balance of the ledger");
        require(ledger.owedTotal() == ledger.owed(address(this)), "owed by the ledger");
        require(address(faults).balance == bonds + owed, "balance of the bonds");
    }

    /// Marks, sequence numbers, sizes and totals only rise.
    function marksNeverFall() external view {
        require(fell == 0, string(abi.encodePacked("fell: ", fell)));
    }

    /// A slashed gateway never commits or seals again, and has nothing.
    function slashedIsSilent() external view {
        for (uint256 i = 0; i < hubs.length; ++i) {
            if (!slashed[hubs[i]]) continue;
            Gateway memory gateway = ledger.gatewayOf(hubs[i]);
            require(gateway.frozen && gateway.stake == 0, "a slashed gateway came back");
            require(gateway.seq == lastSeq[hubs[i]], "a slashed gateway committed");
        }
    }

    /// Σ paid + unallocated = pool, for each epoch and kind; a total is the sum of the seals that stand.
    function poolsAddUp() external view {
        for (uint256 i = 0; i < tolds.length; ++i) {
            Told memory told = tolds[i];
            (uint32 epoch, uint8 kind) = (told.epoch, told.kind);
            uint256 paid = rewards.paid(epoch, kind);
            require(paid == minedOf[epochAndKind(told)], "paid and not mined");
            require(paid + rewards.unallocated(epoch, kind) == poolOf(epoch, kind), "not the pool");
            // What is older was compared while it was young.
            if (i + 6 < tolds.length) continue;
            uint256 work = 0;
            for (uint256 j = 0; j < hubs.length; ++j) work += ledger.sealOf(hubs[j], epoch, kind).work;
            require(work == ledger.totalWork(epoch, kind), "total without seals");
        }
    }
}

/// One campaign of random calls for each property.
contract InvariantTest {
    struct Selected {
        address addr;
        bytes4[] selectors;
    }

    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory all) {
        all = new address[](1);
        all[0] = address(handler);
    }

    function targetSelectors() public view returns (Selected[] memory all) {
        all = new Selected[](1);
        all[0] = Selected(address(handler), actions());
    }

    /// What makes work and pay is named several times, so that it is done more often than what ends it.
    function actions() private view returns (bytes4[] memory) {
        bytes4[33] memory all = [
            handler.step.selector, handler.commit.selector, handler.commit.selector, handler.relay.selector,
            handler.addStake.selector, handler.leave.selector, handler.collectStake.selector, handler.fork.selector,
            handler.forge.selector, handler.demand.selector, handler.collectBond.selector, handler.grow.selector,
            handler.grow.selector, handler.grow.selector, handler.grow.selector, handler.seal.selector,
            handler.seal.selector, handler.seal.selector, handler.claim.selector, handler.claim.selector,
            handler.claim.selector, handler.issue.selector, handler.issue.selector, handler.accrue.selector,
            handler.vouch.selector, handler.collectPay.selector, handler.transfer.selector, handler.retire.selector,
            handler.succeed.selector, handler.buyCredits.selector, handler.settle.selector, handler.trade.selector,
            handler.garbage.selector
        ];
        bytes4[] memory list = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) list[i] = all[i];
        return list;
    }

    function invariant_paid_at_most_growth() public view {
        handler.paidAtMostGrowth();
    }

    function invariant_mined_at_most_emission() public view {
        handler.minedAtMostEmission();
    }

    function invariant_supply_at_most_cap() public view {
        handler.supplyAtMostCap();
    }

    function invariant_reminted_at_most_burned() public view {
        handler.remintedAtMostBurned();
    }

    function invariant_certificates_at_most_work() public view {
        handler.certificatesAtMostWork();
    }

    function invariant_balances() public view {
        handler.balances();
    }

    function invariant_marks_never_fall() public view {
        handler.marksNeverFall();
    }

    function invariant_slashed_is_silent() public view {
        handler.slashedIsSilent();
    }

    function invariant_pools_add_up() public view {
        handler.poolsAddUp();
    }

    /// The campaigns are not empty: in a few pseudo-random sequences every action is done.
    function test_every_action_is_done() public {
        bytes4[] memory all = actions();
        uint256[] memory done = new uint256[](all.length);
        for (uint256 i = 0; i < 2000; ++i) {
            if (i % 200 == 0) handler = new Handler();
            bytes32 seed = keccak256(abi.encode("sequence", i));
            uint256 which = uint256(seed) % all.length;
            bytes32 a = keccak256(abi.encode(seed, 1));
            bytes32 b = keccak256(abi.encode(seed, 2));
            uint256 before = handler.done(all[which]);
            (bool worked,) = address(handler).call(bytes.concat(all[which], a, b, keccak256(abi.encode(seed, 3))));
            require(worked, string.concat("action ", vm.toString(which)));
            done[which] += handler.done(all[which]) - before;
        }
        for (uint256 i = 0; i < all.length; ++i) {
            require(done[i] > 0, string.concat("never done: ", vm.toString(i)));
        }
    }
}
