import { z } from "zod";
import type { Sources } from "../profile.ts";
import type { OcppField } from "../sections/ocpp.ts";
import { firmataSource } from "./firmata.ts";
import { messageValue } from "./messages.ts";
import { text, texts, whole } from "./parts.ts";
import { registerSource } from "./registers.ts";
import type { AllSame } from "./same.ts";

const codes = z.array(text).max(32);
const unit = z.string().max(20);

const FIELDS = [
  "energy",
  "status",
  "error",
  "session_id",
  "session_connector",
  "session_start",
  "session_end",
  "session_meter_start",
  "session_meter_stop",
  "session_energy",
  "session_stop_reason",
  "session_id_tag_hash",
  "session_signature",
  "session_grade",
  "session_ocmf_sha256",
  "session_ocmf",
] as const satisfies readonly OcppField[];

/** Where a measurement comes from, by the name that the measurement gives it. */
export const sourceSchemas = {
  register: registerSource,
  message: messageValue,
  sunspec: z
    .array(
      z.strictObject({
        models: z.array(whole(1, 65_535)).max(32).describe("the first one that the device has counts"),
        point: text,
        group: text.exactOptional(),
        index: whole(0, 1000).exactOptional(),
        less: text.exactOptional().describe("point that is taken off"),
      }),
    )
    .max(16),
  fix: z
    .enum([
      "mode",
      "quality",
      "latitude",
      "longitude",
      "altitude",
      "geoidSeparation",
      "speed",
      "track",
      "satellites",
      "hdop",
    ])
    .describe("field of a GNSS fix"),
  obd: z.strictObject({
    service: z.union([z.literal(0x01), z.literal(0x22)]),
    pid: whole(0, 0xffff),
    from: whole(0, 0x1fff_ffff).exactOptional().describe("CAN identifier that answers"),
    bit: whole(0, 2048).exactOptional(),
    length: whole(1, 32).describe("bits"),
    signed: z.boolean().exactOptional(),
    mul: z.number().exactOptional(),
    div: z.number().exactOptional(),
    add: z.number().exactOptional(),
    map: texts.exactOptional(),
  }),
  obis: z.strictObject({
    sum: codes.describe("OBIS references whose values are added up"),
    channel: z.array(whole(0, 255)).max(16).exactOptional(),
    less: codes.exactOptional(),
    unit: unit.exactOptional(),
    digits: z.tuple([whole(1, 15), whole(0, 9)]).describe("digits before and after the point, for a simulator"),
  }),
  ocpp: z.union([
    z.strictObject({
      sample: text.describe("measurand"),
      phase: z.enum(["L1", "L2", "L3"]).exactOptional(),
      of: z.enum(["sum", "last"]),
      unit,
    }),
    z.strictObject({ field: z.enum(FIELDS) }),
  ]),
  cosem: z.strictObject({
    codes: codes.describe("OBIS references: the first that is there counts"),
    less: codes.exactOptional(),
    unit: unit.exactOptional(),
    scaler: whole(-9, 9),
  }),
  mbus: z.strictObject({
    quantity: text,
    function: z.enum(["instantaneous", "maximum", "minimum", "error"]).exactOptional(),
    storage: whole(0, 1e9).exactOptional(),
    tariff: whole(0, 1e9).exactOptional(),
    subunit: whole(0, 1e9).exactOptional(),
    sent: z.strictObject({ unit, exponent: whole(-12, 12) }).describe("how a simulator sends it"),
  }),
  text: z.union([
    z.strictObject({ field: text }),
    z.strictObject({
      node: whole(0, 255),
      at: whole(0, 4095),
      type: z.enum(["i16", "u16", "i32", "u32"]),
      absent: z.number().exactOptional(),
    }),
  ]),
  firmata: firmataSource,
  rapi: z.enum([
    "state",
    "vehicle",
    "current",
    "voltage",
    "power",
    "energy",
    "session",
    "elapsed",
    "limit",
    "temperature",
  ]),
};

type Written = { [K in keyof typeof sourceSchemas]: z.output<(typeof sourceSchemas)[K]> };
type Given = { [K in keyof Written]: NonNullable<Sources[K]> };
true satisfies AllSame<Written, Given>;
