import type { Gas } from "./snapshot.ts";

/** A line of the table: what it costs, what it was to cost, and what others' contracts need for it. */
export interface Row {
  what: string;
  goal: number | undefined;
  reached: number;
  /** Published figures of others, and of alternatives measured in the same run. */
  others: string;
}

const FAULTS = [
  "invalid, P-256",
  "invalid, secp256k1",
  "incoherent",
  "forked",
  "unbacked",
  "misquoted",
  "misdated",
  "outpaced",
  "overlapping",
  "withheld",
  "opaque",
];

/** Readings under one commitment. */
const READINGS = 10_000;

/** The table of the design, from what was measured of us and of the alternatives. */
export function rowsOf(ours: Gas, theirs: Gas): Row[] {
  const row = (what: string, goal: number | undefined, reached: number | undefined, others = ""): Row => {
    if (reached === undefined) throw new Error(`no test measured ${what}`);
    return { what, goal, reached, others };
  };
  const measured = (what: string) => {
    const gas = theirs[what];
    if (gas === undefined) throw new Error(`no test measured ${what}`);
    return gas.toLocaleString("en");
  };
  const stamp = measured("timestamp of a root, as EAS does it");
  const notary = measured("root saved by one trusted role (AccessControl)");
  const naive = measured("a reading in a transaction of its own");
  const airdrop = measured("claim of a weekly list (StandardMerkleTree, MerkleProof, BitMaps)");
  const commit = ours["commit"];
  const perReading = commit === undefined ? undefined : Math.ceil((100 * commit) / READINGS) / 100;
  return [
    row("commit, steady state", 37_500, commit, `EAS timestamp 45,897 (own ${stamp}); Arkreen 88,932 (own ${notary})`),
    row("relayed commit, 100 in one transaction, each", 22_500, ours["relayed commit in 100, each"]),
    row("a reading, 10,000 in a commit", 3.8, perReading, `one a transaction: ${naive}; EAS attest 254,050`),
    row("register", 80_000, ours["register"], "IoTeX ioIDRegistry ≥ 551,315"),
    row("register, out of a run of 10,000", undefined, ours["register out of a run of 10,000"]),
    row("admit a run of 10,000", 50_000, ours["admit a run of 10,000"]),
    row("seal an epoch", 96_000, ours["seal"]),
    row("seal, a gateway's first of a kind", undefined, ours["seal, first of its kind"]),
    row(
      "claim, 10 in one transaction, each",
      25_000,
      ours["claims, 10 in one transaction, each"],
      `airdrop ${airdrop}`,
    ),
    row("claim, 50 in one transaction, each", 25_000, ours["claims, 50 in one transaction, each"], "DIMO 27,672"),
    row("claim, 10 scattered in a seal of 1,000, each", undefined, ours["claims, 10 out of a seal of 1,000, each"]),
    row("claim, alone", undefined, ours["claim, alone"], `airdrop ${airdrop}`),
    ...FAULTS.map((fault) => row(`fault: ${fault}`, 125_000, ours[fault])),
  ];
}
