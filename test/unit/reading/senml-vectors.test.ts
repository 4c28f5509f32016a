import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import {
  numberOf,
  parseSenmlCbor,
  parseSenmlJson,
  resolve,
  type SenmlRecord,
  toSenmlCbor,
  toSenmlJson,
} from "../../../protocols/reading/index.ts";
import { describeVectors, readVector, vectorPath } from "../../support/vectors.ts";

/** When the resolved forms of examples with relative times were made. */
const NOW: Record<string, number> = { ex1: 1498780179, ex2: 1498780179, ex7: 1499109309, ex9: 1498780179 };

const json = (name: string) => parseSenmlJson(readVector(`senml/${name}.json`).toString("utf8"));

/** The resolved vectors keep the pack's order, while RFC 8428 §4.6 wants records in chronological order (ex3 differs). */
function chronological(records: SenmlRecord[]): SenmlRecord[] {
  return [...records].sort((a, b) => numberOf(a.time!) - numberOf(b.time!));
}

describeVectors("senml", "RFC 8428 examples", () => {
  const files = readdirSync(vectorPath("senml"));
  const resolved = files.flatMap((file) => /^(ex\d+)\.gen\.resolved\.json$/.exec(file)?.[1] ?? []);
  const packs = files.flatMap((file) => /^(ex\d+)\.json$/.exec(file)?.[1] ?? []);
  const binary = files.flatMap((file) => /^(ex\d+)\.gen\.cbor$/.exec(file)?.[1] ?? []);

  it("are all there", () => {
    expect([packs.length, resolved.length, binary.length]).toEqual([13, 12, 2]);
  });

  it.each(resolved)("%s resolves", (name) => {
    const expected = chronological(json(`${name}.gen.resolved`));
    let actual = resolve(json(name), { now: (NOW[name] ?? 0) * 1000 });
    if (name === "ex7") {
      // The tool that made the resolved forms knew no data values: the record is absent from its output.
      const data = actual.filter(({ value }) => value instanceof Uint8Array);
      expect(data).toEqual([
        {
          name: "urn:dev:ow:10e2073a01080063:nfv-reader",
          time: 1499109309,
          value: Uint8Array.of(0x68, 0x69, 0x20, 0x0a),
        },
      ]);
      actual = actual.filter((record) => !data.includes(record));
    }
    expect(actual).toEqual(expected);
    expect(resolve(actual, { now: 0 })).toEqual(actual);
  });

  it("ex13 resolves (it has no published resolved form)", () => {
    expect(resolve(json("ex13"), { now: 0 }).map(({ name, time, value }) => [name, time, value])).toEqual([
      ["2001:db8::3", 1320078429, 0.5],
      ["2001:db8::4", 1320078429, 0.5],
      ["2001:db8::3", 1320078429.1, 0],
      ["2001:db8::4", 1320078429.1, 0],
    ]);
  });

  it.each(binary)("%s in CBOR says the same as in JSON", (name) => {
    const bytes = new Uint8Array(readVector(`senml/${name}.gen.cbor`));
    const records = json(name);
    expect(parseSenmlCbor(bytes)).toEqual(records);
  });

  it.each(packs)("%s survives writing in both forms", (name) => {
    const records = json(name);
    expect(parseSenmlJson(toSenmlJson(records))).toEqual(records);
    expect(parseSenmlCbor(toSenmlCbor(records))).toEqual(records);
  });
});
