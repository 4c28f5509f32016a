import { CHEATS } from "./cheats.ts";
import { type EpochRow, Simulation } from "./sim.ts";
import { faultsOf } from "./sound.ts";

/** 60 weekly epochs over the halving at 52, with each way to cheat. */
const YEAR = {
  epochs: Array.from({ length: 60 }, (_, i) => i),
  cheatsIn: [4, 9, 14, 19, 24, 29, 34, 39, 44, 53].slice(0, CHEATS.length),
  devices: 50,
};

const TOKEN = 10n ** 18n;
const tokens = (amount: bigint): string => {
  const whole = (amount / TOKEN).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `${whole}.${(amount % TOKEN).toString().padStart(18, "0").slice(0, 3)}`;
};

function line(row: EpochRow): string {
  const sound = row.paid === row.owed && row.paid + row.unallocated === row.pool;
  const cheat = row.cheat === undefined ? "" : `  ${row.cheat} → ${row.fault ?? "NOT PUNISHED"}`;
  const cells = [String(row.epoch).padStart(5), tokens(row.pool).padStart(16), tokens(row.paid).padStart(16)];
  const rest = [tokens(row.unallocated).padStart(15), String(row.work).padStart(11), String(row.shares).padStart(6)];
  return `${[...cells, ...rest].join(" ")} ${sound ? "ok" : "WRONG"}${cheat}`;
}

async function main(): Promise<void> {
  const json = process.argv.includes("--json");
  const out = (text: string) => process.stdout.write(`${text}\n`);
  if (!json) out("epoch             pool             paid     unallocated        work shares");
  const result = await Simulation.run({ ...YEAR, ...(json ? {} : { onEpoch: (row) => out(line(row)) }) });
  const wrong = faultsOf(result);
  if (json) {
    const text = JSON.stringify({ ...result, wrong }, (_, v) => (typeof v === "bigint" ? v.toString() : v), 2);
    out(text);
  } else {
    out("");
    for (const { name, owed, holds } of result.accounts) {
      out(`${name.padEnd(24)} ${tokens(holds).padStart(18)} ${holds === owed ? "as owed" : `NOT ${tokens(owed)}`}`);
    }
    const { seconds, transactions, gas, slashed } = result;
    out(`\n${slashed.length} cheats, ${transactions} transactions, ${gas} gas, ${seconds.toFixed(1)} s`);
    for (const why of wrong) out(`WRONG: ${why}`);
  }
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

await main();
