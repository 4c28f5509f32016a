import { type CommonOptions, load, outputOf } from "../context.ts";
import { Exit } from "../exit.ts";
import { parseJson, retained } from "../mqtt-client.ts";

interface Health {
  uptime_s?: number;
  journal?: { state: string; pending: number };
  log?: { size: number; unbatched: number };
  coordinator?: { state: string; text: string };
  devices?: { online: number; total: number };
  clock?: string;
  backend?: string;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** `fieldseal status`: the path, part by part, from what the gateway keeps retained on its broker. */
export async function status(options: CommonOptions): Promise<void> {
  const out = outputOf(options);
  const { config } = load(options);
  const base = `${config.mqtt.base_topic}/bridge`;
  const topics = await retained(config, [
    `${base}/state`,
    `${base}/info`,
    `${base}/health`,
    `${base}/devices`,
    `${base}/checkpoint`,
  ]);
  const read = (topic: string) => {
    const payload = topics.get(`${base}/${topic}`);
    return payload ? parseJson(payload) : undefined;
  };
  const state = read("state")?.["state"] ?? "offline";
  const health = (read("health") ?? {}) as Health;
  const checkpoint = read("checkpoint");
  const payload = topics.get(`${base}/devices`);
  const devices = payload ? list(JSON.parse(Buffer.from(payload).toString("utf8"))) : [];
  out.data({ state, info: read("info") ?? null, health, devices, checkpoint: checkpoint ?? null }, 2);
  const steps = [
    `gateway ${state}`,
    `signer ${health.backend ?? "?"}`,
    `devices ${health.devices ? `${health.devices.online}/${health.devices.total} online` : "?"}`,
    `clock ${health.clock ?? "?"}`,
    `journal ${health.journal ? `${health.journal.state}, ${health.journal.pending} pending` : "?"}`,
    `log ${health.log ? `${health.log.size} attestations, ${health.log.unbatched} not batched` : "?"}`,
    `coordinator ${health.coordinator?.text ?? "?"}`,
    checkpoint ? `last checkpoint ${checkpoint["size"]} entries, ${checkpoint["state"]}` : "no checkpoint yet",
  ];
  out.line(steps.join("\n→ "));
  if (state !== "online") process.exitCode = Exit.upstream;
}
