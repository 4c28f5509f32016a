import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Bench, Row } from "./bench.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const json = process.argv.includes("--json");
const quick = process.argv.includes("--quick");
const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

const figure = (value: number) =>
  value >= 10_000
    ? `${(value / 1000).toLocaleString("en", { maximumFractionDigits: 1 })} k`
    : value.toLocaleString("en", { maximumFractionDigits: 2 });

function print(row: Row): void {
  const peers = row.peers.map(({ name, value }) => `${name} ${figure(value)}`).join(" · ");
  const limit = row.limit
    ? `  limit: ${row.limit.name} ${figure(row.limit.value)} (${(row.ours / row.limit.value).toFixed(2)} of it)`
    : "";
  console.log(`${row.row}\n  ours ${figure(row.ours)} ${row.unit}   peers: ${peers || "–"}`);
  console.log(`  ratio ${row.ratio.toFixed(2)}   goal: ${row.goal}${limit}${row.note ? `\n  ${row.note}` : ""}\n`);
}

const files = readdirSync(folder).filter(
  (name) => name.endsWith(".bench.ts") && (only.length === 0 || only.some((word) => name.includes(word))),
);
const rows: Row[] = [];
if (!json)
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}; ratio above 1 is better for us\n`,
  );
for (const file of files.sort()) {
  const { bench } = (await import(pathToFileURL(folder + file).href)) as { bench: Bench };
  for (const row of await bench.run({ quick })) {
    rows.push(row);
    if (!json) print(row);
  }
}
if (json) console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, rows }, null, 2));
process.exit(0);
