import { SIM_STAKE, type SimResult } from "./sim.ts";

/** What of a result is not as it must be. */
export function faultsOf({
  rows,
  accounts,
  slashed,
  suspectedEarly,
  honestSlashed,
  ledger,
  bonds,
}: SimResult): string[] {
  const wrong: string[] = [];
  for (const row of rows) {
    if (row.paid !== row.owed) wrong.push(`epoch ${row.epoch}: paid ${row.paid}, owed ${row.owed}`);
    if (row.paid + row.unallocated !== row.pool)
      wrong.push(`epoch ${row.epoch}: paid and unallocated are not the pool`);
  }
  for (const { name, owed, holds } of accounts) if (owed !== holds) wrong.push(`${name} holds ${holds}, not ${owed}`);
  for (const { epoch, cheat, fault, expected } of slashed) {
    if (fault !== expected)
      wrong.push(`epoch ${epoch}: ${cheat} was punished as ${fault ?? "nothing"}, not ${expected}`);
  }
  for (const what of suspectedEarly) wrong.push(`an honest gateway was suspected: ${what}`);
  for (const name of honestSlashed) wrong.push(`${name} was slashed without a cheat`);
  if (ledger.balance !== ledger.stakes + ledger.burned)
    wrong.push("the Ledger does not hold stakes and what is burned");
  if (ledger.burned !== BigInt(slashed.length) * (SIM_STAKE / 2n)) wrong.push("not half of every stake was burned");
  if (bonds !== 0n) wrong.push(`bonds of ${bonds} wei are left`);
  return wrong;
}
