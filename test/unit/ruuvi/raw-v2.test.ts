import { describe, expect, it } from "vitest";
import { fromHex, ProtocolError } from "../../../protocols/bytes/index.ts";
import { decodeRuuvi } from "../../../protocols/ruuvi/index.ts";

// Ruuvi documentation, data format 5 (RAWv2), "Test vectors".
const VALID = "0512fc5394c37c0004fffc040cac364200cdcbb8334c884f";
const MAXIMUM = "057ffffffefffe7fff7fff7fffffdefefffecbb8334c884f";
const MINIMUM = "058001000000008001800180010000000000cbb8334c884f";
const INVALID = "058000ffffffff800080008000ffffffffffffffffffffff";

describe("Ruuvi data format 5", () => {
  it.each([
    [
      VALID,
      {
        temperature: "24.300",
        humidity: "53.4900",
        pressure: "100044",
        voltage: "2.977",
        movements: "66",
        sequence: "205",
      },
    ],
    [
      MAXIMUM,
      {
        temperature: "163.835",
        humidity: "163.8350",
        pressure: "115534",
        voltage: "3.646",
        movements: "254",
        sequence: "65534",
      },
    ],
    [
      MINIMUM,
      {
        temperature: "-163.835",
        humidity: "0.0000",
        pressure: "50000",
        voltage: "1.600",
        movements: "0",
        sequence: "0",
      },
    ],
    [INVALID, {}],
  ])("%s", (hex, values) => {
    expect(decodeRuuvi(fromHex(hex))).toEqual(values);
    expect(decodeRuuvi(fromHex(`0201061bff9904${hex}`))).toEqual(values);
  });

  it.each(["", "05", "03291a1ece1efc18f94202ca0b53", "0201061bff4c0005", VALID.slice(0, -2), `${VALID}00`, "ff"])(
    "refuses %s",
    (hex) => {
      expect(() => decodeRuuvi(fromHex(hex))).toThrow(ProtocolError);
    },
  );
});
