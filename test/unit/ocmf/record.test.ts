import { describe, expect, it } from "vitest";
import { utf8 } from "../../../protocols/bytes/index.ts";
import { decodeOcmf, ocmfSession, parseOcmfTime } from "../../../protocols/ocmf/index.ts";

const SIGNATURE = `{"SD":"00"}`;
const record = (payload: string, signature = SIGNATURE) => decodeOcmf(utf8(`OCMF|${payload}|${signature}`));
const withReadings = (rd: string, more = "") => record(`{"PG":"T1","MS":"7"${more},"RD":${rd}}`);
const B = `"TM":"2020-01-01T00:00:00,000+0000 S","TX":"B","RI":"1-b:1.8.0","RU":"kWh","ST":"G"`;
const refused = (text: string, code: string) =>
  expect(() => decodeOcmf(utf8(text)), text).toThrow(expect.objectContaining({ code }));
const faults = (rd: string) => ocmfSession([withReadings(rd)]).energies[0]?.faults;

describe("record", () => {
  it("takes a bar inside a string, and white space, as part of the payload", () => {
    const { payload, user } = record(` {"PG":"T1","TT":"day|night","RD":[{${B},"RV":1}]}\n`);
    expect(user.tariff).toBe("day|night");
    expect(new TextDecoder().decode(payload)).toBe(` {"PG":"T1","TT":"day|night","RD":[{${B},"RV":1}]}\n`);
  });

  it("inherits what a reading leaves out, but neither value nor loss", () => {
    const { readings } = withReadings(`[{${B},"RV":10.50,"CL":0.1,"EF":"t"},{"TX":"E","RV":11},{"ST":"T"}]`);
    expect(readings[0]?.value?.toString()).toBe("10.50");
    expect(readings[1]).toMatchObject({ reason: "E", register: "1-b:1.8.0", unit: "kWh", errors: "t", status: "G" });
    expect(readings[1]).not.toHaveProperty("loss");
    expect(readings[2]).toMatchObject({ reason: "E", status: "T" });
    expect(readings[2]).not.toHaveProperty("value");
  });

  it("refuses what is not strict", () => {
    const good = `{"PG":"T1","RD":[{${B},"RV":1}]}`;
    decodeOcmf(utf8(`OCMF|${good}|${SIGNATURE}`));
    refused(`ocmf|${good}|${SIGNATURE}`, "FS-OCMF-HEADER");
    refused(`OCMF|${good}`, "FS-OCMF-HEADER");
    refused(`OCMF|${good}|${SIGNATURE}|`, "FS-OCMF-HEADER");
    refused(`OCMF|[]|${SIGNATURE}`, "FS-OCMF-JSON");
    refused(`OCMF|{"PG":"T1","PG":"T2","RD":[{${B},"RV":1}]}|${SIGNATURE}`, "FS-OCMF-JSON");
    refused(`OCMF|{"PG":"T1","RD":[{${B},"RV":01}]}|${SIGNATURE}`, "FS-OCMF-JSON");
    refused(`OCMF|{"PG":"T01","RD":[{${B},"RV":1}]}|${SIGNATURE}`, "FS-OCMF-FIELD");
    refused(`OCMF|{"PG":"T1","RD":[]}|${SIGNATURE}`, "FS-OCMF-FIELD");
    refused(`OCMF|{"PG":"T1","RD":[{${B},"RV":"1"}]}|${SIGNATURE}`, "FS-OCMF-FIELD");
    refused(`OCMF|${good}|{}`, "FS-OCMF-FIELD");
    refused(`OCMF|${"[".repeat(10_000)}`, "FS-OCMF-JSON");
    refused(`OCMF|{"A":${"[".repeat(10_000)}`, "FS-OCMF-JSON");
    refused(`OCMF|${" ".repeat(70_000)}`, "FS-OCMF-SIZE");
  });

  it("is not misled by names of object prototypes", () => {
    const { meter } = record(`{"__proto__":{"MS":"9"},"PG":"T1","RD":[{${B},"RV":1}]}`);
    expect(meter.serial).toBeUndefined();
  });
});

describe("time", () => {
  it("reads zone and clock state", () => {
    expect(parseOcmfTime("2018-07-24T13:22:04,007-0130 I")).toMatchObject({
      utc: Date.UTC(2018, 6, 24, 14, 52, 4, 7),
      clock: "I",
    });
    expect(parseOcmfTime("2018-07-24T13:22:04,000+0200")).not.toHaveProperty("clock");
  });

  it.each(["2018-02-30T00:00:00,000+0000 S", "2018-07-24T24:00:00,000+0000 S", "2018-07-24T13:22:04+0200 S", ""])(
    "refuses %s",
    (text) => {
      expect(() => parseOcmfTime(text)).toThrow(expect.objectContaining({ code: "FS-OCMF-TIME" }));
    },
  );
});

describe("session", () => {
  it("says why an energy cannot be told", () => {
    expect(faults(`[{${B},"RV":1},{"TX":"E","RV":3.25}]`)).toEqual([]);
    expect(faults(`[{${B},"RV":1}]`)).toEqual(["no-end"]);
    expect(faults(`[{${B},"RV":1},{"TX":"E"}]`)).toEqual(["no-end"]);
    expect(faults(`[{${B},"TX":"E","RV":1}]`.replace(`"TX":"B",`, ""))).toEqual(["no-begin"]);
    expect(faults(`[{${B},"RV":2},{"TX":"E","RV":1}]`)).toEqual(["fell"]);
    expect(faults(`[{${B},"RV":1},{"TX":"E","RV":2,"RU":"Wh"}]`)).toEqual(["unit"]);
    expect(faults(`[{${B},"RV":1},{"TX":"X"},{"TX":"E","RV":2}]`)).toEqual(["exception"]);
    expect(faults(`[{${B},"RV":1},{"TX":"E","RV":2,"EF":"E"}]`)).toEqual(["error-flag"]);
    expect(faults(`[{${B},"RV":1},{"TX":"E","RV":2,"ST":"S"}]`)).toEqual(["status"]);
    expect(faults(`[{${B},"RV":1},{"RV":1.0},{"TX":"L","RV":2}]`)).toEqual([]);
    expect(faults(`[{${B},"RV":1},{"RV":1.5},{"TX":"P","RV":2}]`)).toEqual(["ambiguous"]);
    expect(faults(`[{${B},"RV":1e-300},{"TX":"E","RV":1e300}]`)).toEqual(["range"]);
    expect(faults(`[{${B},"RV":-18446744073709551616},{"TX":"E","RV":0}]`)).toEqual(["range"]);
  });

  it("wants one meter and pages without a gap", () => {
    const of = (page: string, serial: string, tx: string, value: number) =>
      record(`{"PG":"${page}","MS":"${serial}","RD":[{${B.replace('"B"', `"${tx}"`)},"RV":${value}}]}`);
    const begin = of("T4", "7", "B", 1);
    expect(ocmfSession([begin, of("T5", "7", "R", 3)]).energies[0]?.energy?.toString()).toBe("2");
    expect(ocmfSession([begin, of("T6", "7", "E", 3)]).energies[0]?.faults).toEqual(["page"]);
    expect(ocmfSession([begin, of("T5", "8", "E", 3)]).energies[0]?.faults).toEqual(["meter"]);
    expect(ocmfSession([])).toEqual({ energies: [] });
  });
});
