import { z } from "zod";
import type { LinkKind, Sections } from "../profile.ts";
import { availability, messageControl } from "./messages.ts";
import { baudRate, eightBits, ms, noParity, oneStopBit, text, whole } from "./parts.ts";
import { controlSource } from "./registers.ts";
import type { AllSame } from "./same.ts";

const parity = z.enum(["none", "even", "odd"]);
const stopBits = z.union([z.literal(1), z.literal(2)]);
const every = ms(100, "how often the board is read; of boards that push, the shortest distance of two readings kept");
const silence = ms(1000, "the board counts as lost after this long without a word");
const timeout = ms(50, "how long the board may take to answer");
const span = z.tuple([whole(0, 0xffff), whole(0, 0xffff)]);
const spans = z.array(span).max(64).exactOptional();

const modbus = z.strictObject({
  unit: whole(1, 255),
  baudRate,
  parity,
  stopBits,
  maxRegisters: whole(1, 125).describe("most registers this board answers in one read"),
  maxGap: whole(0, 125).describe("unwanted registers that may be read along; 0 for a board that refuses gaps"),
  holes: z
    .strictObject({ input: spans, holding: spans, coil: spans, discrete: spans })
    .describe("address ranges that the board refuses to have read along: [[first, last], …] by table"),
  timeout,
  every,
  control: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/), controlSource).describe("by the key of the command"),
});

const mqtt = z.strictObject({
  topic: z.string().max(256).describe("{topic} where the configuration does not say; empty: every board has its own"),
  payload: z.enum(["json", "ruuvi"]),
  availability: availability.exactOptional(),
  trigger: z.enum(["work", "any"]).describe("what a reading is taken on"),
  retained: z.boolean().describe("whether messages that the broker kept count as values"),
  keep: ms(0, "how long a value counts without being repeated; 0: as long as the board is there"),
  every,
  slowest: ms(1, "how far apart messages usually are"),
  silence,
  controls: z.array(messageControl).max(64),
});

const sectionSchemas = {
  modbus,
  mqtt,
  sunspec: z.strictObject({ unit: whole(1, 247), baudRate, parity, stopBits, timeout, every }),
  nmea: z.strictObject({
    baudRate,
    dataBits: z.union([z.literal(7), z.literal(8)]),
    parity,
    stopBits,
    every,
    silence,
  }),
  obd: z.strictObject({ baudRate, every, timeout }),
  p1: z.strictObject({
    baudRate,
    dataBits: z.union([z.literal(7), z.literal(8)]),
    parity: z.enum(["none", "even"]),
    stopBits: oneStopBit,
    every,
    silence,
  }),
  ocpp: z.strictObject({
    versions: z
      .array(z.enum(["1.6", "2.0.1"]))
      .min(1)
      .max(2)
      .describe("the preferred one first"),
    connectors: whole(1, 64).describe("connectors of 1.6, EVSEs of 2.0.1"),
    maxPower: z.number().describe("most that all connectors together deliver, in W"),
    current: z.tuple([z.number(), z.number()]).describe("range of the current limit, in A"),
    every,
    heartbeat: ms(1000, "between two heartbeats"),
    timeout,
  }),
  han: z.strictObject({
    baudRate,
    dataBits: eightBits,
    parity: z.enum(["none", "even"]),
    stopBits: oneStopBit,
    every,
    silence,
    layout: z.enum(["cosem", "kaifa", "kamstrup"]).describe("how a simulator builds its lists; any layout is read"),
    version: text.describe("version of the lists a simulator sends"),
  }),
  sml: z.strictObject({ baudRate, dataBits: eightBits, parity: noParity, stopBits: oneStopBit, every, silence }),
  mbus: z.strictObject({
    baudRate,
    parity: z.enum(["none", "even"]),
    stopBits,
    address: whole(0, 250).describe("primary address as delivered"),
    timeout,
    every,
  }),
  text: z.strictObject({
    baudRate,
    dataBits: eightBits,
    parity: noParity,
    stopBits: oneStopBit,
    every,
    silence,
    interval: ms(1, "between two lines, as the board prints them"),
    packetBytes: whole(0, 4096).describe("bytes of a packet; 0 for boards that print names and values"),
  }),
  firmata: z.strictObject({
    baudRate,
    every,
    timeout,
    sampling: whole(10, 16_383).describe("between two samples of an analog channel, in ms"),
  }),
  rapi: z.strictObject({ baudRate, dataBits: eightBits, parity: noParity, stopBits: oneStopBit, timeout, every }),
};

type Written = { [L in keyof typeof sectionSchemas]: z.output<(typeof sectionSchemas)[L]> };
true satisfies AllSame<Written, Sections>;

/** Links that a profile can be written for in YAML. */
export const WRITABLE_LINKS = Object.keys(sectionSchemas) as (keyof typeof sectionSchemas)[] satisfies LinkKind[];

/** Each link's section, every field optional: what is left out is the link's default. */
export const sectionShape = {
  modbus: modbus.partial().exactOptional(),
  mqtt: mqtt.partial().exactOptional(),
  sunspec: sectionSchemas.sunspec.partial().exactOptional(),
  nmea: sectionSchemas.nmea.partial().exactOptional(),
  obd: sectionSchemas.obd.partial().exactOptional(),
  p1: sectionSchemas.p1.partial().exactOptional(),
  ocpp: sectionSchemas.ocpp.partial().exactOptional(),
  han: sectionSchemas.han.partial().exactOptional(),
  sml: sectionSchemas.sml.partial().exactOptional(),
  mbus: sectionSchemas.mbus.partial().exactOptional(),
  text: sectionSchemas.text.partial().exactOptional(),
  firmata: sectionSchemas.firmata.partial().exactOptional(),
  rapi: sectionSchemas.rapi.partial().exactOptional(),
};
