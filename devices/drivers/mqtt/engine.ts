import { UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import { READINGS } from "../../profile.ts";
import type { MessageControl, MessageField } from "../../sections/mqtt.ts";
import type { Engine, EngineHost, LintReport } from "../engine.ts";
import { MqttDriver } from "./mqtt-driver.ts";
import { fieldsOf, keyOf, topicsOf } from "./topics.ts";
import { fieldText, type Heard, heardValues, payloadValue } from "./values.ts";

/** Levels of text and the two places that a device fills in. */
const PATTERN = /^(?:[^+#{}]|\{topic\}|\{channel\}){1,128}$/;

function lintField({ topic, path }: MessageField, where: string, problem: LintReport): void {
  if (!PATTERN.test(topic) || !topic.includes("{topic}"))
    problem(`${where}.topic`, "must contain {topic}, and no wildcard");
  if (path !== undefined && (path === "" || path.split(".").some((step) => step === ""))) {
    problem(`${where}.path`, "must be names joined by dots");
  }
}

function lintControl(control: MessageControl, problem: LintReport): void {
  const where = `mqtt.controls.${control.key}`;
  const { range, payload, confirm, topic, source } = control;
  lintField({ topic }, where, problem);
  lintField(confirm, `${where}.confirm`, problem);
  if (source.trim() === "") problem(`${where}.source`, "is empty: name document and section");
  if (range ? typeof payload !== "string" || !payload.includes("{value}") : typeof payload === "string") {
    problem(`${where}.payload`, "must contain {value} for numbers, and be one by value for true and false");
  }
  if (!range && typeof payload !== "string" && (payload["true"] === undefined || payload["false"] === undefined)) {
    problem(`${where}.payload`, "must say what true and false are");
  }
}

function lint(profile: Profile, problem: LintReport): void {
  const { mqtt } = profile;
  if (!mqtt) return void problem("mqtt", "is missing");
  if (mqtt.availability) lintField(mqtt.availability, "mqtt.availability", problem);
  if (mqtt.silence < 1000) problem("mqtt.silence", "must be 1000 ms at least");
  if (mqtt.keep !== 0 && mqtt.keep < mqtt.slowest) problem("mqtt.keep", "must not be shorter than slowest");
  for (const control of mqtt.controls) lintControl(control, problem);
  for (const { name, message, kind } of profile.measurements) {
    const where = `measurements.${name}.message`;
    if (!message) {
      problem(where, "is missing");
      continue;
    }
    for (const field of fieldsOf(message)) lintField(field, where, problem);
    if (message.plus && kind === "state") problem(`${where}.plus`, "adds numbers only");
  }
}

/** Lines of `topic payload`; `{topic}` stands for the board's, the channel is the first. */
function decodeFrame(profile: Profile, { what, answer }: RecordedFrame) {
  const heard = new Map<string, Heard>();
  const topicOf = topicsOf("frame", profile, { topic: "{topic}" });
  const fields = profile.measurements.flatMap(({ message }) => fieldsOf(message!));
  for (const line of answer.split("\n")) {
    const space = line.indexOf(" ");
    const topic = line.slice(0, space);
    const found = fields.filter((field) => topicOf(field.topic) === topic);
    if (space < 1 || found.length === 0)
      throw new UsageError("FS-DEVICE-FRAME", `${what}: "${topic}" is no topic of it`);
    const isJson = found.every(({ path }) => path !== undefined);
    const message = payloadValue(utf8(line.slice(space + 1)), profile.mqtt!.payload, isJson);
    for (const field of found) {
      const text = fieldText(message, field);
      if (text !== undefined) heard.set(keyOf(field), { text, at: 0 });
    }
  }
  return heardValues(profile.measurements, heard, 0).values;
}

/** One board, one device: two would be paid twice for the same work. */
function claimTopic(host: EngineHost, name: string, topic: string): void {
  const taken = host.shared("mqtt topics", () => new Map<string, string>());
  const owner = taken.get(topic);
  if (owner !== undefined && owner !== name) {
    throw new UsageError("FS-DEVICE-TAKEN", `${name}: ${topic} already belongs to ${owner}`, {
      fix: "give each device a topic, or a channel (unit), of its own",
    });
  }
  taken.set(topic, name);
}

/** Boards that publish by themselves over MQTT: plain values or JSON, on one topic or many. */
export const mqttEngine: Engine = {
  link: "mqtt",
  lint,
  decodeFrame,
  create(host, options, profile) {
    const { messages } = host;
    if (!messages) {
      throw new UsageError("FS-DEVICE-MESSAGES", `${options.name} is read over MQTT, and there is no broker`, {
        fix: "set mqtt.broker in the configuration",
      });
    }
    const topicOf = topicsOf(options.name, profile, options.config);
    const { measurements, work } = profile;
    const paid = (work === READINGS ? measurements[0] : measurements.find(({ name }) => name === work))!.message!;
    claimTopic(host, options.name, keyOf({ ...paid, topic: topicOf(paid.topic) }));
    return new MqttDriver({ driver: options, profile, messages, topicOf });
  },
};
