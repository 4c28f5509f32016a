import { describeBroken, loadProfiles } from "../../config/index.ts";
import type { GatewayEvent } from "../../events.ts";
import { Supervisor } from "../../process/supervisor.ts";
import { type CommonOptions, load, outputOf, passphraseFor } from "../context.ts";
import { headline, shortTime } from "../format.ts";
import type { Output } from "../output.ts";

/** One line for people about something that happened on the path. */
export function eventLine(out: Output, event: GatewayEvent): string | undefined {
  switch (event.event) {
    case "reading": {
      const values = headline(event.values).map(([name, value]) => `${out.style(String(value), "bold")} ${name}`);
      const mark = event.quality === "good" ? "" : `  ${out.style(event.quality, "yellow")}`;
      return `${shortTime()}  ${event.device.padEnd(14)} ${values.join("  ")}  seq ${event.seq}${mark}`;
    }
    case "attestation":
      return `${shortTime()}  ${event.device.padEnd(14)} ${out.style("signed", "green")}  ${event.count} readings from seq ${event.first} → log entry ${event.index}`;
    case "checkpoint":
      return `${shortTime()}  ${"checkpoint".padEnd(14)} ${event.count} new attestations, ${event.size} in all, root ${event.root.slice(0, 8)}…`;
    case "commitment":
      return `${shortTime()}  ${"commitment".padEnd(14)} root ${event.root.slice(0, 8)}… ${out.style(event.finalized ? "final" : "committed", "green")} in block ${event.block} (${event.gas.toLocaleString("en")} gas)`;
    case "registered":
      return `${shortTime()}  ${event.device.padEnd(14)} registered on chain`;
    case "device":
      return `${shortTime()}  ${event.device.padEnd(14)} ${event.state}${event.why ? `: ${event.why}` : ""}`;
    case "part":
      return `${shortTime()}  ${event.part.padEnd(14)} ${event.state}${event.why ? `: ${event.why}` : ""}`;
    case "refused":
      return `${shortTime()}  ${event.device.padEnd(14)} ${out.style("refused", "red")} ${event.code} ${event.why}`;
    case "sealed":
      return `${shortTime()}  ${"seal".padEnd(14)} epoch ${event.epoch}, kind ${event.kind}: ${event.work} of ${event.devices} devices`;
    case "unsealed":
      return `${shortTime()}  ${"seal".padEnd(14)} ${out.style("left out", "yellow")} ${event.device} of epoch ${event.epoch}: ${event.why}`;
    case "demand":
      return `${shortTime()}  ${"demand".padEnd(14)} ${event.id.slice(0, 10)}… ${event.state}${event.why ? `: ${event.why}` : ""}`;
    case "pending":
      return `${shortTime()}  ${"station".padEnd(14)} ${event.station} dials in from ${event.from} and is not configured`;
    case "ready":
      return undefined;
  }
}

/** Resolves at SIGINT, SIGTERM or SIGHUP. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}

/** `fieldseal run`: the daemon, in the foreground. */
export async function run(options: CommonOptions & { passphraseFd?: string; events?: boolean }): Promise<void> {
  const out = outputOf(options);
  const started = performance.now();
  const loaded = load(options);
  const passphrase = await passphraseFor(loaded, options.passphraseFd);
  const onEvent = (event: GatewayEvent) => {
    if (event.event === "ready")
      out.note(
        `signer     ${event.backend}   ${event.recovered.logSize} entries in the log, ${event.recovered.pending} readings to sign`,
      );
    if (event.event !== "part" && event.event !== "ready" && !options.events) return;
    out.data({ ...event, ms: Math.round(performance.now() - started) });
    const line = eventLine(out, event);
    if (line !== undefined) out.line(line);
  };
  const { broken, notes } = loadProfiles(loaded.config.profiles);
  for (const line of describeBroken(broken)) out.note(`left out   ${line}`);
  for (const note of notes) out.note(`profiles   ${note}`);
  const supervisor = new Supervisor({ loaded, passphrase, onEvent });
  const end = interrupted();
  try {
    await Promise.race([supervisor.start(), end]);
    const { mqtt, gateway, devices, coordinator } = loaded.config;
    out.note(`gateway    ${gateway.name}   ${Object.keys(devices).length} devices   data ${gateway.data}`);
    out.note(
      `broker     ${mqtt.broker === "embedded" ? `mqtt://${mqtt.listen.host}:${mqtt.listen.port}` : mqtt.broker}   topics ${mqtt.base_topic}/#`,
    );
    out.note(
      `committing ${coordinator ? `to ${coordinator.ledger} on chain ${coordinator.chain}` : "nowhere (no coordinator configured): batches are signed and kept"}`,
    );
    await end;
  } finally {
    await supervisor.stop();
    passphrase.fill(0);
  }
}
