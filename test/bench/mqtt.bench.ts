import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { DurableInbox } from "../../gateway/broker/durable-channel.ts";
import { Boards } from "../../gateway/ingest/boards.ts";
import { PathLog } from "../../gateway/ingest/path-log.ts";
import { GatewayState } from "../../gateway/ingest/state.ts";
import { Journal, NodeDisk } from "../../gateway/journal/index.ts";
import { startBrokerChild } from "../support/broker-child.ts";
import { type Bench, type BenchContext, median, type Row } from "./bench.ts";
import { backend, packingBoard, plainBoard, SCOPE } from "./mqtt-boards.ts";
import type { Job } from "./mqtt-sender.ts";
import { cpuOf } from "./proc-files.ts";

const PACK = 64;
/** Messages on their way at once, as a broker's receive window would have it. */
const WINDOW = 64;
const READING = 1;

/** The gateway's side in this process, over a journal on the real disk. */
async function gatewaySide(folder: string) {
  const clock = systemClock();
  const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  const journal = new Journal({ disk: new NodeDisk({ directory: folder, random }), clock, random });
  const state = new GatewayState(0, { idOf: () => ({ id: 0n, open: false }) });
  await journal.open((record) => state.apply(record));
  const boards = new Boards({
    log: new PathLog(journal, state, ({ index }) => state.stored(index + 1)),
    verifier: backend,
    scope: SCOPE,
    recent: async () => [],
    enrolment: async () => undefined,
    onAttested: () => undefined,
    onEnrolled: () => undefined,
    onGap: () => undefined,
    onRefused: (_board, code, why) => {
      throw new Error(`${code} ${why}`);
    },
  });
  return { journal, boards };
}

async function startSender(): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("mqtt-sender.ts", import.meta.url));
  const sender = fork(file, { serialization: "advanced" });
  await once(sender, "message");
  return sender;
}

interface Contender {
  id: string;
  /** Packets of one round, and the readings in them. */
  round(): Uint8Array[];
  readings: number;
}

export const bench: Bench = {
  name: "mqtt",
  async run({ quick }: BenchContext): Promise<Row[]> {
    if (process.platform !== "linux") return [];
    const folder = mkdtempSync(join(tmpdir(), "fieldseal-bench-"));
    const { journal, boards } = await gatewaySide(join(folder, "journal"));
    const broker = await startBrokerChild({
      listen: { host: "127.0.0.1", port: 0 },
      limits: { packetsPerSecond: 1e6, burst: 1e6 },
    });
    const sender = await startSender();
    const plain = plainBoard(0x23);
    const inbox = new DurableInbox({
      onPublish: async ({ topic, payload }) => {
        const id = topic.split("/")[1] ?? "";
        if (id !== plain.id) return boards.receive(id, payload);
        if (!plain.verifies(payload)) throw new Error("a signature did not verify");
        await journal.append(READING, payload);
      },
      onFailure: (error) => console.error(error),
    });
    inbox.attach(broker.channel);

    const tell = async (message: Job | "go"): Promise<void> => {
      sender.send(message);
      await once(sender, "message");
    };
    const load = (clientId: string, packets: Uint8Array[]) =>
      tell({ port: broker.port, clientId, packets, window: WINDOW });
    const packed = packingBoard(0x21, PACK);
    const single = packingBoard(0x22, 1);
    for (const board of [packed, single]) {
      boards.add({ name: board.id.slice(0, 8), key: board.key });
      await load(board.id, [board.enrolment()]);
      await tell("go");
    }
    const messages = quick ? 256 : 1_024;
    const contenders: Record<string, Contender> = {
      packs: { id: packed.id, round: () => packed.packs(messages), readings: PACK },
      singles: { id: single.id, round: () => single.packs(messages), readings: 1 },
      plain: { id: plain.id, round: () => plain.messages(messages), readings: 1 },
    };
    const seen = new Map<string, { gateway: number; broker: number }[]>();
    for (let round = -2; round < (quick ? 3 : 7); round++) {
      for (const [name, { id, round: make, readings }] of Object.entries(contenders)) {
        const packets = make();
        await load(id, packets);
        const before = { gateway: cpuOf(process.pid), broker: cpuOf(broker.pid) };
        await tell("go");
        const of = (was: number, pid: number): number => (cpuOf(pid) - was) / (packets.length * readings);
        const cost = { gateway: of(before.gateway, process.pid), broker: of(before.broker, broker.pid) };
        if (round >= 0) seen.set(name, [...(seen.get(name) ?? []), cost]);
      }
    }
    sender.disconnect();
    inbox.stop();
    await broker.kill();
    await journal.close();
    rmSync(folder, { recursive: true });

    const micros = (name: string, part: "gateway" | "broker"): number =>
      median((seen.get(name) ?? []).map((cost) => cost[part]));
    const both = (name: string): number => median((seen.get(name) ?? []).map(({ gateway, broker: b }) => gateway + b));
    const split = (name: string): string =>
      `${micros(name, "gateway").toFixed(2)} gateway, ${micros(name, "broker").toFixed(2)} broker`;
    return [
      {
        row: `MQTT QoS 1 in, verified and durable before the PUBACK, packs of ${PACK} (ES256)`,
        ours: both("packs"),
        unit: "CPU µs a reading, gateway and broker process",
        peers: [
          { name: "one native signature a reading", value: both("plain") },
          { name: "our packs of one", value: both("singles") },
        ],
        ratio: both("plain") / both("packs"),
        goal: "≥ 50×",
        note: `packs: ${split("packs")} · native: ${split("plain")} · packs of one: ${split("singles")}; same broker, channel and journal, the board not counted`,
      },
    ];
  },
};
