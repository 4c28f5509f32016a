import { z } from "zod";
import type { RecordedFrame } from "../profile.ts";
import { line, ms, whole } from "./parts.ts";
import type { Same } from "./same.ts";
import { sectionShape, WRITABLE_LINKS } from "./sections.ts";
import { sourceSchemas } from "./sources.ts";

const s = sourceSchemas;

const measurement = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/, "is not a measurement name: lower-case letters, digits and _")
    .describe("from the vocabulary; a word of your own begins with x_"),
  unit: z.string().max(20).exactOptional().describe("SenML unit of the signed value; default: the vocabulary's"),
  kind: z.enum(["gauge", "counter", "state"]).exactOptional().describe("default: the vocabulary's"),
  bounds: z
    .tuple([z.number(), z.number()])
    .exactOptional()
    .describe("values outside are marked, never changed; in unit. Needed but for states"),
  step: z.number().exactOptional().describe("largest plausible change a second, in unit"),
  resolution: z.number().exactOptional().describe("smallest change the board reports, in unit"),
  rollover: z.number().exactOptional().describe("a counter begins again from 0 at this value, in unit"),
  scale: whole(-18, 18).exactOptional().describe("the signed value is the board's times ten to this power"),
  optional: z.boolean().exactOptional().describe("the board may leave it out"),
  source: line.describe("document and section or table that say so"),
  register: s.register.exactOptional(),
  message: s.message.exactOptional(),
  sunspec: s.sunspec.exactOptional(),
  fix: s.fix.exactOptional(),
  obd: s.obd.exactOptional(),
  obis: s.obis.exactOptional(),
  ocpp: s.ocpp.exactOptional(),
  cosem: s.cosem.exactOptional(),
  mbus: s.mbus.exactOptional(),
  text: s.text.exactOptional(),
  firmata: s.firmata.exactOptional(),
  rapi: s.rapi.exactOptional(),
});

const frame = z.strictObject({
  what: line,
  source: line.describe("where the frame is from"),
  request: z.string().max(8192).exactOptional().describe("hex of the request, where the link has requests"),
  answer: z.string().max(65_536).describe("hex of the answer, or the telegram or message as text"),
  expect: z.record(z.string(), z.string()).describe("exact decimal text by measurement name"),
});

true satisfies Same<z.output<typeof frame>, RecordedFrame>;

/** One board model as a YAML file says it; the fields are those of `Profile`. */
export const profileSchema = z.strictObject({
  id: z.string().min(1).max(64).describe("last part of the driver's name: lower-case words joined by -"),
  vendor: line,
  model: line,
  link: z.enum(WRITABLE_LINKS).describe("how the board speaks"),
  source: line.describe("the document the profile is written from, with its version"),
  work: z.string().min(1).max(64).describe("name of the counter that is the work register, in Wh or m; or `readings`"),
  stuckAfter: ms(0, "gauges that all stay the same for this long are marked as stuck; 0 turns it off").exactOptional(),
  ...sectionShape,
  measurements: z.array(measurement).min(1).max(500),
  frames: z.array(frame).max(64).exactOptional().describe("recorded exchanges and what they must decode to"),
});

export type WrittenProfile = z.output<typeof profileSchema>;

/** JSON Schema (draft 2020-12) of a profile's YAML file, for editors. */
export function profileJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(profileSchema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // 64-bit integers and .nan, which YAML has and JSON has not.
      const { type } = zodSchema._zod.def;
      if (type === "bigint") jsonSchema.type = "integer";
      if (type === "nan") jsonSchema.type = "number";
    },
  }) as Record<string, unknown>;
}
