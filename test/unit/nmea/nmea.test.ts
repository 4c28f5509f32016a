import { describe, expect, it } from "vitest";
import { concatBytes, ProtocolError, utf8 } from "../../../protocols/bytes/index.ts";
import { decodeNmea, encodeNmea, NmeaDecoder, NmeaFixes } from "../../../protocols/nmea/index.ts";

const RMC = "$GPRMC,083723.00,A,5155.55442,N,00434.65873,E,0.211,,210810,,,A*7F";
const good = utf8(`${RMC}\r\n`);
const kinds = (bytes: Uint8Array) => new NmeaDecoder().push(bytes).map(({ kind }) => kind);
const push = (fixes: NmeaFixes, ...body: string[]) =>
  fixes.push(decodeNmea(encodeNmea({ talker: "GP", type: body[0]!, fields: body.slice(1) })));

describe("sentence", () => {
  it("reads talker, type and fields, and writes them back", () => {
    const sentence = decodeNmea(RMC);
    expect(sentence).toMatchObject({ talker: "GP", type: "RMC" });
    expect(sentence.fields).toHaveLength(12);
    expect(encodeNmea(sentence)).toBe(RMC);
    expect(decodeNmea("$PMTK001,604,1*30")).toMatchObject({ talker: "P", type: "MTK001" });
  });

  it("refuses every sentence of which one character is another", () => {
    for (let at = 0; at < RMC.length; at++) {
      const changed = `${RMC.slice(0, at)}${RMC[at] === "1" ? "2" : "1"}${RMC.slice(at + 1)}`;
      expect(() => decodeNmea(changed), changed).toThrow(ProtocolError);
    }
  });
});

describe("decoder", () => {
  it("skips UBX and comments, and a sentence that another cuts off", () => {
    const ubx = Uint8Array.of(0xb5, 0x62, 0x01, 0x07, 0x02, 0x00, 0x24, 0x47, 0x75, 0xb1);
    expect(kinds(concatBytes(ubx, good))).toEqual(["discarded", "discarded", "discarded", "sentence"]);
    expect(kinds(concatBytes(good.subarray(0, 30), good))).toEqual(["discarded", "sentence"]);
    expect(kinds(utf8(`$${"A".repeat(500)}${RMC}\r\n`)).at(-1)).toBe("sentence");
  });

  it("reads the sentence behind one of which any byte is any other of these", () => {
    for (let at = 0; at < good.length; at++) {
      for (const byte of [0x00, 0x0a, 0x0d, 0x24, 0x2a, 0x41, 0xff]) {
        const bytes = concatBytes(good, good);
        bytes[at] = byte;
        const events = new NmeaDecoder().push(bytes);
        expect(events.some((event) => event.kind === "sentence" && event.bytes.length === good.length)).toBe(true);
        expect(events.reduce((sum, event) => sum + event.bytes.length, 0)).toBe(bytes.length);
      }
    }
  });
});

describe("fixes", () => {
  it("joins the sentences of an epoch and drops the last one's values", () => {
    const fixes = new NmeaFixes();
    push(fixes, "RMC", "235959.00", "A", "5155.5", "N", "00434.5", "W", "10", "90", "311220", "", "");
    push(fixes, "GGA", "235959.00", "5155.5", "N", "00434.5", "W", "1", "06", "1.2", "-4.0", "M", "46.0", "M", "", "");
    expect(fixes.fix).toMatchObject({ time: Date.UTC(2020, 11, 31, 23, 59, 59), mode: 3, altitude: -4, satellites: 6 });
    expect(fixes.fix.longitude).toBeCloseTo(-4.575, 9);
    expect(fixes.fix.speed).toBeCloseTo(5.14444, 5);
    const next = push(fixes, "GLL", "5155.5", "N", "00434.5", "W", "000000.00", "A");
    expect(next).toMatchObject({ time: Date.UTC(2021, 0, 1), mode: 2 });
    expect(next).not.toHaveProperty("speed");
  });

  it("has no fix where the receiver says so, or where a position is none", () => {
    const fixes = new NmeaFixes();
    expect(push(fixes, "RMC", "120000", "V", "5155.5", "N", "00434.5", "W", "", "", "311220")).toEqual({ mode: 1 });
    expect(push(fixes, "GLL", "9155.5", "N", "00434.5", "W", "120000", "A")).toEqual({ mode: 1 });
    expect(push(fixes, "GLL", "5160.0", "N", "00434.5", "W", "120000", "A")).toEqual({ mode: 1 });
    expect(push(fixes, "ZDA", "250000", "31", "02", "2020", "", "")).toEqual({ mode: 1 });
    expect(push(fixes, "XTE", "A")).toBeUndefined();
  });
});
