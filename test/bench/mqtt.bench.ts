import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { nodeBackend } from "../../gateway/attest/backends/index.ts";
import { encodeBoardPack, verifyBoardPack } from "../../gateway/attest/board-pack.ts";
import { DurableInbox, type DurableMessage } from "../../gateway/broker/durable-channel.ts";
import { EmbeddedBroker } from "../../gateway/broker/embedded-broker.ts";
import { Journal, NodeDisk } from "../../gateway/journal/index.ts";
import {
  deviceId,
  encodeAttestation,
  encodeStatement,
  packRoot,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { concatBytes, toBase64Url, toHex } from "../../protocols/bytes/index.ts";
import { encodeReading } from "../../protocols/reading/index.ts";
import { exampleStatement } from "../support/attestation-vectors.ts";
import { duplexPair } from "../support/duplex-pair.ts";
import { connectPacket, lengthBytes } from "../support/raw-mqtt.ts";
import { type Bench, type Row, race } from "./bench.ts";

const PACK = 64;
/** Messages on their way at once, as a broker's receive window would have it. */
const WINDOW = 64;
const KIND = { reading: 1, attestation: 2 } as const;
const START = 1_795_000_000_000;

const backend = nodeBackend();
const privateBytes = new Uint8Array(32).fill(0x21);
const key = backend.importKey("ES256", privateBytes);
const device = deviceId(key.publicKey);
const topic = `fieldseal-link/${toHex(device)}/up`;

function readingBytes(i: number): Uint8Array {
  return encodeReading({
    time: START + i * 1_000,
    measurements: [
      { name: "power", unit: "W", value: 1834.5 + (i % 100) },
      { name: "energy", unit: "Wh", sum: 10_211_482 + i },
    ],
    quality: 0,
  });
}

function packMessage(first: number, count: number): Uint8Array {
  const readings = Array.from({ length: count }, (_, i) => readingBytes(first + i));
  const statement = encodeStatement(
    exampleStatement(device, {
      first: BigInt(first),
      count,
      from: START + first * 1_000,
      to: START + (first + count - 1) * 1_000,
      root: packRoot(readings),
    }),
  );
  return encodeBoardPack(encodeAttestation("ES256", statement, key.sign(toBeSigned("ES256", statement))), readings);
}

/** PUBLISH, QoS 1. */
function publish(payload: Uint8Array, id: number): Uint8Array {
  const name = Buffer.from(topic);
  const rest = 2 + name.length + 2 + payload.length;
  return concatBytes(
    Uint8Array.of(0x32),
    lengthBytes(rest),
    Uint8Array.of(name.length >> 8, name.length & 255),
    name,
    Uint8Array.of(id >> 8, id & 255),
    payload,
  );
}

/** Sends all, never more than the window unacknowledged; resolves when the last PUBACK (4 bytes each) is there. */
function exchange(socket: Socket, packets: readonly Uint8Array[]): Promise<void> {
  let sent = 0;
  let bytes = 0;
  const fill = (): void => {
    const until = Math.min(packets.length, Math.floor(bytes / 4) + WINDOW);
    if (sent < until) socket.write(Buffer.concat(packets.slice(sent, until)));
    sent = until;
  };
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes < packets.length * 4) {
        fill();
        return;
      }
      socket.off("data", hear);
      socket.off("close", lost);
      resolve();
    };
    const lost = (): void => reject(new Error("the broker closed the connection"));
    socket.on("data", hear);
    socket.on("close", lost);
    fill();
  });
}

/** The least there is: one native signature over each reading, key object kept, one record. */
function plainPeer() {
  const { bytes } = key.publicKey;
  const jwk = { kty: "EC", crv: "P-256", x: toBase64Url(bytes.slice(0, 32)), y: toBase64Url(bytes.slice(32)) };
  const privateKey = createPrivateKey({ key: { ...jwk, d: toBase64Url(privateBytes) }, format: "jwk" });
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  return {
    message(i: number): Uint8Array {
      const reading = readingBytes(i);
      return concatBytes(sign("sha256", reading, { key: privateKey, dsaEncoding: "ieee-p1363" }), reading);
    },
    accept(payload: Uint8Array, journal: Journal): Promise<unknown> {
      const [signature, reading] = [payload.subarray(0, 64), payload.subarray(64)];
      if (!verify("sha256", reading, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature))
        throw new Error("forged");
      return journal.append(KIND.reading, payload);
    },
  };
}

async function acceptPack(payload: Uint8Array, journal: Journal): Promise<void> {
  const { attestation, readings } = verifyBoardPack(payload, { verifier: backend, keyOf: () => key.publicKey });
  await journal.appendAll([
    ...readings.map(({ bytes }) => ({ kind: KIND.reading, payload: bytes })),
    { kind: KIND.attestation, payload: attestation.bytes },
  ]);
}

export const bench: Bench = {
  name: "mqtt",
  async run({ quick }) {
    const folder = mkdtempSync(join(tmpdir(), "fieldseal-bench-"));
    const clock = systemClock();
    const journal = new Journal({
      disk: new NodeDisk({ directory: folder, random: randomBytes }),
      clock,
      random: randomBytes,
    });
    await journal.open();
    const peer = plainPeer();
    let accept: (payload: Uint8Array) => Promise<unknown> = async () => undefined;
    const broker = new EmbeddedBroker(
      { listen: { host: "127.0.0.1", port: 0 }, limits: { packetsPerSecond: 1e6, burst: 1e6 } },
      clock,
    );
    const [brokerEnd, gatewayEnd] = duplexPair();
    broker.durable.attach(brokerEnd);
    const inbox = new DurableInbox({
      onPublish: async ({ payload }: DurableMessage) => void (await accept(payload)),
      onFailure: (error) => console.error(error),
    });
    inbox.attach(gatewayEnd);
    const socket = connect(await broker.start(), "127.0.0.1");
    socket.write(connectPacket({ clientId: toHex(device) }));
    await once(socket, "data");

    const count = quick ? 512 : 2_048;
    const packs = Array.from({ length: count / 2 }, (_, i) => publish(packMessage(1 + i * PACK, PACK), i + 1));
    const singles = Array.from({ length: count }, (_, i) => publish(packMessage(1 + i, 1), i + 1));
    const plain = Array.from({ length: count }, (_, i) => publish(peer.message(i), i + 1));
    const contender = (name: string, packets: readonly Uint8Array[], each: number, taken: typeof accept) => ({
      name,
      work: async () => {
        accept = taken;
        await exchange(socket, packets);
        return packets.length * each;
      },
    });
    const rates = await race(
      [
        contender("packs", packs, PACK, (payload) => acceptPack(payload, journal)),
        contender("singles", singles, 1, (payload) => acceptPack(payload, journal)),
        contender("plain", plain, 1, (payload) => peer.accept(payload, journal)),
      ],
      quick ? 2 : 5,
    );
    socket.destroy();
    inbox.stop();
    await broker.stop();
    await journal.close();
    rmSync(folder, { recursive: true });
    const rate = (name: string): number => rates.get(name) ?? Number.NaN;
    const micros = (name: string): string => (1e6 / rate(name)).toFixed(1);
    const row: Row = {
      row: `MQTT QoS 1 in, verified and durable before the PUBACK, packs of ${PACK} (ES256)`,
      ours: rate("packs"),
      unit: "readings per CPU-second, sender included",
      peers: [
        { name: "one native signature a reading", value: rate("plain") },
        { name: "our packs of one", value: rate("singles") },
      ],
      ratio: rate("packs") / rate("plain"),
      goal: "≥ 50×",
      note: `CPU µs a reading: ${micros("packs")} against ${micros("plain")} (packs of one: ${micros("singles")}); same broker, channel and journal`,
    };
    return [row];
  },
};
