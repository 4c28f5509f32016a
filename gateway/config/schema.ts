import { z } from "zod";
import { UsageError } from "../../protocols/bytes/index.ts";
import { isLoopback, parseDuration, parseListen } from "./text.ts";

/** Turns our parsers' UsageError into a schema issue at the value's place. */
function parsed<T>(parse: (text: string) => T) {
  return (text: string, context: z.RefinementCtx<string>) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: "custom", message: error.fix ? `${error.message}; ${error.fix}` : error.message });
      return z.NEVER;
    }
  };
}

const duration = (description: string) => z.string().describe(description).transform(parsed(parseDuration));
const listen = (description: string) => z.string().describe(description).transform(parsed(parseListen));
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "is not an address: 0x and 40 hex digits");

const dlmsKey = (description: string) =>
  z
    .string()
    .regex(/^[0-9A-Fa-f]{32}$/, "is not a key: 32 hex digits")
    .optional()
    .describe(`${description}; use \`!secret NAME\` (secrets.yaml, 0600)`);

/** Becomes an MQTT topic level, a file name and a word on the command line. */
export const DEVICE_NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const RESERVED_NAMES = new Set(["bridge"]);

const device = z.strictObject({
  driver: z
    .string()
    .describe("engine and profile: modbus/eastron-sdm630, p1/dsmr-p1; `link` for a board that holds its own key"),
  port: z
    .string()
    .optional()
    .describe("where the board is: /dev/serial/by-id/…, tcp://host:502 (Modbus TCP, P1), rtu+tcp://host:port"),
  unit: z
    .number()
    .int()
    .min(0)
    .max(255)
    .optional()
    .describe("Modbus unit id (default 1), M-Bus primary address, or channel of an MQTT board with several, from 1"),
  address: z
    .string()
    .regex(/^[0-9Ff]{8}$/, "is not an M-Bus address: the eight digits printed on the meter, F for any")
    .optional()
    .describe("M-Bus secondary address, in place of unit"),
  parity: z.enum(["none", "even", "odd"]).optional().describe("when the profile's is not yours"),
  stop_bits: z.literal([1, 2]).optional().describe("when the profile's are not yours"),
  timeout: duration("how long the board may take to answer, when the profile's is not enough").optional(),
  baud: z
    .number()
    .int()
    .min(300)
    .max(4_000_000)
    .optional()
    .describe("bits per second, when the profile's are not yours"),
  pulses_per_kwh: z
    .number()
    .min(0.01)
    .max(1_000_000)
    .optional()
    .describe(
      "pulses for one kWh as printed on a meter whose pulses are counted (firmata/s0-pulse-meter); default 1000",
    ),
  topic: z.string().min(1).max(256).optional().describe("MQTT topic of the board, in place of its profile's"),
  station: z
    .string()
    .regex(/^[\x21-\x7e]{1,48}$/, "is not a station identity: 1 to 48 printable characters")
    .optional()
    .describe("OCPP identity of a charging station: the last part of the address it dials"),
  password: z
    .string()
    .min(8)
    .max(40)
    .optional()
    .describe("of a charging station (OCPP security profiles 1 and 2); use `!secret NAME`"),
  meter_key: z.string().optional().describe("public key of a charging station's meter (OCMF), hex or base64"),
  encryption_key: dlmsKey("encryption key of a meter that encrypts (HAN), as the grid operator gives it"),
  authentication_key: dlmsKey("authentication key of that meter"),
  control: z.boolean().default(false).describe("let DEVICE/set control the board (charging limit, relay)"),
  every: duration("how often to read; for boards that push, the shortest distance of two readings kept").optional(),
  key: z
    .string()
    .regex(/^(fs:)?[0-9a-f]{64}$/, "is not a device id: 64 hex digits")
    .optional()
    .describe("device id of a board that signs for itself (64 hex digits)"),
  public_key: z.string().optional().describe("COSE_Key of that board, base64url"),
  alg: z.enum(["ES256", "EdDSA", "ES256K"]).default("ES256").describe("algorithm of the device key the gateway holds"),
  pack: z
    .strictObject({
      count: z.number().int().min(1).max(1024).default(1).describe("readings under one signature"),
      within: duration("sign at the latest this long after the first reading of a pack").prefault("10s"),
    })
    .prefault({}),
});

export const configSchema = z.strictObject({
  version: z.literal(1).describe("version of this file's format"),
  gateway: z
    .strictObject({
      name: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/,
          "is not a log name: letters, digits, . _ / - and at most 64 of them",
        )
        .default("fieldseal")
        .describe("shown to people; origin of the log's checkpoints"),
      data: z.string().default("data").describe("journal and log; relative to this file"),
      keys: z.string().default("keys").describe("key store (0700); relative to this file"),
      passphrase: z
        .string()
        .optional()
        .describe("where the key store's passphrase is: file:PATH (0600), or credential:NAME of the service manager"),
    })
    .prefault({}),
  mqtt: z
    .strictObject({
      broker: z
        .union([
          z.literal("embedded"),
          z.string().regex(/^mqtts?:\/\//, "is neither `embedded` nor mqtt://… or mqtts://…"),
        ])
        .default("embedded"),
      listen: listen("where the embedded broker listens").prefault("127.0.0.1:1883"),
      base_topic: z
        .string()
        .regex(/^[^/+#\s$][^+#\s]{0,63}$/, "is not a topic prefix")
        .default("fieldseal"),
      user: z.string().min(1).max(64).optional(),
      password: z
        .string()
        .min(1)
        .optional()
        .describe("use `!secret NAME` (secrets.yaml, 0600) or FIELDSEAL_MQTT__PASSWORD"),
      users: z
        .record(
          z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "is not a user name"),
          z.strictObject({
            password: z.string().min(1).describe("use `!secret NAME`"),
            device: z.string().describe("the configured MQTT device that this board is: it alone writes its topics"),
          }),
        )
        .default({})
        .describe("logins of boards at the embedded broker"),
    })
    .prefault({}),
  profiles: z
    .string()
    .min(1)
    .default("profiles")
    .describe("folder of your own board profiles, one YAML file each; relative to this file"),
  devices: z
    .record(z.string(), device)
    .default({})
    .superRefine((devices, context) => {
      for (const name of Object.keys(devices)) {
        if (!DEVICE_NAME.test(name) || RESERVED_NAMES.has(name)) {
          context.addIssue({
            code: "custom",
            path: [name],
            message: `is not a device name: lower-case letters, digits, - and _ (at most 40)${RESERVED_NAMES.has(name) ? "; `bridge` is reserved" : ""}`,
          });
        }
      }
    }),
  journal: z
    .strictObject({
      group_commit: duration("how long readings are gathered for one flush to disk").prefault("20ms"),
      segment_mb: z.number().int().min(1).max(1024).default(8).describe("size of one journal file, MiB"),
    })
    .prefault({}),
  ocpp: z
    .strictObject({
      listen: listen("where charging stations dial in; a LAN address to accept real ones").prefault("127.0.0.1:9220"),
      security: z
        .literal([0, 1, 2, 3])
        .default(0)
        .describe(
          "OCPP security profile: 0 none, 1 password, 2 TLS and password, 3 TLS with certificates on both sides",
        ),
      tls: z
        .strictObject({
          key: z.string().describe("PEM file, relative to this file"),
          cert: z.string().describe("PEM file"),
          ca: z.string().optional().describe("PEM file: who signs the stations' certificates (security 3)"),
        })
        .optional(),
      insecure: z
        .boolean()
        .default(false)
        .describe(
          "let stations in without a password beyond loopback; many cannot do better, the network must be yours",
        ),
    })
    .superRefine(({ listen: { host }, security, tls, insecure }, context) => {
      if (security >= 2 && !tls) {
        context.addIssue({ code: "custom", path: ["tls"], message: `is needed for security ${security}` });
      }
      if (!isLoopback(host) && security === 0 && !insecure) {
        context.addIssue({
          code: "custom",
          path: ["security"],
          message: "is 0 beyond loopback: set 1 and a password for each station, or insecure: true",
        });
      }
    })
    .optional()
    .describe("charging stations that dial in (OCPP 1.6J and 2.0.1)"),
  batch: z
    .strictObject({
      every: duration(
        "close a batch after this time; a public coordinator keeps 1,024 commitments, which lasts 10.5 days at 15m",
      ).prefault("15m"),
      max: z.number().int().min(1).max(65_536).default(4096).describe("close a batch at this many attestations"),
    })
    .prefault({}),
  coordinator: z
    .strictObject({
      rpc: z
        .array(z.url({ protocol: /^https?$/ }))
        .min(1)
        .max(4)
        .describe("JSON-RPC end points"),
      chain: z.number().int().min(1).describe("chain id; refused when the end point says another"),
      ledger: address.describe("the Ledger contract"),
      registry: address.optional().describe("the Registry contract; needed to register devices"),
      owner: address.optional().describe("who is paid for the devices' work; default: the gateway's own address"),
      faults: address.optional().describe("the Faults contract; found through the Ledger when it is not given"),
      rewards: address.optional().describe("the Rewards contract; for claims"),
      market: address.optional().describe("the Market contract; for credits and certificates"),
      seal: z
        .boolean()
        .default(true)
        .describe("seal finished epochs, once the gateway has a stake: what is not sealed is not paid"),
      answer: z
        .boolean()
        .default(true)
        .describe("answer demands for entries and shares before their deadline: an unanswered one takes the stake"),
      register: z.boolean().default(true).describe("register devices whose key this gateway holds"),
      max_fee_gwei: z.number().positive().default(200).describe("never offer more per unit of gas"),
      confirmations: z
        .number()
        .int()
        .min(0)
        .max(1000)
        .default(2)
        .describe("blocks on top before a commitment counts as final"),
    })
    .optional(),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info"),
    })
    .prefault({}),
});

/** A configuration with every default filled in; durations in ms, listen addresses taken apart. */
export type Config = z.output<typeof configSchema>;
export type DeviceConfig = Config["devices"][string];

/** JSON Schema (draft 2020-12) of the file as it is written, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: "input" }) as Record<string, unknown>;
}
