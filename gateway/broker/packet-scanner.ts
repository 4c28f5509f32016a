import { ProtocolError } from "../../protocols/bytes/index.ts";

const PUBLISH = 3;
/** Packets a client may send once it is connected, and the flags each must have (MQTT 3.1.1 §2.2.2). */
const FLAGS: ReadonlyMap<number, number> = new Map([
  [4, 0], // PUBACK
  [8, 2], // SUBSCRIBE
  [10, 2], // UNSUBSCRIBE
  [12, 0], // PINGREQ
  [14, 0], // DISCONNECT
]);

const bad = (why: string): ProtocolError => new ProtocolError("FS-MQTT-PACKET", why);

/**
 * Follows the packet boundaries of a client's bytes, without keeping any, and refuses a packet by its first bytes:
 * too large, of a kind a client must not send, a second CONNECT, or anything of QoS 2.
 */
export class PacketScanner {
  maxPacket: number;
  #header = 0;
  /** Length bytes still to come (1..4), or 0 inside the body or between packets. */
  #lengthBytes = 0;
  #length = 0;
  #size = 1;
  #body = 0;

  constructor(maxPacket: number) {
    this.maxPacket = maxPacket;
  }

  /**
   * Goes on through the bytes until they end or `most` packets have begun.
   * @returns how many packets have begun, and where it stopped: before the next packet, or at the end.
   * @throws ProtocolError FS-MQTT-PACKET
   */
  scan(chunk: Uint8Array, most: number): { packets: number; end: number } {
    let packets = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#body > 0) {
        const skip = Math.min(this.#body, chunk.length - at);
        this.#body -= skip;
        at += skip;
      } else if (this.#lengthBytes > 0) {
        this.#addLength(chunk[at++]!);
      } else if (packets < most) {
        this.#begin(chunk[at++]!);
        packets++;
      } else {
        break;
      }
    }
    return { packets, end: at };
  }

  #begin(header: number): void {
    const type = header >> 4;
    const flags = header & 15;
    if (type === PUBLISH) {
      if ((flags & 6) === 4) throw bad("QoS 2 is not offered: publish with QoS 1");
      if ((flags & 6) === 6) throw bad("PUBLISH with QoS 3");
      if ((flags & 14) === 8) throw bad("PUBLISH with QoS 0 marked as a repetition");
    } else if (FLAGS.get(type) !== flags) {
      throw bad(`packet type ${type} with flags ${flags}`);
    }
    this.#header = header;
    this.#lengthBytes = 4;
    this.#length = 0;
    this.#size = 1;
  }

  #addLength(byte: number): void {
    this.#length += (byte & 0x7f) * this.#size;
    this.#size *= 128;
    this.#lengthBytes--;
    if (this.#length > this.maxPacket) {
      throw bad(`packet type ${this.#header >> 4} of ${this.#length} bytes or more, the limit is ${this.maxPacket}`);
    }
    if (byte < 0x80) {
      this.#lengthBytes = 0;
      this.#body = this.#length;
    } else if (this.#lengthBytes === 0) {
      throw bad("a length of more than four bytes");
    }
  }
}
