import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { DriverHost } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import { selectBackend } from "../attest/backends/index.ts";
import { nodeLogFiles } from "../batch/index.ts";
import { bridgePresence, DurableInbox, mqttBroker } from "../broker/index.ts";
import { describeBroken, loadProfiles } from "../config/index.ts";
import { failoverChain } from "../coordinator/failover.ts";
import { httpChain } from "../coordinator/index.ts";
import { Gateway } from "../gateway.ts";
import { BoardMessages } from "../ingest/board-messages.ts";
import { stationOptions } from "../ingest/station-options.ts";
import { Journal, NodeDisk } from "../journal/index.ts";
import { EXIT_CONFIGURATION, type FromGateway, type ToGateway } from "./messages.ts";

/** The gateway as a process of its own: real disk, real clock, real ports, wired into one `Gateway`. */

type Start = Extract<ToGateway, { type: "start" }>;

const clock = systemClock();
const random = (bytes: number) => new Uint8Array(randomBytes(bytes));

let gateway: Gateway | undefined;
let inbox: DurableInbox | undefined;
let settings: Start | undefined;
let brokerAttached = false;
/** What is wrong with profiles of the user's own, told once there is somebody to tell. */
let leftOut: readonly string[] = [];
let stopping = false;
/** Settled by the start that the first signer's channel begins. A broker's channel may come before it, and waits. */
let begun = (_start: Promise<void>): void => undefined;
const started = new Promise<void>((resolve) => {
  begun = resolve;
});

function tell(message: FromGateway, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, {}, then);
  else then();
}

/** Errors that another start with the same configuration and keys would meet again. */
const LASTING = /^FS-(?:CONFIG|KEY-(?!IO)|JOURNAL-LOCKED|LOG-BEHIND|RECORD-KIND)/;

function fatal(error: unknown): void {
  if (stopping) return;
  stopping = true;
  const known =
    error instanceof FieldsealError ? error : new InternalError("FS-GATEWAY-BUG", String(error), { cause: error });
  const { code, message, fix } = known;
  const exit = LASTING.test(code) ? EXIT_CONFIGURATION : 1;
  if (!(error instanceof FieldsealError) && error instanceof Error) console.error(error.stack);
  tell({ type: "fatal", code, message, exit, ...(fix === undefined ? {} : { fix }) }, () => process.exit(exit));
}

function build({ config, forwardEvents, brokenDevices }: Start): Gateway {
  const { coordinator, gateway: about, journal } = config;
  const messages = new BoardMessages({
    embedded: config.mqtt.broker === "embedded",
    durable: () => built.written,
    onTrouble: ({ code, message }) => built.trouble("boards", code, message),
  });
  const profiles = loadProfiles(config.profiles);
  const ocpp = stationOptions({ config, random, onPending: (station) => built.pendingStation(station) });
  const built: Gateway = new Gateway({
    config,
    clock,
    random,
    journal: new Journal({
      disk: new NodeDisk({ directory: join(about.data, "journal"), random }),
      clock,
      random,
      commitMs: journal.group_commit,
      segmentBytes: journal.segment_mb << 20,
    }),
    logFiles: nodeLogFiles(join(about.data, "log")),
    drivers: new DriverHost({
      clock,
      catalog: profiles.catalog,
      messages,
      ocpp,
      onTime: ({ time }) => built.hearTime(time),
    }),
    messages,
    backend: selectBackend().backend,
    chain: coordinator ? failoverChain(coordinator.rpc.map((url) => httpChain(url))) : undefined,
    onEvent: (event) => {
      if (forwardEvents) tell({ type: "event", event });
    },
    onFatal: fatal,
  });
  for (const { name, why } of brokenDevices)
    tell({ type: "event", event: { event: "refused", device: name, code: "FS-CONFIG", why } });
  leftOut = describeBroken(profiles.broken);
  return built;
}

async function start(message: Start, signer: Duplex): Promise<void> {
  const { config } = message;
  gateway = build(message);
  const built = gateway;
  inbox = new DurableInbox({ onPublish: (received) => built.fromBoard(received) });
  await gateway.attachSigner(signer);
  if (config.mqtt.broker !== "embedded") await attachBroker(config.mqtt.broker, message);
  await gateway.start();
  tell({ type: "ready" });
}

async function attachBroker(url: string, { config, login }: Start): Promise<void> {
  if (brokerAttached || !gateway) return;
  brokerAttached = true;
  const { mqtt, gateway: about } = config;
  const credentials =
    mqtt.broker === "embedded"
      ? { user: login.user, password: login.token }
      : {
          ...(mqtt.user === undefined ? {} : { user: mqtt.user }),
          ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
        };
  await gateway.attachBroker(
    mqttBroker({
      url,
      clock,
      clientId: `fieldseal-${about.name}`.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 60),
      presence: bridgePresence(mqtt.base_topic),
      ...credentials,
    }),
  );
  for (const why of leftOut) gateway.trouble("profiles", "FS-PROFILE", why);
}

async function fromBroker(port: number, channel: Duplex): Promise<void> {
  channel.pause();
  await started;
  if (!settings) return;
  const { host } = settings.config.mqtt.listen;
  inbox?.attach(channel);
  channel.resume();
  await attachBroker(`mqtt://${host.includes(":") ? `[${host}]` : host}:${port}`, settings);
}

function fromSigner(channel: Duplex, message: Start): void {
  if (gateway === undefined) {
    const starting = start(message, channel);
    begun(starting);
    starting.catch(fatal);
  } else {
    gateway.attachSigner(channel).catch((error: unknown) => {
      // One that ended at its start is started again; what was asked waits for it.
      if (!(error instanceof FieldsealError) || error.code !== "FS-SIGNER-GONE") fatal(error);
    });
  }
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  inbox?.stop();
  await gateway
    ?.stop()
    .catch((error: unknown) => console.error(error instanceof Error ? error.message : String(error)));
  tell({ type: "stopped" }, () => process.exit(0));
}

process.on("message", (message: ToGateway, socket: unknown) => {
  const channel = socket as Duplex | undefined;
  if (message.type === "start") settings = message;
  else if (message.type === "stop") void stop();
  else if (message.type === "signer" && channel && settings) fromSigner(channel, settings);
  else if (message.type === "broker" && channel) fromBroker(message.port, channel).catch(fatal);
});
// Ctrl-C reaches the whole process group; the supervisor decides when this part ends.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("uncaughtException", fatal);
process.on("unhandledRejection", fatal);
