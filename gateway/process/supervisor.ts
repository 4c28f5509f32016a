import { randomBytes } from "node:crypto";
import { type Clock, systemClock, type Timer } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, EnvironmentError, type FieldsealError, UsageError } from "../../protocols/bytes/index.ts";
import type { FromSigner, ToSigner } from "../attest/signer-messages.ts";
import type { FromBroker } from "../broker/broker-messages.ts";
import type { LoadedConfig } from "../config/index.ts";
import { describeProblem, loadProfiles } from "../config/index.ts";
import type { GatewayEvent } from "../events.ts";
import { HEALTHY_AFTER_MS, restartDelays } from "./backoff.ts";
import { brokerOptions } from "./broker-options.ts";
import { Child, type ChildOptions, type Entry } from "./child.ts";
import { EXIT_CONFIGURATION, type FromGateway, type ToGateway } from "./messages.ts";

export interface SupervisorOptions {
  loaded: LoadedConfig;
  passphrase: Uint8Array;
  clock?: Clock;
  /** Folder of the built entries; default: where this code runs from. */
  folder?: string;
  onEvent?: (event: GatewayEvent) => void;
}

/** How long a part may take to end after being asked, before it is killed. */
const STOP_MS = 8_000;
/** Parts are small; a smaller young generation keeps each process's resident set near bare node's. */
const NODE_OPTIONS = ["--max-semi-space-size=2"];

interface Part {
  child?: Child;
  /** Message that goes with this part's channel to the gateway, until it has been handed over. */
  offer?: ToGateway;
  /** The gateway has this part's channel; with that gateway's end the part is of no use any more. */
  taken: boolean;
  /** Ended by us: the next start is none that has to wait. */
  dismissed: boolean;
  startedAt: number;
  delays: Iterator<number>;
  restart?: Timer;
}

/** What a supervisor that was killed leaves behind ends by itself, a moment later: what it holds is waited for this long. */
const LEFT_BEHIND_MS = 5_000;
const LEFT_BEHIND: ReadonlySet<string> = new Set(["FS-JOURNAL-LOCKED", "FS-MQTT-LISTEN"]);

/**
 * Keeps the three parts alive: signer (holds the keys), broker (faces the network), gateway (everything else).
 * It does no work itself, so that it has no reason to fall. The channels between the parts are made here and
 * handed over: the gateway never sees a key, and neither the signer nor the passphrase is reachable from the network.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #clock: Clock;
  readonly #parts: Record<Entry, Part>;
  /** The gateway's own login at the embedded broker, made anew for each start. */
  readonly #login: { user: string; token: string };
  readonly #created: number;
  #stopping = false;
  /** What the first start waits for. */
  readonly #awaited = new Set<"gateway" | "broker">(["gateway"]);
  #ready: (() => void) | undefined;
  #failed: ((error: FieldsealError) => void) | undefined;
  #ended: (() => void) | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    this.#login = { user: "fieldseal-gateway", token: randomBytes(24).toString("base64url") };
    this.#created = this.#clock.monotonic();
    const part = (): Part => ({ taken: false, dismissed: false, startedAt: 0, delays: restartDelays() });
    this.#parts = { "signer-process": part(), "broker-process": part(), "gateway-process": part() };
  }

  get #embedded(): boolean {
    return this.#options.loaded.config.mqtt.broker === "embedded";
  }

  /** Process ids of the running parts. */
  get pids(): Partial<Record<Entry, number>> {
    const pids: Partial<Record<Entry, number>> = {};
    for (const [entry, { child }] of Object.entries(this.#parts)) if (child) pids[entry as Entry] = child.pid;
    return pids;
  }

  /**
   * Starts the parts; resolves when the gateway has replayed its journal and takes readings, and the embedded broker listens.
   * @throws the gateway's or signer's own error when it says that starting again as it is cannot help.
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ready = resolve;
      this.#failed = reject;
      this.#startGateway();
      this.#startSigner();
      if (!this.#embedded) return;
      this.#awaited.add("broker");
      this.#startBroker();
    });
  }

  /** Stops gateway, then broker and signer; resolves when all have ended. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const part of Object.values(this.#parts)) part.restart?.cancel();
    this.#failed?.(new CancelledError("FS-STOPPED", "stopped before it was ready"));
    for (const entry of ["gateway-process", "broker-process", "signer-process"] as const) {
      await this.#end(entry);
    }
  }

  #end(entry: Entry): Promise<void> {
    const { child } = this.#parts[entry];
    if (!child) return Promise.resolve();
    return new Promise((resolve) => {
      const kill = this.#clock.after(STOP_MS, () => child.kill("SIGKILL"));
      this.#ended = () => {
        if (this.#parts[entry].child) return;
        kill.cancel();
        this.#ended = undefined;
        resolve();
      };
      // Only the gateway has something to finish: the others keep no state that a signal could harm.
      if (entry === "gateway-process") child.send({ type: "stop" });
      else child.kill("SIGTERM");
    });
  }

  #spawn(entry: Entry, options: Partial<ChildOptions>, onMessage: (message: never) => void): Child {
    const part = this.#parts[entry];
    part.startedAt = this.#clock.monotonic();
    part.taken = false;
    part.dismissed = false;
    const child = new Child({
      entry,
      nodeOptions: NODE_OPTIONS,
      ...(this.#options.folder === undefined ? {} : { folder: this.#options.folder }),
      ...options,
      onMessage: (message) => onMessage(message as never),
      onExit: (code, signal) => this.#exited(entry, code, signal),
    });
    part.child = child;
    return child;
  }

  #startGateway(): void {
    const { loaded, onEvent } = this.#options;
    const child = this.#spawn("gateway-process", {}, (message: FromGateway) => this.#fromGateway(message));
    child.send({
      type: "start",
      config: loaded.config,
      login: this.#login,
      brokenDevices: loaded.brokenDevices.map(({ name, problems }) => ({
        name,
        why: problems.map((problem) => describeProblem(loaded.file, problem)).join("; "),
      })),
      forwardEvents: onEvent !== undefined,
    });
    this.#handOver();
  }

  /** Gives the gateway the channels it does not have yet. */
  #handOver(): void {
    const gateway = this.#parts["gateway-process"].child;
    if (!gateway) return;
    for (const part of [this.#parts["signer-process"], this.#parts["broker-process"]]) {
      if (!part.child || !part.offer) continue;
      gateway.send(part.offer, part.child.channel);
      delete part.offer;
      part.taken = true;
    }
  }

  #startSigner(): void {
    const child = this.#spawn(
      "signer-process",
      { channel: true, secret: this.#options.passphrase },
      (message: FromSigner) => this.#fromPart("signer", message),
    );
    child.send({ type: "start", keys: this.#options.loaded.config.gateway.keys } satisfies ToSigner);
    this.#parts["signer-process"].offer = { type: "signer" };
    this.#handOver();
  }

  #startBroker(): void {
    const { config } = this.#options.loaded;
    const child = this.#spawn("broker-process", { channel: true }, (message: FromBroker) => {
      if (message.type === "ready") {
        this.#parts["broker-process"].offer = { type: "broker", port: message.port };
        this.#handOver();
        this.#up("broker");
      }
      this.#fromPart("broker", message);
    });
    void brokerOptions(config, this.#login, loadProfiles(config.profiles).catalog).then((options) =>
      child.send({ type: "start", options }),
    );
  }

  #fromGateway(message: FromGateway): void {
    if (message.type === "ready") this.#up("gateway");
    else if (message.type === "event") this.#options.onEvent?.(message.event);
    else if (message.type === "fatal" && message.exit === EXIT_CONFIGURATION && !this.#mayPass(message.code)) {
      this.#giveUp(
        new UsageError(message.code, message.message, message.fix === undefined ? {} : { fix: message.fix }),
      );
    } else if (message.type === "fatal") {
      this.#report("gateway", "failed", `${message.code} ${message.message}`);
    }
  }

  #fromPart(part: "signer" | "broker", message: FromSigner | FromBroker): void {
    if (message.type !== "error") return;
    const error = new EnvironmentError(message.code, message.message, message.fix ? { fix: message.fix } : {});
    // A wrong passphrase or a taken port is for the operator: before the first start it ends the start.
    if (this.#ready && !this.#mayPass(message.code)) this.#giveUp(error);
    else this.#report(part, "failed", `${message.code} ${message.message}`);
  }

  /** Whether somebody may hold it who is just ending. */
  #mayPass(code: string): boolean {
    return (
      this.#ready !== undefined && LEFT_BEHIND.has(code) && this.#clock.monotonic() - this.#created < LEFT_BEHIND_MS
    );
  }

  #up(part: "gateway" | "broker"): void {
    this.#awaited.delete(part);
    if (this.#awaited.size > 0) return;
    this.#ready?.();
    this.#ready = undefined;
    this.#failed = undefined;
  }

  #giveUp(error: FieldsealError): void {
    const failed = this.#failed;
    this.#failed = undefined;
    this.#ready = undefined;
    void this.stop().then(() => failed?.(error));
    if (!failed) this.#report("gateway", "stopped", `${error.code} ${error.message}`);
  }

  #report(part: "signer" | "broker" | "gateway", state: string, why: string): void {
    this.#options.onEvent?.({ event: "part", part, state, why });
    if (!this.#options.onEvent) console.error(`${part} ${state}: ${why}`);
  }

  #exited(entry: Entry, code: number | null, signal: NodeJS.Signals | null): void {
    const part = this.#parts[entry];
    delete part.child;
    delete part.offer;
    this.#ended?.();
    if (this.#stopping) return;
    if (this.#clock.monotonic() - part.startedAt >= HEALTHY_AFTER_MS) part.delays = restartDelays();
    const delay = part.dismissed ? 0 : (part.delays.next().value as number);
    const name = entry.replace("-process", "") as "signer" | "broker" | "gateway";
    this.#report(name, "restarting", `ended with ${signal ?? `code ${code}`}, next start in ${delay} ms`);
    part.restart = this.#clock.after(delay, () => this.#restart(entry));
    // The channels that this gateway had ended with it: its peers start afresh and get new ones.
    if (entry === "gateway-process") for (const peer of Object.values(this.#parts)) this.#dismiss(peer);
  }

  #dismiss(part: Part): void {
    if (!part.child || !part.taken) return;
    part.dismissed = true;
    part.child.kill("SIGTERM");
  }

  #restart(entry: Entry): void {
    if (this.#stopping) return;
    if (entry === "gateway-process") this.#startGateway();
    else if (entry === "signer-process") this.#startSigner();
    else this.#startBroker();
  }
}
