import { describe, expect, it } from "vitest";
import { toHex } from "../../../protocols/bytes/index.ts";
import { decodeRuuvi, encodeRuuvi } from "../../../protocols/ruuvi/index.ts";

describe("Ruuvi data format 5, as a simulated sensor sends it", () => {
  it("has the digits of Ruuvi's published vector for the same values", () => {
    // Ruuvi documentation, data format 5, valid data: 0512FC5394C37C…AC364200CD…
    const sample = { temperature: 24.3, humidity: 53.49, pressure: 100_044, voltage: 2.977, sequence: 205 };
    const text = toHex(encodeRuuvi(sample));
    expect(text).toMatch(/^0201061bff9904/);
    expect(text.slice(14, 28)).toBe("0512fc5394c37c");
    expect(decodeRuuvi(encodeRuuvi(sample))).toMatchObject({
      temperature: "24.300",
      humidity: "53.4900",
      pressure: "100044",
      voltage: "2.977",
      sequence: "205",
    });
  });

  it("leaves out what there is none of, and keeps to the format's limits", () => {
    expect(decodeRuuvi(encodeRuuvi({}))).toEqual({ sequence: "0" });
    const most = { temperature: 1e6, humidity: 1e6, pressure: 1e6, voltage: 1e6, sequence: 65_535 };
    expect(decodeRuuvi(encodeRuuvi(most))).toEqual({
      temperature: "163.835",
      humidity: "163.8350",
      pressure: "115534",
      voltage: "3.646",
      sequence: "0",
    });
    expect(decodeRuuvi(encodeRuuvi({ temperature: -1e6 }))).toMatchObject({ temperature: "-163.835" });
  });
});
