import { expect, it } from "vitest";
import { ProtocolError } from "../../../protocols/bytes/index.ts";
import { decodeOcmf, decodeOcmfKey, ocmfSession, verifyOcmf } from "../../../protocols/ocmf/index.ts";
import { Random } from "../../support/mutate.ts";
import { ocmfVectors } from "../../support/ocmf-vectors.ts";
import { describeVectors } from "../../support/vectors.ts";

/** Altered on purpose by their publisher. */
const BAD = new Set(["test_ocmf_ebee_02/0", "test_ocmf_keba_kcp30_fail/0"]);

function verdict(record: Uint8Array, key: string): string {
  try {
    const result = verifyOcmf(decodeOcmf(record), decodeOcmfKey(key));
    return result.valid ? "valid" : result.why;
  } catch (error) {
    if (error instanceof ProtocolError) return "refused";
    throw error;
  }
}

describeVectors("ocmf", "OCMF records of real charging stations", () => {
  const vectors = ocmfVectors();
  const good = vectors.filter(({ file, index }) => !BAD.has(`${file}/${index}`));
  const sessionOf = (file: string) =>
    ocmfSession(vectors.filter((vector) => vector.file === file).map(({ record }) => decodeOcmf(record)));

  it("verifies the 108 good of 110 records, and not the 2 bad", () => {
    expect(vectors).toHaveLength(110);
    expect(good).toHaveLength(108);
    for (const { file, index, record, key } of vectors) {
      const name = `${file}/${index}`;
      expect(verdict(record, key), name).toBe(BAD.has(name) ? "signature" : "valid");
    }
  });

  it("keeps the payload byte for byte", () => {
    for (const { record } of vectors) {
      const text = new TextDecoder().decode(record);
      expect(new TextDecoder().decode(decodeOcmf(record).payload)).toBe(text.split("|")[1]);
    }
  });

  it("verifies no good record of which one bit of payload, signature or key is another", () => {
    const random = new Random(4);
    const flipped = (bytes: Uint8Array, from: number, to: number) => {
      const copy = bytes.slice();
      copy[from + random.below(to - from)]! ^= 1 << random.below(8);
      return copy;
    };
    for (const { file, index, record, key } of good) {
      const text = new TextDecoder().decode(record);
      const bar = text.indexOf("|", 5);
      // Digits only: the case of a letter is no part of what hex says.
      const digits = text.indexOf('"SD":"') + 6;
      const keyDigit = key.length - 1 - random.below(40);
      const otherDigit = key[keyDigit] === "0" ? "1" : "0";
      const altered = [
        verdict(flipped(record, 5, bar), key),
        verdict(new TextEncoder().encode(otherHexDigit(text, digits + random.below(130))), key),
        verdict(record, key[keyDigit] === " " ? "00" : key.slice(0, keyDigit) + otherDigit + key.slice(keyDigit + 1)),
      ];
      expect(altered, `${file}/${index}`).not.toContain("valid");
    }
  });

  it("verifies no record with the signature or the key of another", () => {
    for (const [i, { record, key }] of good.entries()) {
      const other = good.find(({ key: its }) => its !== key)!;
      expect(verdict(record, other.key)).toBe("signature");
      const next = good[(i + 1) % good.length]!;
      if (next.key !== key) continue;
      const [header, payload] = new TextDecoder().decode(record).split("|");
      const [, theirs, signature] = new TextDecoder().decode(next.record).split("|");
      if (theirs === payload) continue;
      expect(verdict(new TextEncoder().encode(`${header}|${payload}|${signature}`), key)).toBe("signature");
    }
  });

  it("reads meter, times, registers and the energy of a session", () => {
    const { meter, begin, end, energies } = sessionOf("VW_OCMF_load");
    expect(meter).toBe("1211751603");
    expect(begin?.time).toEqual({
      text: "2021-10-06T13:13:56,000+0200 R",
      utc: Date.UTC(2021, 9, 6, 11, 13, 56),
      clock: "R",
    });
    expect(end?.time?.utc).toBe(Date.UTC(2021, 9, 6, 11, 15, 13));
    expect(energies.map(({ register, unit, energy }) => [register, unit, energy?.toString()])).toEqual([
      ["1-0:1.8.0", "kWh", "1.101"],
      ["1-0:2.8.0", "kWh", "0.000"],
    ]);
  });

  it("takes begin and end from two records, and says why an energy cannot be told", () => {
    const bauer = sessionOf("20211007-device-with-evt-ocmf-sss-ses");
    expect(bauer.meter).toBe("001BZR1521070006");
    expect(bauer.energies).toHaveLength(1);
    expect(bauer.energies[0]).toMatchObject({ register: "1-0:1.8.0*198", faults: ["error-flag", "status"] });
    expect(bauer.energies[0]).not.toHaveProperty("energy");
    expect(sessionOf("test_ocmf_ebee_01").energies[0]).toMatchObject({ unit: "Wh", faults: [] });
    expect(sessionOf("test_ocmf_keba_kcp30").energies[0]?.energy?.toString()).toBe("0.0001");
  });
});

function otherHexDigit(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === "7" ? "8" : "7"}${text.slice(at + 1)}`;
}
