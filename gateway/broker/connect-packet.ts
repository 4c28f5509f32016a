import { ByteReader, fromUtf8, ProtocolError } from "../../protocols/bytes/index.ts";
import { isTopic } from "./topics.ts";

/** Most bytes a CONNECT may take, and most that are held for a connection before it is complete. */
export const MAX_CONNECT_BYTES = 1_024;

export interface ConnectPacket {
  /** 3 is MQTT 3.1, 4 is 3.1.1. */
  level: 3 | 4;
  clientId: string;
  clean: boolean;
  keepalive: number;
  will: { topic: string; qos: 0 | 1; retain: boolean } | undefined;
  user: string | undefined;
  hasPassword: boolean;
}

/** CONNACK return codes (MQTT 3.1.1 §3.2.2.3) and the one of MQTT 5 that tells its clients to try 3.1.1. */
export const ConnackCode = { version: 1, identifier: 2, unavailable: 3, credentials: 4, notAuthorized: 5 } as const;

/** A CONNECT that is well-formed and still refused: the client is told why. */
export class RefusedConnect {
  readonly reply: Uint8Array;
  readonly why: string;

  constructor(reply: Uint8Array, why: string) {
    this.reply = reply;
    this.why = why;
  }
}

// 20 02 00 rc   CONNACK of 3.1.1: no session, return code
export const connack = (code: number): Uint8Array => Uint8Array.of(0x20, 2, 0, code);
// 20 03 00 84 00   CONNACK of MQTT 5: no session, "unsupported protocol version", no properties (§3.2.2.2)
const CONNACK_5_UNSUPPORTED = Uint8Array.of(0x20, 3, 0, 0x84, 0);

const bad = (why: string): ProtocolError => new ProtocolError("FS-MQTT-PACKET", `CONNECT: ${why}`);

/**
 * Where the CONNECT at the start of these bytes ends, or undefined while it is incomplete.
 * @throws ProtocolError FS-MQTT-PACKET for anything that is not, or cannot become, a CONNECT within the limit.
 */
export function connectEnd(bytes: Uint8Array): number | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] !== 0x10) throw bad("the first packet is another one");
  let length = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = bytes[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (i - 1);
    if (length > MAX_CONNECT_BYTES) throw bad(`it is larger than ${MAX_CONNECT_BYTES} bytes`);
    if (byte < 0x80) return bytes.length >= i + 1 + length ? i + 1 + length : undefined;
  }
  throw bad("its length has more than four bytes");
}

/** Client ids name sessions in topics, logs and access lists: printable ASCII without the characters that mean something there. */
export function isClientId(id: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(id) && !/[#+/]/.test(id) && !id.startsWith("$");
}

/**
 * One whole CONNECT packet (MQTT 3.1.1 §3.1), strictly.
 * @throws ProtocolError FS-MQTT-PACKET for what the specification forbids: the connection is closed without an answer.
 */
export function decodeConnect(packet: Uint8Array): ConnectPacket | RefusedConnect {
  const reader = new ByteReader(packet, "FS-MQTT-PACKET");
  reader.u8();
  while (reader.u8() >= 0x80);
  const name = text(reader, "protocol name");
  const level = reader.u8();
  if (name === "MQTT" && level === 5) return new RefusedConnect(CONNACK_5_UNSUPPORTED, "MQTT 5 is not spoken here");
  if (!((name === "MQTT" && level === 4) || (name === "MQIsdp" && level === 3))) {
    if (name !== "MQTT" && name !== "MQIsdp") throw bad("another protocol");
    return new RefusedConnect(connack(ConnackCode.version), `protocol level ${level}`);
  }
  const flags = reader.u8();
  if (flags & 1) throw bad("the reserved flag is set");
  const keepalive = reader.u16();
  const clientId = text(reader, "client id");
  const will = decodeWill(reader, flags);
  const user = flags & 0x80 ? text(reader, "user name") : undefined;
  const hasPassword = (flags & 0x40) !== 0;
  if (hasPassword && user === undefined) throw bad("a password without a user name");
  if (hasPassword) reader.take(reader.u16());
  reader.end();
  const clean = (flags & 2) !== 0;
  // [MQTT-3.1.3-8]: without an id there is nothing to keep a session under.
  if (clientId === "" ? !clean : !isClientId(clientId)) {
    return new RefusedConnect(
      connack(ConnackCode.identifier),
      "the client id is not 1 to 64 printable characters without # + / $",
    );
  }
  if (will === "refused")
    return new RefusedConnect(connack(ConnackCode.notAuthorized), "a will with QoS 2 or a bad topic");
  return { level, clientId, clean, keepalive, will, user, hasPassword };
}

function decodeWill(reader: ByteReader, flags: number): ConnectPacket["will"] | "refused" {
  const qos = (flags >> 3) & 3;
  const retain = (flags & 0x20) !== 0;
  if ((flags & 4) === 0) {
    if (qos !== 0 || retain) throw bad("will flags without a will");
    return undefined;
  }
  if (qos === 3) throw bad("will QoS 3");
  const topic = text(reader, "will topic");
  reader.take(reader.u16());
  return qos === 2 || !isTopic(topic) ? "refused" : { topic, qos: qos as 0 | 1, retain };
}

function text(reader: ByteReader, what: string): string {
  const value = fromUtf8(reader.take(reader.u16()));
  if (value === undefined || value.includes("\0")) throw bad(`the ${what} is not UTF-8 text`);
  return value;
}
