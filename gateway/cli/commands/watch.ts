import { type CommonOptions, load, outputOf } from "../context.ts";
import { headline } from "../format.ts";
import { connect, listen, parseJson } from "../mqtt-client.ts";
import type { Output } from "../output.ts";

function readingLine(out: Output, device: string, state: Record<string, unknown>): string {
  const { measured_at: at, seq, key, quality, ...rest } = state;
  const hidden = new Set(["last_seen", "clock", "signer", "checkpoint"]);
  const shown = Object.fromEntries(Object.entries(rest).filter(([name]) => !hidden.has(name)));
  const values = headline(shown).map(([name, value]) => `${out.style(String(value), "bold")} ${name}`);
  const time = typeof at === "string" ? at.slice(11, 19) : "";
  const mark = quality === "good" ? "" : `  ${out.style(String(quality), "yellow")}`;
  return `${time}  ${device.padEnd(14)} ${values.join("  ")}  seq ${seq}  ${out.style(String(key), "dim")}${mark}`;
}

/** `fieldseal watch [DEVICE…]`: live telemetry, as any MQTT client sees it, until interrupted. */
export async function watch(
  devices: string[],
  options: CommonOptions & { raw?: boolean; count?: string },
): Promise<void> {
  const out = outputOf(options);
  const { config } = load(options);
  const base = config.mqtt.base_topic;
  const client = await connect(config);
  const limit = options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.count);
  const topics = options.raw
    ? [`${base}/#`]
    : devices.length > 0
      ? devices.map((name) => `${base}/${name}`)
      : [`${base}/+`, `${base}/bridge/checkpoint`];
  let shown = 0;
  await new Promise<void>((resolve, reject) => {
    const stop = () => resolve();
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    client.once("close", () => resolve());
    listen(client, topics, ({ topic, payload, retained: kept }) => {
      if (shown >= limit) return;
      const state = parseJson(payload);
      if (options.raw) out.line(`${topic} ${state ? JSON.stringify(state) : `(${payload.length} bytes)`}`);
      else if (!state) return;
      else if (topic.endsWith("/bridge/checkpoint")) {
        out.line(
          out.style(
            `${" ".repeat(10)}checkpoint     ${state["size"]} entries, root ${String(state["root"]).slice(0, 4)}…, ${state["state"]}`,
            "green",
          ),
        );
      } else out.line(readingLine(out, topic.slice(base.length + 1), state));
      out.data({ topic, retained: kept, payload: state ?? Buffer.from(payload).toString("base64") });
      if (++shown >= limit) resolve();
    }).catch(reject);
  });
  client.end(true);
}
