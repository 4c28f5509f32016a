import { connect, type Socket } from "node:net";
import { Mailbox } from "./mailbox.ts";

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
};

/** MQTT's variable-length integer (3.1.1 §2.2.3). */
export function lengthBytes(length: number): Buffer {
  const out: number[] = [];
  let left = length;
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    out.push(left > 0 ? digit | 128 : digit);
  } while (left > 0);
  return Buffer.from(out);
}

export function packet(header: number, ...body: Buffer[]): Buffer {
  const rest = Buffer.concat(body);
  return Buffer.concat([Buffer.of(header), lengthBytes(rest.length), rest]);
}

export interface ConnectFields {
  clientId?: string;
  clean?: boolean;
  user?: string;
  password?: string;
  will?: { topic: string; payload?: string; qos?: number; retain?: boolean };
  level?: number;
  name?: string;
}

export function connectPacket(fields: ConnectFields = {}): Buffer {
  const { clientId = "raw", clean = true, user, password, will, level = 4, name = "MQTT" } = fields;
  const flags =
    (clean ? 2 : 0) |
    (user === undefined ? 0 : 0x80) |
    (password === undefined ? 0 : 0x40) |
    (will === undefined ? 0 : 4 | ((will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0));
  return packet(
    0x10,
    text(name),
    Buffer.of(level, flags, 0, 60),
    text(clientId),
    ...(will === undefined ? [] : [text(will.topic), text(will.payload ?? "")]),
    ...(user === undefined ? [] : [text(user)]),
    ...(password === undefined ? [] : [text(password)]),
  );
}

export function publishPacket(topic: string, payload: string, qos = 0, id = 1, retain = false): Buffer {
  const idBytes = qos > 0 ? [Buffer.of(id >> 8, id & 255)] : [];
  return packet(0x30 | (qos << 1) | (retain ? 1 : 0), text(topic), ...idBytes, Buffer.from(payload));
}

export function subscribePacket(filter: string, qos = 0, id = 1): Buffer {
  return packet(0x82, Buffer.of(id >> 8, id & 255), text(filter), Buffer.of(qos));
}

export interface RawPacket {
  /** First byte: type and flags. */
  header: number;
  body: Buffer;
}

/** A client that sends any bytes, and shows what the broker answers, packet by packet. */
export class RawMqtt {
  readonly socket: Socket;
  readonly received = new Mailbox<RawPacket>();
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<void>;
  #held = Buffer.alloc(0);

  constructor(port: number, localAddress = "127.0.0.1") {
    this.socket = connect({ port, host: "127.0.0.1", localAddress });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk) => this.#take(chunk));
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  #take(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    for (;;) {
      let length = 0;
      let at = 1;
      for (; at < this.#held.length; at++) {
        length += (this.#held[at]! & 127) * 128 ** (at - 1);
        if (this.#held[at]! < 128) break;
      }
      if (at >= this.#held.length || this.#held.length < at + 1 + length) return;
      this.received.put({ header: this.#held[0]!, body: this.#held.subarray(at + 1, at + 1 + length) });
      this.#held = this.#held.subarray(at + 1 + length);
    }
  }

  send(...packets: Buffer[]): this {
    this.socket.write(Buffer.concat(packets));
    return this;
  }

  /** Resolves with the first packet of a type (1 to 14), or undefined when the connection ends without one. */
  reply(type: number): Promise<RawPacket | undefined> {
    return Promise.race([
      this.received.wait(({ header }) => header >> 4 === type),
      this.closed.then(() => this.received.all.find(({ header }) => header >> 4 === type)),
    ]);
  }

  /** CONNECT, and its return code; undefined when the connection was closed without an answer. */
  async connect(fields: ConnectFields = {}): Promise<number | undefined> {
    this.send(connectPacket(fields));
    return (await this.reply(2))?.body[1];
  }

  /** True when the broker still answers on this connection. */
  async alive(): Promise<boolean> {
    const before = this.received.all.length;
    this.send(Buffer.of(0xc0, 0));
    return Promise.race([
      this.received.wait(({ header }) => header === 0xd0, before).then(() => true),
      this.closed.then(() => false),
    ]);
  }

  end(): void {
    this.socket.destroy();
  }
}
