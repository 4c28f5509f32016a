import { fromHex, fromUtf8, ProtocolError } from "../../../protocols/bytes/index.ts";
import { decodeJson, JsonNumber, type JsonText, jsonAt } from "../../../protocols/json/index.ts";
import { addNumbers, Decimal, numberOf, type SenmlNumber } from "../../../protocols/reading/index.ts";
import { decodeRuuvi } from "../../../protocols/ruuvi/index.ts";
import { decimal } from "../../numbers.ts";
import type { MeasurementProfile } from "../../profile.ts";
import type { MessageField, MqttSection } from "../../sections/mqtt.ts";
import type { DeviceValue } from "../engine.ts";
import { keyOf } from "./topics.ts";

/** Largest payload that is looked at. */
const MAX_PAYLOAD = 32 * 1024;
const MAX_TEXT = 64;
/** How boards say that they have no value at the moment. */
const NOTHING = new Set(["", "nan", "null", "none", "unavailable", "unknown"]);

/** What one message holds: the JSON of it, or its text where it is none. */
export function payloadValue(payload: Uint8Array, kind: MqttSection["payload"], isJson: boolean): JsonText {
  if (kind === "ruuvi") return ruuviValue(decodeJson(payload));
  const first = payload[0];
  // Objects, arrays and quoted texts are JSON, whoever sends them.
  if (isJson || first === 0x7b || first === 0x5b || first === 0x22) return decodeJson(payload, { bytes: MAX_PAYLOAD });
  const text = payload.length <= MAX_TEXT ? fromUtf8(payload) : undefined;
  if (text === undefined) {
    throw new ProtocolError("FS-MQTT-PAYLOAD", `a payload of ${payload.length} bytes that is no value`);
  }
  return text.trim();
}

/** The members beside `data`, and over them what the advertisement in it says. */
function ruuviValue(message: JsonText): JsonText {
  if (!(message instanceof Map)) throw new ProtocolError("FS-MQTT-PAYLOAD", "a Ruuvi message is not an object");
  const members = new Map(message as ReadonlyMap<string, JsonText>);
  const data = members.get("data");
  if (typeof data !== "string") return members;
  for (const [name, text] of Object.entries(decodeRuuvi(fromHex(data.toLowerCase())))) {
    members.set(name, new JsonNumber(text));
  }
  return members;
}

/** A field of a message as text; undefined when the board says that it has no value, or says nothing of it. */
export function fieldText(message: JsonText, { path }: MessageField): string | undefined | "malformed" {
  const value = path === undefined ? message : jsonAt(message, path);
  if (value === undefined || value === null) return undefined;
  if (value instanceof JsonNumber) return value.text;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "string" || value.length > MAX_TEXT) return "malformed";
  const text = value.trim();
  return NOTHING.has(text.toLowerCase()) ? undefined : text;
}

/** A text as the measurement's value, in its unit. */
function textValue(
  text: string,
  { kind, message, scale = 0 }: MeasurementProfile,
): DeviceValue | undefined | "malformed" {
  if (message?.words) return message.words[text] ?? "malformed";
  if (kind === "state") return text === "true" ? true : text === "false" ? false : text;
  // Some boards say false for a sensor that is not fitted.
  return text === "false" ? undefined : (number(text, scale) ?? "malformed");
}

function number(text: string, scale: number): SenmlNumber | undefined {
  try {
    const { mantissa, exponent } = Decimal.parse(text);
    const value = decimal(mantissa, exponent + scale);
    return Number.isFinite(numberOf(value)) ? value : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** What was last heard of one place: its text, and when (monotonic ms). */
export interface Heard {
  text: string;
  at: number;
}

/** Everything that is known of a board, by `keyOf(field)`. */
export type HeardFields = ReadonlyMap<string, Heard>;

/**
 * The measurements that can be made of what was heard.
 * @param since what was heard before (monotonic ms) does not count.
 */
export function heardValues(
  measurements: readonly MeasurementProfile[],
  heard: HeardFields,
  since: number,
): { values: Map<string, DeviceValue>; malformed: boolean } {
  const values = new Map<string, DeviceValue>();
  let malformed = false;
  for (const measurement of measurements) {
    const value = measure(measurement, (field) => {
      const found = heard.get(keyOf(field));
      return found && found.at >= since ? found : undefined;
    });
    if (value === undefined ? !measurement.optional : value === "malformed") malformed = true;
    if (value !== undefined && value !== "malformed") values.set(measurement.name, value);
  }
  return { values, malformed };
}

function measure(
  measurement: MeasurementProfile,
  find: (field: MessageField) => Heard | undefined,
): DeviceValue | undefined | "malformed" {
  const { or = [], plus = [] } = measurement.message!;
  let newest: Heard | undefined;
  for (const field of [measurement.message!, ...or]) {
    const found = find(field);
    if (found && (!newest || found.at > newest.at)) newest = found;
  }
  if (!newest) return undefined;
  let total = textValue(newest.text, measurement);
  for (const field of plus) {
    const found = find(field);
    if (!found) return undefined;
    const more = textValue(found.text, measurement);
    if (total === undefined || more === undefined) return undefined;
    if (!isNumber(total) || !isNumber(more)) return "malformed";
    total = addNumbers(total, more);
  }
  return total;
}

const isNumber = (value: DeviceValue): value is SenmlNumber => typeof value !== "string" && typeof value !== "boolean";
