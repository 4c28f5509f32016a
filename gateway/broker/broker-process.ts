import { Socket } from "node:net";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, FieldsealError, UsageError } from "../../protocols/bytes/index.ts";
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

/** @throws EnvironmentError FS-MQTT-CHANNEL */
function openChannel(): Socket {
  try {
    return new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  } catch (cause) {
    throw new EnvironmentError("FS-MQTT-CHANNEL", `descriptor ${CHANNEL_FD} of the broker process is no stream`, {
      cause,
      fix: "start the broker with `fieldseal run`, which gives it a channel to the gateway",
    });
  }
}

async function start({ options, channel = true }: Extract<ToBroker, { type: "start" }>): Promise<void> {
  try {
    broker = new EmbeddedBroker(options, systemClock());
    if (channel) broker.durable.attach(openChannel());
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
  if (message.type === "start") void start(message);
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
