import { UsageError } from "../../../protocols/bytes/index.ts";
import type { Profile } from "../../profile.ts";
import type { MessageField, MessageValue } from "../../sections/mqtt.ts";
import type { DeviceConfig } from "../driver.ts";

/** Puts a board's own topic and channel into the patterns of its profile. */
export type TopicOf = (pattern: string) => string;

/** No wildcard, no control character, no empty text; a few levels. */
const TOPIC = /^[^+#\p{Cc}]{1,256}$/u;

/**
 * @param config its `topic` and `unit`.
 * @throws UsageError FS-DEVICE-TOPIC when the board's topic is missing, or is none.
 */
export function topicsOf(name: string, profile: Profile, { topic, unit }: DeviceConfig): TopicOf {
  const own = topic ?? profile.mqtt!.topic;
  if (own === "") {
    throw new UsageError("FS-DEVICE-TOPIC", `${name} has no topic`, {
      fix: `add topic: to the device, as the README of ${profile.id} says`,
    });
  }
  if (!TOPIC.test(own) || own.startsWith("$") || own.split("/").length > 12) {
    throw new UsageError("FS-DEVICE-TOPIC", `${name}: "${own.slice(0, 80)}" is not the topic of a board`, {
      fix: "write it without wildcards, as the board does",
    });
  }
  const channel = String((unit ?? 1) - 1);
  return (pattern) => pattern.replaceAll("{topic}", own).replaceAll("{channel}", channel);
}

/** Every field of a measurement. */
export function fieldsOf(value: MessageValue): readonly MessageField[] {
  return [value, ...(value.or ?? []), ...(value.plus ?? [])];
}

/** One text for each place a value can come from. */
export const keyOf = ({ topic, path = "" }: MessageField): string => `${topic}#${path}`;

/** Topics that a profile's measurements are read from, as patterns, each once. */
export function measurementTopics(profile: Profile): string[] {
  const fields = profile.measurements.flatMap(({ message }) => (message ? fieldsOf(message) : []));
  return [...new Set(fields.map(({ topic }) => topic))];
}

/**
 * The topics that a configured board says its readings on: what its user may write, and what a broker of ours acknowledges
 * only when it is durable. Empty for boards of another link.
 * @throws UsageError FS-DEVICE-TOPIC.
 */
export function readingTopics(name: string, profile: Profile, config: DeviceConfig): string[] {
  if (profile.link !== "mqtt") return [];
  return measurementTopics(profile).map(topicsOf(name, profile, config));
}

/**
 * What a board's login may do at a broker of ours: write what it says, read what it is told.
 * @throws UsageError FS-DEVICE-TOPIC.
 */
export function boardTopics(name: string, profile: Profile, config: DeviceConfig): { write: string[]; read: string[] } {
  const { availability, controls } = profile.mqtt!;
  const topicOf = topicsOf(name, profile, config);
  const said = [...(availability ? [availability.topic] : []), ...controls.map(({ confirm }) => confirm.topic)];
  return {
    write: [...new Set([...readingTopics(name, profile, config), ...said.map(topicOf)])],
    read: [...new Set(controls.map(({ topic }) => topicOf(topic)))],
  };
}
