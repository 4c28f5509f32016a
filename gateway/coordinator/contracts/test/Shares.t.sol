// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Share, Shares, Step} from "../Shares.sol";
import {vm} from "./Vm.sol";

/// Gives the library calldata and a call that can revert.
contract SharesCaller {
    function locate(Share calldata share, uint64 index, uint64 count, Step[] calldata path)
        external
        pure
        returns (bytes32 root, uint128 total, uint128 before)
    {
        return Shares.locate(share, index, count, path);
    }

    function leafOf(Share calldata share) external pure returns (bytes32 hash, uint128 sum) {
        return Shares.leafOf(share);
    }
}

/// The tree by the text of RFC 6962 §2.1, recursively, against the walk along a path.
contract SharesTest {
    SharesCaller private caller = new SharesCaller();

    function shareAt(uint256 i) private pure returns (Share memory) {
        uint64 from = uint64(i * 1000);
        return Share(keccak256(abi.encode("device", i)), from, from + 7 * uint64(i) + 1, uint64(i), uint64(i) + 500);
    }

    function split(uint256 n) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }

    /// The documented bytes, written out once more.
    function tree(uint256 from, uint256 to) private pure returns (Step memory) {
        if (to - from == 1) {
            Share memory s = shareAt(from);
            bytes memory leaf = abi.encodePacked(hex"00", s.device, s.from, s.to, s.fromIndex, s.toIndex);
            return Step(keccak256(leaf), s.to - s.from);
        }
        uint256 middle = from + split(to - from);
        Step memory left = tree(from, middle);
        Step memory right = tree(middle, to);
        bytes memory node = abi.encodePacked(hex"01", left.sum, left.hash, right.sum, right.hash);
        return Step(keccak256(node), left.sum + right.sum);
    }

    function pathOf(uint256 from, uint256 to, uint256 index) private pure returns (Step[] memory path) {
        if (to - from == 1) return new Step[](0);
        uint256 middle = from + split(to - from);
        bool left = index < middle;
        Step[] memory below = left ? pathOf(from, middle, index) : pathOf(middle, to, index);
        path = new Step[](below.length + 1);
        for (uint256 i = 0; i < below.length; ++i) path[i] = below[i];
        path[below.length] = left ? tree(middle, to) : tree(from, middle);
    }

    function test_every_place_of_every_small_tree() public view {
        for (uint256 count = 1; count <= 17; ++count) {
            Step memory root = tree(0, count);
            uint128 before = 0;
            for (uint256 i = 0; i < count; ++i) {
                (bytes32 got, uint128 total, uint128 left) =
                    caller.locate(shareAt(i), uint64(i), uint64(count), pathOf(0, count, i));
                require(got == root.hash && total == root.sum && left == before, "place, sum and root");
                before += shareAt(i).to - shareAt(i).from;
            }
            require(before == root.sum, "the shares fill the total");
        }
    }

    /// Another place, another count or another path length never gives the same root.
    function testFuzz_a_path_fits_one_place(uint8 count, uint8 index, uint8 place, uint8 size) public view {
        count = count % 64 + 1;
        index = index % count;
        vm.assume(place != index || size != count);
        Step[] memory path = pathOf(0, count, index);
        try caller.locate(shareAt(index), place, size, path) returns (bytes32 got, uint128, uint128 before) {
            (, , uint128 left) = caller.locate(shareAt(index), index, count, path);
            require(got != tree(0, count).hash || (size != count && before == left), "the same root elsewhere");
        } catch {}
    }

    /// A total cannot be moved between siblings: each sum is hashed.
    function testFuzz_sums_are_bound(uint8 count, uint8 index, uint8 level, uint128 more) public view {
        count = count % 63 + 2;
        index = index % count;
        Step[] memory path = pathOf(0, count, index);
        Step memory step = path[level % path.length];
        vm.assume(more != 0 && more < type(uint64).max);
        step.sum += more;
        (bytes32 got,,) = caller.locate(shareAt(index), index, count, path);
        require(got != tree(0, count).hash, "a changed sum");
    }

    function test_refuses_a_place_outside() public {
        vm.expectRevert(abi.encodeWithSelector(Shares.ShareIndex.selector, 3, 3));
        caller.locate(shareAt(0), 3, 3, new Step[](2));
        vm.expectRevert(abi.encodeWithSelector(Shares.ShareIndex.selector, 0, 0));
        caller.locate(shareAt(0), 0, 0, new Step[](0));
    }

    function test_refuses_a_path_of_another_length() public {
        vm.expectRevert(abi.encodeWithSelector(Shares.SharePath.selector, 1));
        caller.locate(shareAt(0), 0, 3, new Step[](1));
        vm.expectRevert(abi.encodeWithSelector(Shares.SharePath.selector, 3));
        caller.locate(shareAt(0), 0, 3, new Step[](3));
    }

    function test_refuses_a_share_without_growth() public {
        Share memory share = shareAt(1);
        share.to = share.from;
        vm.expectRevert(abi.encodeWithSelector(Shares.EmptyShare.selector, share.device));
        caller.leafOf(share);
        share.to = share.from - 1;
        vm.expectRevert(abi.encodeWithSelector(Shares.EmptyShare.selector, share.device));
        caller.leafOf(share);
    }

    function test_refuses_sums_that_overflow() public {
        Step[] memory path = new Step[](1);
        path[0] = Step(0, type(uint128).max);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        caller.locate(shareAt(1), 0, 2, path);
    }
}
