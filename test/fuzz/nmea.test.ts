import { expect, it } from "vitest";
import { concatBytes, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";
import { decodeNmea, NmeaDecoder, NmeaFixes } from "../../protocols/nmea/index.ts";
import { fuzzDecoder, mutations } from "../support/mutate.ts";

const RMC = utf8("$GPRMC,083723.00,A,5155.55442,N,00434.65873,E,0.211,,210810,,,A*7F\r\n");
const GGA = utf8("$GPGGA,083723.00,5155.55442,N,00434.65873,E,1,06,2.51,-4.0,M,46.0,M,,*70\r\n");
const GSA = utf8("$GPGSA,A,3,27,15,09,28,18,08,,,,,,,3.33,2.51,2.20*04\r\n");

it("stream: every byte is accounted for, fixes stay numbers", () => {
  const decode = (bytes: Uint8Array) => {
    const decoder = new NmeaDecoder();
    const fixes = new NmeaFixes();
    const events = [...decoder.push(bytes.subarray(0, 50)), ...decoder.push(bytes.subarray(50))];
    if (events.reduce((sum, event) => sum + event.bytes.length, 0) > bytes.length) throw new Error("bytes invented");
    for (const event of events) if (event.kind === "sentence") fixes.push(event.sentence);
    if (Object.values(fixes.fix).some((value) => !Number.isFinite(value))) throw new Error("not a number");
    if (fixes.fix.latitude === undefined) throw new ProtocolError("FS-TEST", "nothing found");
  };
  fuzzDecoder({ name: "nmea stream", corpus: [RMC, GGA, concatBytes(RMC, GGA, GSA)], decode });
});

it("sentence: mutated text ends in a ProtocolError", () => {
  const decode = (bytes: Uint8Array) => decodeNmea(String.fromCharCode(...bytes));
  fuzzDecoder({ name: "nmea sentence", corpus: [RMC.slice(0, -2), GSA.slice(0, -2)], decode });
});

it("a good sentence behind mutated ones is always read", () => {
  for (const bytes of mutations(7, [RMC, GGA, GSA], 3000, 1024)) {
    const last = new NmeaDecoder().push(concatBytes(bytes, GGA)).at(-1);
    expect(last?.kind).toBe("sentence");
    expect(last?.bytes).toEqual(GGA);
  }
});
