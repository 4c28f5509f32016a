import { z } from "zod";
import type { MessageControl, MessageField, MessageValue } from "../sections/mqtt.ts";
import { line, text } from "./parts.ts";
import type { Same } from "./same.ts";

const field = {
  topic: text.describe("{topic} stands for the board's configured topic, {channel} for its channel"),
  path: text.exactOptional().describe("names and array indices down a JSON payload, joined by dots: ENERGY.Total"),
};
const words = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .describe("what the board's words mean: { ON: true, OFF: false }");
const fields = z.array(z.strictObject(field)).min(1).max(16);

/** What a measurement of an MQTT board is taken from. */
export const messageValue = z.strictObject({
  ...field,
  or: fields.exactOptional().describe("where other versions of the board put the same value"),
  plus: fields.exactOptional().describe("values that are added to it"),
  words: words.exactOptional(),
});

/** Whether an MQTT board is there. */
export const availability = z.strictObject({ ...field, online: z.string().max(200), offline: z.string().max(200) });

/** Something an MQTT board can be told. */
export const messageControl = z.strictObject({
  key: text.describe("key of the command: current_limit, enabled, relay"),
  topic: text,
  payload: z.union([text, z.record(z.string(), z.string())]).describe("by value, or one with {value} in its place"),
  range: z.tuple([z.number(), z.number()]).exactOptional().describe("smallest and largest whole number"),
  confirm: z
    .strictObject({ ...field, words: words.exactOptional(), accepted: text.exactOptional() })
    .describe("where the board confirms it"),
  source: line.describe("document and section"),
});

true satisfies Same<z.output<z.ZodObject<typeof field>>, MessageField>;
true satisfies Same<z.output<typeof messageValue>, MessageValue>;
true satisfies Same<z.output<typeof messageControl>, MessageControl>;
