// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Gateway} from "../Interfaces.sol";
import {Ledger} from "../Ledger.sol";
import {IEd25519} from "../Signatures.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// A challenger that tries something when it is paid.
contract Challenger {
    Ledger private immutable LEDGER;
    uint256 public mode;
    uint256 public failed;

    constructor(Ledger ledger) {
        LEDGER = ledger;
    }

    function become(uint256 to) external {
        mode = to;
    }

    function collect(address to) external {
        LEDGER.collect(to);
    }

    receive() external payable {
        if (mode == 1) revert("refused");
        if (mode == 2) while (true) ++failed;
        if (mode == 3) {
            // A long answer must not cost the payer.
            assembly {
                revert(0, 20000)
            }
        }
        if (mode == 4) {
            (bool done,) = address(LEDGER).call(abi.encodeCall(Ledger.collect, (address(this))));
            if (!done) mode = 5;
        }
    }
}

/// Takes its stake back again while it is being paid.
contract Reentrant {
    Ledger private immutable LEDGER;
    bool public again;

    constructor(Ledger ledger) payable {
        LEDGER = ledger;
        ledger.stake{value: msg.value}();
        ledger.exit();
    }

    function go() external {
        LEDGER.withdraw();
    }

    receive() external payable {
        (again,) = address(LEDGER).call(abi.encodeCall(Ledger.withdraw, ()));
    }
}

/// Faults' side of the ledger: freezing, stakes and voided seals.
contract LedgerSlashTest is Fixture {
    bytes32 private constant ROOT = keccak256("shares");
    address private constant CHALLENGER = address(0xC4A1);
    address private constant OTHER = address(0x07E4);
    address private faults;

    function setUp() public {
        deploy(IEd25519(address(0)));
        faults = ledger.FAULTS();
        stakeOf(GATEWAY, 3 ether + 1);
        stakeOf(OTHER, 1 ether);
    }

    function stakeOf(address gateway, uint256 amount) private {
        vm.deal(gateway, amount);
        vm.prank(gateway);
        ledger.stake{value: amount}();
    }

    function slash(address gateway, address challenger) private returns (uint256) {
        vm.prank(faults);
        return ledger.slash(gateway, challenger);
    }

    function seal(address gateway, uint32 epoch, uint8 kind, uint128 work) private {
        vm.prank(gateway);
        ledger.seal(epoch, kind, ROOT, work, 10);
    }

    function balanced() private view {
        uint256 stakes = uint256(ledger.gatewayOf(GATEWAY).stake) + ledger.gatewayOf(OTHER).stake;
        equal(address(ledger).balance, stakes + ledger.owedTotal() + ledger.burned());
    }

    function test_only_faults_slashes() public {
        vm.expectRevert(abi.encodeWithSelector(Ledger.NotFaults.selector, address(this)));
        ledger.slash(GATEWAY, CHALLENGER);
    }

    function test_half_to_the_challenger_half_burned() public {
        vm.expectEmit();
        emit Ledger.Slashed(GATEWAY, CHALLENGER, 1.5 ether, 1.5 ether + 1);
        equal(slash(GATEWAY, CHALLENGER), 1.5 ether);
        equal(CHALLENGER.balance, 1.5 ether);
        equal(ledger.burned(), 1.5 ether + 1);
        Gateway memory gateway = ledger.gatewayOf(GATEWAY);
        require(gateway.frozen && gateway.stake == 0, "frozen");
        equal(ledger.gatewayOf(OTHER).stake, 1 ether);
        balanced();
    }

    function test_a_frozen_gateway_does_nothing_more() public {
        slash(GATEWAY, CHALLENGER);
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.FrozenGateway.selector));
        ledger.commit(1, 1, ROOT);
        vm.deal(GATEWAY, 1 ether);
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.FrozenGateway.selector));
        ledger.stake{value: 1 ether}();
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.NoStake.selector));
        ledger.exit();
    }

    function test_a_second_slash_gives_nothing() public {
        slash(GATEWAY, CHALLENGER);
        equal(slash(GATEWAY, OTHER), 0);
        equal(OTHER.balance, 0);
        balanced();
    }

    function test_a_gateway_without_stake_is_frozen_too() public {
        equal(slash(OWNER, CHALLENGER), 0);
        require(ledger.gatewayOf(OWNER).frozen, "frozen");
        equal(CHALLENGER.balance, 0);
    }

    /// Hit and run: the stake answers until everything that was committed or sealed is final.
    function test_an_exiting_gateway_is_slashed() public {
        vm.prank(GATEWAY);
        ledger.exit();
        vm.warp(block.timestamp + RETENTION - 1);
        equal(slash(GATEWAY, CHALLENGER), 1.5 ether);
        vm.warp(block.timestamp + 1);
        vm.prank(GATEWAY);
        ledger.withdraw();
        equal(GATEWAY.balance, 0);
        balanced();
    }

    function test_seals_that_are_not_final_are_voided() public {
        vm.warp(ledger.epochEnd(0));
        seal(GATEWAY, 0, 3, 500);
        vm.warp(ledger.epochEnd(1));
        seal(GATEWAY, 1, 3, 1000);
        seal(GATEWAY, 1, 15, 70);
        seal(OTHER, 1, 3, 20);
        vm.warp(ledger.finalAt(1) - 1);
        vm.expectEmit();
        emit Ledger.SealVoided(GATEWAY, 1, 3);
        vm.expectEmit();
        emit Ledger.SealVoided(GATEWAY, 1, 15);
        slash(GATEWAY, CHALLENGER);
        equal(ledger.totalWork(1, 3), 20);
        equal(ledger.totalWork(1, 15), 0);
        require(ledger.sealOf(GATEWAY, 1, 3).root == 0, "no root");
        equal(ledger.sealOf(GATEWAY, 1, 3).sealedAt, 0);
        equal(ledger.sealOf(GATEWAY, 1, 3).work, 0);
        equal(ledger.sealOf(OTHER, 1, 3).work, 20);
        // What is final stays.
        equal(ledger.sealOf(GATEWAY, 0, 3).work, 500);
        equal(ledger.totalWork(0, 3), 500);
    }

    function test_a_final_seal_stands() public {
        vm.warp(ledger.epochEnd(0));
        seal(GATEWAY, 0, 3, 500);
        vm.warp(ledger.finalAt(0));
        slash(GATEWAY, CHALLENGER);
        equal(ledger.totalWork(0, 3), 500);
        equal(ledger.sealOf(GATEWAY, 0, 3).work, 500);
    }

    function test_a_voided_seal_is_not_made_again() public {
        vm.warp(ledger.epochEnd(0));
        seal(GATEWAY, 0, 3, 500);
        slash(GATEWAY, CHALLENGER);
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(Ledger.FrozenGateway.selector));
        ledger.seal(0, 3, ROOT, 500, 10);
    }

    /// A refusing, endless or long-winded challenger does not hold up the fault; what it is owed waits.
    function test_a_payment_that_fails_waits() public {
        Challenger challenger = new Challenger(ledger);
        for (uint256 mode = 1; mode <= 3; ++mode) {
            address gateway = address(uint160(0x1000 + mode));
            stakeOf(gateway, 2 ether);
            challenger.become(mode);
            equal(slash(gateway, address(challenger)), 1 ether);
            equal(ledger.owed(address(challenger)), mode * 1 ether);
            equal(ledger.owedTotal(), mode * 1 ether);
            balanced();
        }
        challenger.become(1);
        vm.expectRevert(abi.encodeWithSelector(Ledger.PaymentFailed.selector));
        challenger.collect(address(challenger));
        vm.expectEmit();
        emit Ledger.Collected(address(challenger), 3 ether);
        challenger.collect(CHALLENGER);
        equal(CHALLENGER.balance, 3 ether);
        equal(ledger.owedTotal(), 0);
        balanced();
        vm.expectRevert(abi.encodeWithSelector(Ledger.NothingOwed.selector, address(challenger)));
        challenger.collect(CHALLENGER);
    }

    /// State first: within the payment nothing is owed any more.
    function test_collecting_does_not_reenter() public {
        Challenger challenger = new Challenger(ledger);
        challenger.become(1);
        slash(GATEWAY, address(challenger));
        challenger.become(4);
        challenger.collect(address(challenger));
        equal(challenger.mode(), 5);
        equal(address(challenger).balance, 1.5 ether);
        balanced();
    }

    function test_withdrawing_does_not_reenter() public {
        vm.deal(address(this), 1 ether);
        Reentrant gateway = new Reentrant{value: 1 ether}(ledger);
        vm.warp(block.timestamp + RETENTION);
        gateway.go();
        require(!gateway.again(), "once");
        equal(address(gateway).balance, 1 ether);
        balanced();
    }

    /// Whoever slashes whom in whatever order, the ledger holds what it says.
    function testFuzz_the_balance_is_what_is_kept(uint80 first, uint80 second, bool exits, bool both) public {
        vm.deal(GATEWAY, first);
        vm.prank(GATEWAY);
        ledger.stake{value: first / 2}();
        vm.deal(OTHER, second);
        vm.prank(OTHER);
        ledger.stake{value: second / 2}();
        if (exits) {
            vm.prank(OTHER);
            ledger.exit();
            vm.warp(block.timestamp + RETENTION);
            vm.prank(OTHER);
            ledger.withdraw();
        }
        balanced();
        slash(GATEWAY, CHALLENGER);
        balanced();
        if (both) slash(OTHER, GATEWAY);
        balanced();
    }

    /// The steady state of a fault: burned before, a challenger that exists, one seal to void.
    function test_gas_of_a_slash() public {
        vm.deal(CHALLENGER, 1);
        stakeOf(MAKER, 2 ether);
        slash(MAKER, CHALLENGER);
        vm.warp(ledger.epochEnd(0));
        seal(GATEWAY, 0, 3, 500);
        seal(OTHER, 0, 3, 500);
        slash(GATEWAY, CHALLENGER);
        emit log_named_uint("slash, of which 21,000 the transaction", vm.lastCallGas().gasTotalUsed);
    }
}
