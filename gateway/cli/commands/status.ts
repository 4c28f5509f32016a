import { EnvironmentError } from "../../../protocols/bytes/index.ts";
import { type CommonOptions, load, outputOf } from "../context.ts";
import { Exit } from "../exit.ts";
import { askStatus, type GatewayStatus } from "../gateway-status.ts";
import type { Output } from "../output.ts";

function ladder(out: Output, { info, health, devices, checkpoint }: GatewayStatus): string[] {
  const { journal, log, batch, coordinator } = health;
  const last = checkpoint ? `last checkpoint ${checkpoint.size} entries, ${checkpoint.state}` : "no checkpoint yet";
  const waiting = `${log.unsigned} readings to sign, ${log.unbatched} attestations to batch`;
  return [
    `gateway ${out.style("ok", "green")}, ${info.name}, up ${health.uptime_s} s`,
    `signer ${info.backend ?? "gone"}`,
    `devices ${devices.filter(({ online }) => online).length}/${devices.length} online`,
    `clock ${health.clock}`,
    `journal ${journal.state}, ${journal.pending} pending`,
    `log ${log.size} attestations, ${waiting}`,
    ...(batch.code ? [`${out.style("batch", "red")} ${batch.code} ${batch.text}`] : []),
    `coordinator ${coordinator.text}${coordinator.warning ? ` (${coordinator.warning})` : ""}`,
    last,
  ];
}

/** `fieldseal status`: the path, part by part, as the running gateway sees it. Exit 69 when it does not answer. */
export async function status(options: CommonOptions): Promise<void> {
  const out = outputOf(options);
  const { config } = load(options);
  const answer = await askStatus(config);
  if (!answer) {
    throw new EnvironmentError("FS-GATEWAY-DOWN", "the gateway does not answer on its broker", {
      fix: "fieldseal run starts it; if it was running, its output says why it stopped",
    });
  }
  out.data({ gateway: "online", ...answer }, 2);
  out.line(ladder(out, answer).join("\n→ "));
  if (answer.health.batch.code) process.exitCode = Exit.failed;
}
