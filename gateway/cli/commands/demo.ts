import { shortDeviceId } from "../../../protocols/attestation/index.ts";
import { decodeHeader } from "../../../protocols/evm/index.ts";
import { encodeProof } from "../../../protocols/proof/index.ts";
import { listKeys } from "../../attest/keystore.ts";
import { loadConfig, parseDuration } from "../../config/index.ts";
import { getBlock } from "../../coordinator/index.ts";
import type { GatewayEvent } from "../../events.ts";
import { Supervisor } from "../../process/supervisor.ts";
import { verifyProof } from "../../verify/index.ts";
import { type CommonOptions, outputOf } from "../context.ts";
import { type DemoSite, startDemoSite } from "../demo-site.ts";
import { exporterFor } from "../exporter.ts";
import { shortTime } from "../format.ts";
import type { Output } from "../output.ts";
import { eventLine, interrupted } from "./run.ts";

export interface DemoOptions extends CommonOptions {
  for?: string;
  ports: "fixed" | "free";
  dir?: string;
}

/** Proves the newest committed reading as a stranger would, with the local chain as the node that is trusted. */
async function verifyNewest(site: DemoSite, config: ReturnType<typeof loadConfig>["config"]) {
  const exporter = exporterFor(config);
  const { device, seq } = exporter.newest();
  const proof = await exporter.export(device, seq);
  const block = proof.commitment
    ? await getBlock(site.chain.chain, decodeHeader(proof.commitment.header).number)
    : undefined;
  const report = verifyProof(encodeProof(proof), { chain: { blockHash: () => block?.hash } });
  return { device: device.name, seq: seq.toString(), report };
}

function head(out: Output, site: DemoSite, keys: string): void {
  const known = new Map(listKeys(keys).map((key) => [key.name, shortDeviceId(key.id)]));
  for (const { name, what } of site.devices) {
    out.line(`${"board".padEnd(11)}${name.padEnd(13)}${what.padEnd(42)}key ${known.get(name)}  signer gateway`);
  }
  out.line(`${"broker".padEnd(11)}${site.broker}      coordinator ${site.ledger.slice(0, 6)}… on local chain 31337`);
  out.line(`${"try".padEnd(11)}npx fieldseal watch -c ${site.config}`);
  out.line(`${"".padEnd(11)}npx fieldseal verify --last -c ${site.config}`);
  out.line(`${"".padEnd(11)}mosquitto_sub -p ${site.broker.split(":").at(-1)} -v -t 'fieldseal/#'`);
  out.line();
}

/** `fieldseal demo`: simulated meters → gateway → local chain → verification, in one process group. */
export async function demo(options: DemoOptions): Promise<void> {
  const out = outputOf(options);
  const started = performance.now();
  const emit = (event: object) => out.data({ ...event, ms: Math.round(performance.now() - started) });
  const limit = options.for === undefined ? undefined : parseDuration(options.for);
  const end = new Promise<void>((resolve) => {
    void interrupted().then(resolve);
    if (limit !== undefined) setTimeout(resolve, limit).unref();
  });

  out.note("starting simulated meters, a charging station and a local chain …");
  const site = await startDemoSite({
    ports: options.ports,
    ...(options.dir === undefined ? {} : { dir: options.dir }),
  });
  const loaded = loadConfig({ file: site.config });
  let verifying = false;
  let verified = 0;
  let failed: unknown;
  const onEvent = (event: GatewayEvent) => {
    emit(event);
    if (event.event === "ready") site.dialIn();
    const line = event.event === "part" && event.part === "coordinator" ? undefined : eventLine(out, event);
    if (line !== undefined) out.line(line);
    if (event.event !== "commitment" || verifying || verified > 0) return;
    verifying = true;
    verifyNewest(site, loaded.config).then(
      ({ device, seq, report }) => {
        verifying = false;
        if (report.result === "verified") verified++;
        emit({ event: "verified", device, seq, result: report.result, steps: report.steps });
        out.line(
          `${shortTime()}  ${"verified".padEnd(14)} ${device}:${seq}  ${report.steps.map(({ step, result }) => `${step} ${result}`).join(", ")}`,
        );
      },
      (error: unknown) => {
        verifying = false;
        failed = error;
      },
    );
  };
  const supervisor = new Supervisor({ loaded, passphrase: site.passphrase, onEvent });
  try {
    head(out, site, loaded.config.gateway.keys);
    await Promise.race([supervisor.start(), end]);
    await end;
  } finally {
    await supervisor.stop();
    await site.stop();
    emit({ event: "stopped" });
    out.note("stopped; nothing is left running");
  }
  if (failed !== undefined) throw failed;
}
