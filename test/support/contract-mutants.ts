import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contractsFolder } from "./forge.ts";
import { creationCode } from "./solidity.ts";

/** A contract with one deliberate fault, and the property that must notice it. */
export interface Mutant {
  contract: string;
  /** The file that is changed. */
  file: string;
  from: string;
  to: string;
  invariant: string;
  /** What the property says. */
  says: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    contract: "Rewards",
    file: "Marks.sol",
    from: "if (from < uint64(mark)) revert BehindMark(share.device, from, uint64(mark));",
    to: "",
    invariant: "invariant_paid_at_most_growth",
    says: "paid more than the register grew",
  },
  {
    contract: "Rewards",
    file: "Emission.sol",
    from: "return FIRST >> (epoch / HALVING);",
    to: "return FIRST << 5;",
    invariant: "invariant_mined_at_most_emission",
    says: "mined more than was emitted",
  },
  {
    contract: "Token",
    file: "Token.sol",
    from: "_mint(reserve, RESERVE);",
    to: "_mint(reserve, CAP);",
    invariant: "invariant_supply_at_most_cap",
    says: "supply from nowhere",
  },
  {
    contract: "Token",
    file: "Token.sol",
    from: "burned = left - amount;\n        _mint(to, amount);",
    to: "_mint(to, amount);",
    invariant: "invariant_reminted_at_most_burned",
    says: "burned and not counted",
  },
  {
    contract: "Rewards",
    file: "Rewards.sol",
    from: "works[i] = _use(terms, share, device, _certified);",
    to: "works[i] = share.to - share.from;",
    invariant: "invariant_certificates_at_most_work",
    says: "certified more than the register grew",
  },
  {
    contract: "Ledger",
    file: "Ledger.sol",
    from: "kept.frozen = true;\n        kept.stake = 0;",
    to: "kept.frozen = true;",
    invariant: "invariant_balances",
    says: "balance of the ledger",
  },
  {
    contract: "Ledger",
    file: "Ledger.sol",
    from: "if (size < gateway.last) return Refusal.Size;",
    to: "",
    invariant: "invariant_marks_never_fall",
    says: "fell: size of a log",
  },
  {
    contract: "Ledger",
    file: "Ledger.sol",
    from: "if (gateway.frozen) return Refusal.Frozen;",
    to: "",
    invariant: "invariant_slashed_is_silent",
    says: "a slashed gateway committed",
  },
  {
    contract: "Rewards",
    file: "Auditing.sol",
    from: "paid[epoch][kind] += amount;",
    to: "paid[epoch][kind] = amount;",
    invariant: "invariant_pools_add_up",
    says: "paid and not mined",
  },
  {
    contract: "Ledger",
    file: "Ledger.sol",
    from: "_totals[place] -= uint128(figures);",
    to: "",
    invariant: "invariant_pools_add_up",
    says: "total without seals",
  },
];

/** Puts the artifacts of all contracts into a folder, one of them with the fault. */
export function writeMutant(mutant: Mutant, folder: string): void {
  const { contract, file, from, to } = mutant;
  let changes = 0;
  const change = (path: string, text: string) => {
    if (path !== file) return text;
    changes = text.split(from).length - 1;
    return text.replace(from, to);
  };
  const bytecode = creationCode(`${contract}.sol`, contract, { optimized: false, change });
  if (changes !== 1) throw new Error(`${file} contains ${changes} times, not once: ${from}`);
  cpSync(join(contractsFolder, "..", "artifacts"), folder, { recursive: true });
  writeFileSync(join(folder, `${contract}.json`), JSON.stringify({ abi: [], bytecode }));
}
