import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { FieldsealError, UsageError } from "../../protocols/bytes/index.ts";
import type { FromBroker, ToBroker } from "./broker-messages.ts";
import { EmbeddedBroker } from "./embedded-broker.ts";

/** Where the parent puts our end of the durable channel. */
const CHANNEL_FD = 3;
/** The configuration is at fault: starting again as it is cannot help (sysexits EX_CONFIG). */
const EXIT_CONFIGURATION = 78;

let broker: EmbeddedBroker | undefined;

function tell(message: FromBroker, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, {}, then);
  else then();
}

function openChannel(): Socket | undefined {
  try {
    if (!fstatSync(CHANNEL_FD).isSocket()) return undefined;
  } catch {
    return undefined;
  }
  return new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
}

async function start(options: Extract<ToBroker, { type: "start" }>["options"]): Promise<void> {
  try {
    broker = new EmbeddedBroker(options, systemClock());
    const channel = openChannel();
    if (channel !== undefined) broker.durable.attach(channel);
    const port = await broker.start();
    tell({ type: "ready", port, pid: process.pid });
  } catch (error) {
    if (!(error instanceof FieldsealError)) throw error;
    const { code, message, fix } = error;
    tell({ type: "error", code, message, ...(fix === undefined ? {} : { fix }) }, () =>
      process.exit(error instanceof UsageError ? EXIT_CONFIGURATION : 1),
    );
  }
}

async function stop(): Promise<void> {
  await broker?.stop();
  tell({ type: "stopped" }, () => process.exit(0));
}

process.on("message", (message: ToBroker, socket: unknown) => {
  if (message.type === "start") void start(message.options);
  else if (message.type === "stop") void stop();
  else if (message.type === "channel" && socket instanceof Socket) broker?.durable.attach(socket);
  else if (message.type === "counters" && broker !== undefined) {
    tell({ type: "counters", counters: broker.counters, rss: process.memoryUsage.rss() });
  }
});
// Ctrl-C reaches the whole process group; the parent decides when this part ends.
process.on("SIGINT", () => undefined);
// Without its parent a broker would hold the port against the next one.
process.on("disconnect", () => process.exit(0));
