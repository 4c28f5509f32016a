import { UsageError, utf8 } from "../../protocols/bytes/index.ts";

/** Longest topic we make or accept. MQTT allows 65,535 bytes; nobody has a use for them. */
const MAX_TOPIC_BYTES = 512;
const MAX_LEVELS = 16;

/** U+0000 must not appear, control characters and non-characters should not (MQTT 3.1.1 §1.5.3). */
function hasForbiddenCharacter(text: string): boolean {
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xdfff)) return true;
    if ((code & 0xfffe) === 0xfffe) return true;
  }
  return false;
}

function wellFormed(text: string): boolean {
  if (text.length === 0 || text.length > MAX_TOPIC_BYTES || hasForbiddenCharacter(text)) return false;
  return utf8(text).length <= MAX_TOPIC_BYTES && text.split("/").length <= MAX_LEVELS;
}

/** True for a topic that a message can be published to: 1–512 bytes, at most 16 levels, no wildcard, no control character. */
export function isTopic(topic: string): boolean {
  return wellFormed(topic) && !topic.includes("+") && !topic.includes("#");
}

/** True for a topic filter: `+` stands alone in its level, `#` alone and last (MQTT 3.1.1 §4.7.1). */
export function isFilter(filter: string): boolean {
  if (!wellFormed(filter)) return false;
  const levels = filter.split("/");
  return levels.every((level, i) => {
    if (level.includes("#")) return level === "#" && i === levels.length - 1;
    return !level.includes("+") || level === "+";
  });
}

/** @throws UsageError FS-MQTT-TOPIC */
export function assertTopic(topic: string): void {
  if (!isTopic(topic)) throw badTopic("topic", topic);
}

/** @throws UsageError FS-MQTT-TOPIC */
export function assertFilter(filter: string): void {
  if (!isFilter(filter)) throw badTopic("topic filter", filter);
}

function badTopic(what: string, text: string): UsageError {
  return new UsageError("FS-MQTT-TOPIC", `${JSON.stringify(text.slice(0, 80))} is not a ${what}`, {
    fix: "use 1 to 512 bytes and at most 16 levels; wildcards stand alone in a level, and only in filters",
  });
}

/**
 * Whether a filter selects a topic (MQTT 3.1.1 §4.7): `#` also selects its parent level, and a wildcard in the
 * first level never selects a topic that begins with `$` (§4.7.2).
 */
export function matchesFilter(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === "#") return true;
    if (i >= levels.length) return false;
    if (wanted[i] !== "+" && wanted[i] !== levels[i]) return false;
  }
  return wanted.length === levels.length;
}

/**
 * The name of a device is one level of its topics.
 * @throws UsageError FS-MQTT-NAME for a name that is empty, too long, or would be read as something else.
 */
export function assertDeviceName(name: string): void {
  const why =
    name.length === 0 || utf8(name).length > 64
      ? "has to be 1 to 64 bytes long"
      : /[/+#]/.test(name)
        ? "must not contain / + or #"
        : hasForbiddenCharacter(name) || name !== name.trim()
          ? "must not contain control characters, nor begin or end with a space"
          : name.startsWith("$") || name === "bridge"
            ? "is reserved"
            : undefined;
  if (why === undefined) return;
  throw new UsageError("FS-MQTT-NAME", `device name ${JSON.stringify(name.slice(0, 80))} ${why}`, {
    fix: "choose a name such as grid-meter: it becomes a level of the device's MQTT topics",
  });
}
