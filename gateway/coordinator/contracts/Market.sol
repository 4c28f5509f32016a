// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC1155Supply} from "@openzeppelin/contracts/token/ERC1155/extensions/ERC1155Supply.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Credits} from "./Credits.sol";
import {KINDS} from "./Interfaces.sol";
import {Batch} from "./Proven.sol";
import {Rewards} from "./Rewards.sol";
import {Token} from "./Token.sol";

/// @title Credits that devices pay each other with, and certificates of the energy that they measured.
/// @notice Immutable, without an owner. A certificate is an ERC-1155 token, one unit for one proven Wh; its id names device and
/// epoch.
contract Market is Credits, ERC1155Supply, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// Certificates for sale. The market holds them meanwhile.
    /// @param seller Who listed them and is paid.
    /// @param amount Units left; 0 = no such listing.
    /// @param price Of one unit, in the smallest unit of the token.
    struct Listing {
        address seller;
        uint96 amount;
        uint256 id;
        uint256 price;
    }

    /// Longest name of a beneficiary, bytes.
    uint256 public constant BENEFICIARY = 256;

    /// Where work is paid, and where is kept how much of it is certified.
    Rewards public immutable REWARDS;

    /// Kinds whose work register counts Wh, bit by bit: they can be certified.
    uint16 public immutable CERTIFIABLE;

    /// Kinds of which a Wh is either certified or paid, bit by bit.
    uint16 public immutable EXCLUSIVE;

    /// @notice Number of the newest listing; the first is 1.
    uint256 public listings;

    mapping(uint256 listing => Listing) private _listings;

    event Issued(bytes32 indexed device, uint32 indexed epoch, address indexed owner, uint256 id, uint256 amount);
    event Listed(uint256 indexed listing, address indexed seller, uint256 indexed id, uint96 amount, uint256 price);
    event Bought(uint256 indexed listing, address indexed buyer, uint96 amount, uint256 cost);
    event Cancelled(uint256 indexed listing, uint96 amount);
    event Retired(address indexed holder, uint256 indexed id, uint256 amount, string beneficiary);

    error RewardsMismatch(address rewards);
    error ExclusiveNotCertifiable(uint16 exclusive, uint16 certifiable);
    error NotCertifiable(uint8 kind);
    error NothingListed();
    error ListingUnknown(uint256 listing);
    error ListingShort(uint256 listing, uint96 got, uint96 left);
    error NotSeller(uint256 listing, address seller, address caller);
    error NothingRetired();
    error BeneficiaryLength(uint256 got, uint256 most);

    /// @param token The Token that was deployed for this address.
    /// @param rewards The Rewards that were deployed for this address.
    /// @param certifiable Kinds whose work register counts Wh, bit by bit.
    /// @param exclusive Kinds of which a Wh is either certified or paid, bit by bit; all of them certifiable.
    /// @param fee Part of a settlement that stays burned, in 1/10,000.
    constructor(
        Token token,
        Rewards rewards,
        uint16 certifiable,
        uint16 exclusive,
        uint16 fee
    ) Credits(token, rewards.REGISTRY(), fee) ERC1155("") {
        if (rewards.MARKET() != address(this)) revert RewardsMismatch(address(rewards));
        if (token.REWARDS() != address(rewards)) revert RewardsMismatch(token.REWARDS());
        if (exclusive & ~certifiable != 0) revert ExclusiveNotCertifiable(exclusive, certifiable);
        REWARDS = rewards;
        CERTIFIABLE = certifiable;
        EXCLUSIVE = exclusive;
    }

    /// @notice Mints certificates for shares of a final seal to the devices' registered owner. Anyone may send it. All or none.
    /// @dev A share of an exclusive kind uses up the mark that claims use, so that neither order gives the same Wh twice.
    /// @param owner Registered owner of every device in `batch`.
    /// @param batch The shares, with their proofs.
    function issue(address owner, Batch calldata batch) external nonReentrant {
        uint8 kind = batch.kind;
        if (kind >= KINDS || CERTIFIABLE >> kind & 1 == 0) revert NotCertifiable(kind);
        uint256[] memory amounts = REWARDS.certify(owner, batch, EXCLUSIVE >> kind & 1 == 1);
        uint256[] memory ids = new uint256[](amounts.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            bytes32 device = batch.shares[i].device;
            ids[i] = idOf(device, batch.epoch);
            emit Issued(device, batch.epoch, owner, ids[i], amounts[i]);
        }
        _mintBatch(owner, ids, amounts, "");
    }

    /// @notice Offers certificates of the caller for tokens. The market holds them until they are bought or taken back.
    /// @param id Which.
    /// @param amount Units.
    /// @param price Of one unit, in the smallest unit of the token; it cannot be changed.
    /// @return listing Number of the listing.
    function list(uint256 id, uint96 amount, uint256 price) external returns (uint256 listing) {
        if (amount == 0) revert NothingListed();
        listing = ++listings;
        _listings[listing] = Listing({seller: msg.sender, amount: amount, id: id, price: price});
        emit Listed(listing, msg.sender, id, amount, price);
        _move(msg.sender, address(this), id, amount);
    }

    /// @notice Buys from a listing. The caller must have approved the cost (Token.approve or permit).
    /// @param listing Number of the listing.
    /// @param amount Units.
    function buy(uint256 listing, uint96 amount) external nonReentrant {
        Listing storage found = _listings[listing];
        uint96 left = found.amount;
        if (left == 0) revert ListingUnknown(listing);
        if (amount == 0 || amount > left) revert ListingShort(listing, amount, left);
        (address seller, uint256 id) = (found.seller, found.id);
        uint256 cost = amount * found.price;
        if (amount == left) delete _listings[listing];
        else found.amount = left - amount;
        emit Bought(listing, msg.sender, amount, cost);
        IERC20(address(TOKEN)).safeTransferFrom(msg.sender, seller, cost);
        _safeTransferFrom(address(this), msg.sender, id, amount, "");
    }

    /// @notice Takes back what is left of a listing of the caller.
    /// @param listing Number of the listing.
    function cancel(uint256 listing) external {
        Listing memory found = _listings[listing];
        if (found.amount == 0) revert ListingUnknown(listing);
        if (found.seller != msg.sender) revert NotSeller(listing, found.seller, msg.sender);
        delete _listings[listing];
        emit Cancelled(listing, found.amount);
        // Without a receiver's consent: what an account had before it gets back in any case.
        _move(address(this), msg.sender, found.id, found.amount);
    }

    /// @notice Burns certificates of the caller, for good, in somebody's name.
    /// @param id Which.
    /// @param amount Units.
    /// @param beneficiary Whose consumption they cover, at most BENEFICIARY bytes.
    function retire(uint256 id, uint256 amount, string calldata beneficiary) external {
        if (amount == 0) revert NothingRetired();
        uint256 length = bytes(beneficiary).length;
        if (length > BENEFICIARY) revert BeneficiaryLength(length, BENEFICIARY);
        emit Retired(msg.sender, id, amount, beneficiary);
        _burn(msg.sender, id, amount);
    }

    /// @notice Id of a certificate: the first 28 bytes of the device id, then the epoch in 4 bytes.
    function idOf(bytes32 device, uint32 epoch) public pure returns (uint256) {
        return uint256(device) >> 32 << 32 | epoch;
    }

    /// @notice A listing; all zero when there is none, or nothing left of it.
    function listingOf(uint256 listing) external view returns (Listing memory) {
        return _listings[listing];
    }

    function _move(address from, address to, uint256 id, uint256 amount) private {
        (uint256[] memory ids, uint256[] memory amounts) = (new uint256[](1), new uint256[](1));
        (ids[0], amounts[0]) = (id, amount);
        _update(from, to, ids, amounts);
    }
}
