import { describe, expect, it } from "vitest";
import { EnergyRegister, milliWattHours } from "../../../devices/drivers/ocpp/energy-register.ts";
import type { ChargingSession } from "../../../devices/drivers/ocpp/ledger.ts";
import { sessionEvidence } from "../../../devices/drivers/ocpp/signature.ts";
import { fromUtf8, toBase64, utf8 } from "../../../protocols/bytes/index.ts";
import { decodeOcmf, decodeOcmfKey, ocmfSession } from "../../../protocols/ocmf/index.ts";
import { signedValue16, signedValue201 } from "../../../protocols/ocpp/index.ts";
import { Decimal } from "../../../protocols/reading/index.ts";
import { ocmfVectors } from "../../support/ocmf-vectors.ts";
import { describeVectors } from "../../support/vectors.ts";

const HOUR = 3_600_000;
const wh = (value: number) => BigInt(value) * 1000n;
const at = (hours: number, value: number, begins = false) => ({
  value: wh(value),
  at: hours * HOUR,
  heard: hours * HOUR,
  begins,
});

describe("a connector's register", () => {
  it("counts increases once, whatever is replayed", () => {
    const register = new EnergyRegister(22_000);
    for (const [hours, value] of [
      [0, 1000],
      [1, 11_000],
      [0.5, 6000],
      [1, 11_000],
      [2, 12_000],
    ] as const) {
      register.take(at(hours, value));
    }
    expect(register.counted).toBe(wh(11_000));
  });

  it("believes no lone value that fell or jumped, and a register that stays elsewhere after three", () => {
    const register = new EnergyRegister(22_000);
    register.take(at(0, 5000));
    expect(register.take(at(1, 0))).toBe("doubtful");
    expect(register.take(at(1.1, 9_000_000))).toBe("doubtful");
    expect(register.take(at(1.2, 6000))).toBe("counted");
    expect(register.take(at(2, 10))).toBe("doubtful");
    expect(register.take(at(3, 20))).toBe("doubtful");
    expect(register.take(at(4, 30))).toBe("rebased");
    expect(register.take(at(5, 130))).toBe("counted");
    expect(register.counted).toBe(wh(1100));
    expect(register.rebased).toBe(1);
  });

  it("begins each session anew where the meter does", () => {
    const register = new EnergyRegister(22_000);
    register.take(at(0, 0, true));
    register.take(at(1, 7000));
    expect(register.take(at(2, 0, true))).toBe("rebased");
    register.take(at(3, 5000));
    expect(register.counted).toBe(wh(12_000));
  });

  it("is a whole number of thousandths of a Wh, of any decimal", () => {
    expect(milliWattHours(Decimal.parse("12.3456"))).toBe(12_345n);
    expect(milliWattHours(new Decimal(5n, 3))).toBe(5_000_000n);
    expect(milliWattHours(new Decimal(1n, 308))).toBe(10n ** 30n);
    expect(milliWattHours(new Decimal(1n, -308))).toBe(0n);
    const register = new EnergyRegister(1);
    expect(register.take({ value: 10n ** 30n, at: 0, heard: 0, begins: true })).toBe("doubtful");
  });
});

describeVectors("ocmf", "records of real stations inside OCPP", () => {
  /** Single records that tell begin and end without a fault. */
  const vectors = ocmfVectors()
    .filter(({ file }) => !["test_ocmf_ebee_02", "test_ocmf_keba_kcp30_fail"].includes(file))
    .flatMap(({ record, key }) => {
      const told = ocmfSession([decodeOcmf(record)]).energies.find(({ energy }) => energy !== undefined);
      return told?.energy
        ? [{ record, key, energy: milliWattHours(told.energy) * (told.unit === "kWh" ? 1000n : 1n) }]
        : [];
    });
  /** One of each key is enough where each is checked many times. */
  const some = vectors.filter(({ key }, n) => vectors.findIndex((other) => other.key === key) === n);
  const session = (record: Uint8Array, energy: bigint, modern: boolean): ChargingSession => {
    const object = { signedMeterData: toBase64(record), encodingMethod: "OCMF" };
    const signed = modern
      ? signedValue201(object, "Transaction.End")
      : signedValue16(fromUtf8(record)!, "Transaction.End");
    return { transaction: "1", connector: "1", startKey: "", signed: [signed], energy, doubtful: false };
  };

  it("are there", () => {
    expect(vectors.length).toBeGreaterThan(3);
  });

  it.each([false, true])(
    "verify over their own energy, are carried unchanged, and count once (2.0.1: %s)",
    (modern) => {
      for (const { record, key, energy } of modern ? some : vectors) {
        const pages = {};
        const trusted = decodeOcmfKey(key);
        const evidence = sessionEvidence(session(record, energy, modern), trusted, pages)!;
        expect(evidence).toMatchObject({ verdict: "verified", grade: "meter-signed" });
        expect(utf8(evidence.records)).toEqual(record);
        // The same record for another session.
        expect(sessionEvidence(session(record, energy, modern), trusted, pages)).toMatchObject({ verdict: "mismatch" });
        // An edited Wh of the station.
        expect(sessionEvidence(session(record, energy + wh(2), modern), trusted, {})).toMatchObject({
          verdict: "mismatch",
          grade: "station",
        });
        expect(sessionEvidence(session(record, energy, modern), undefined, {})).toMatchObject({
          verdict: "no-key",
          grade: "station",
        });
      }
    },
  );

  it("are never graded as the meter's when one character is another", () => {
    for (const { record, key, energy } of some) {
      const text = fromUtf8(record)!;
      for (let n = 0; n < 8; n++) {
        const where = 6 + Math.floor((n * (text.indexOf("|", 6) - 6)) / 8);
        const altered = text.slice(0, where) + (text[where] === "1" ? "2" : "1") + text.slice(where + 1);
        const evidence = sessionEvidence(session(utf8(altered), energy, false), decodeOcmfKey(key), {})!;
        expect(evidence.grade, altered.slice(where - 5, where + 5)).toBe("station");
      }
    }
  });
});
