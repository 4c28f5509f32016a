/**
 * Where a message carries a value. In a topic `{topic}` stands for the board's configured topic and `{channel}` for its
 * channel, counted from 0 (`unit` of the configuration less 1).
 */
export interface MessageField {
  topic: string;
  /** Names and array indices down a JSON payload, joined by dots: `ENERGY.Total`, `nrg.11`. Absent: the payload is the value. */
  path?: string;
}

/** What a measurement of an MQTT board is taken from. */
export interface MessageValue extends MessageField {
  /** Where other versions of the board put the same value; the newest one counts. */
  or?: readonly MessageField[];
  /** Values that are added to it; all of them have to have come. */
  plus?: readonly MessageField[];
  /** What the board's words mean: `{ ON: true, OFF: false }`. Any other word is malformed. */
  words?: Readonly<Record<string, string | number | boolean>>;
}

/** Something a board can be told over MQTT, and how it confirms it. */
export interface MessageControl {
  /** Key of the command: `current_limit` (A), `enabled`, `relay`. */
  key: string;
  topic: string;
  /** Payload by value (`true`, `false`), or one for every number with `{value}` in its place. */
  payload: string | Readonly<Record<string, string>>;
  /** Smallest and largest whole number; absent for booleans. */
  range?: readonly [least: number, most: number];
  /**
   * Where the board confirms it. With `accepted` this text is a yes and everything else a refusal; without, the value there
   * has to become the one that was asked for.
   */
  confirm: MessageField & { words?: Readonly<Record<string, string | number | boolean>>; accepted?: string };
  /** Document and section that say so. */
  source: string;
}

export interface MqttSection {
  /** What `{topic}` is when the configuration does not say; empty where every board has a topic of its own. */
  topic: string;
  /** ruuvi: JSON with a Bluetooth advertisement in `data`, whose values are read as if they stood beside it. */
  payload: "json" | "ruuvi";
  /** Where the board, or the broker in its name (its will), says whether it is there. */
  availability?: MessageField & { online: string; offline: string };
  /** What a reading is taken on. work: a message with the work register (or the first measurement). any: every message. */
  trigger: "work" | "any";
  /**
   * Whether messages that the broker kept count as values until a newer one comes. For boards that publish a value when it
   * changes. A kept message never makes a reading, and does not show that the board is there.
   */
  retained: boolean;
  /** How long a value counts without being repeated, in ms; 0 for as long as the board is there. */
  keep: number;
  /** Shortest distance of two readings, in ms. */
  every: number;
  /** How far apart messages usually are, in ms: a gap is told by the longer of this and `every`. */
  slowest: number;
  /** The board counts as lost after this long without a message, in ms. */
  silence: number;
  controls: readonly MessageControl[];
}

export const MQTT: MqttSection = {
  topic: "",
  payload: "json",
  trigger: "work",
  retained: false,
  keep: 300_000,
  every: 10_000,
  slowest: 60_000,
  silence: 180_000,
  controls: [],
};
