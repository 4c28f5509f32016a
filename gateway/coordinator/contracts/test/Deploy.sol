// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// Creates a contract from its committed artifact: what is tested and measured are the bytes that are deployed, however the
/// tests themselves are compiled. FIELDSEAL_CODE names another folder ("…/"), or is ":" for code that forge made of the
/// sources, which coverage needs.
/// @param arguments The constructor's, as abi.encode gives them.
function deployed(string memory name, bytes memory arguments) returns (address) {
    string memory from = vm.envOr("FIELDSEAL_CODE", string("../artifacts/"));
    if (keccak256(bytes(from)) == keccak256(":")) return vm.deployCode(string.concat(name, ".sol:", name), arguments);
    return vm.deployCode(string.concat(from, name, ".json"), arguments);
}
