import { z } from "zod";
import type { RegisterFormat } from "../../protocols/modbus/index.ts";
import type { ControlSource, RegisterSource } from "../sections/modbus.ts";
import { line, ms, texts, whole } from "./parts.ts";
import type { Same } from "./same.ts";

const address = whole(0, 0xffff).describe("zero-based address, as on the wire");
const order = z.enum(["high-first", "low-first"]);
const none = z
  .array(z.union([z.number(), z.nan(), z.bigint()]))
  .max(64)
  .describe('raw values that mean "not available"');

const format = {
  type: z.enum(["bit", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "string"]),
  wordOrder: order.exactOptional().describe("which register of a wider number comes first; default high-first"),
  byteOrder: order.exactOptional().describe("order of the two bytes in a register; default high-first"),
  words: whole(1, 125).exactOptional().describe("registers that a string takes"),
};

/** Where a Modbus board keeps a measurement. */
export const registerSource = z.strictObject({
  table: z.enum(["input", "holding", "coil", "discrete"]),
  at: address,
  ...format,
  plus: z.array(address).max(16).exactOptional().describe("further addresses of the same form that are added up"),
  times: z.number().exactOptional().describe("the value is the register times this whole number"),
  factor: z
    .strictObject({
      at: address,
      ...format,
      as: z.enum(["power", "multiplier", "divisor"]),
      none: z.array(z.number()).max(64).exactOptional(),
    })
    .exactOptional()
    .describe("a register with the scale factor"),
  none: none.exactOptional(),
  bit: whole(0, 63).exactOptional().describe("the measurement is this bit, as a boolean; 0 is the lowest"),
  mask: z.number().exactOptional().describe("the measurement is what lies under these bits, shifted down"),
  texts: texts.exactOptional().describe("the measurement is the text of this value"),
  flags: texts.exactOptional().describe("the measurement is the texts of the bits that are set"),
});

/** What a Modbus board may be told. */
export const controlSource = z.strictObject({
  table: z.enum(["holding", "coil"]),
  at: address,
  ...format,
  unit: z.string().max(20).describe('SenML unit of the value; "" for a bare number, text or boolean'),
  bounds: z.tuple([z.number(), z.number()]).exactOptional().describe("least and most that is ever written, in unit"),
  scale: whole(-18, 18).exactOptional().describe("the value is the register times ten to this power"),
  texts: texts.exactOptional(),
  write: z.enum(["single", "multiple"]).exactOptional(),
  readBack: z.union([address, z.literal("none")]).exactOptional(),
  refresh: ms(1, "say it again this often, to a board that forgets").exactOptional(),
  source: line.describe("document and section"),
});

true satisfies Same<z.output<z.ZodObject<typeof format>>, RegisterFormat>;
true satisfies Same<z.output<typeof registerSource>, RegisterSource>;
true satisfies Same<z.output<typeof controlSource>, ControlSource>;
