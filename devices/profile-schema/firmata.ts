import { z } from "zod";
import type { FirmataSource } from "../sections/firmata.ts";
import { whole } from "./parts.ts";
import type { Same } from "./same.ts";

const pin = whole(0, 127);
const pullup = z.boolean().exactOptional().describe("with the board's own pull-up resistor");

/** What a measurement of a Firmata board hangs on. */
export const firmataSource = z.union([
  z.strictObject({
    analog: whole(0, 31).describe("analog channel: 0 is A0"),
    points: z
      .array(z.tuple([z.number(), z.number()]))
      .min(1)
      .max(64)
      .describe("[raw, value] in rising order; straight lines between, constant outside"),
    decimals: whole(0, 9).describe("digits behind the point"),
  }),
  z.strictObject({ digital: pin, pullup, invert: z.boolean().exactOptional().describe("true at low level") }),
  z.strictObject({
    pulses: pin.describe("pin whose pulses are counted"),
    impulses: z.number().describe("pulses for one unit, as printed on the meter"),
    pullup,
    debounce: z.number().exactOptional().describe("ms that the pin was passive before a pulse counts; default 10"),
  }),
  z.strictObject({
    chip: z.enum(["bme280", "bh1750", "ina219", "ina260"]),
    address: pin.exactOptional().describe("I2C address; default: the usual one of the chip"),
    quantity: z.string().min(1).max(64).describe("which of the chip's values"),
    shunt: z.number().exactOptional().describe("measuring resistor of an INA219, milliohms; default 100"),
  }),
  z.strictObject({
    oneWire: pin.describe("pin of a one-wire bus with a DS18B20"),
    rom: z.string().max(32).exactOptional().describe("its address, 16 hex digits"),
  }),
  z.strictObject({
    dht: pin.describe("pin of a DHT11 or DHT22"),
    model: z.union([z.literal(11), z.literal(22)]),
    quantity: z.enum(["temperature", "humidity"]),
  }),
]);

true satisfies Same<z.output<typeof firmataSource>, FirmataSource>;
