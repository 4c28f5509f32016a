import { p256 } from "@noble/curves/nist.js";
import mqtt, { type MqttClient } from "mqtt";
import { encodeBoardPack } from "../../gateway/attest/index.ts";
import {
  ClockState,
  deviceId,
  encodeAttestation,
  encodeCoseKey,
  encodeEnrolment,
  encodeStatement,
  formatDeviceId,
  type PublicKey,
  packRoot,
  SignerGrade,
  type Statement,
  StatementKind,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { sha256, toBase64Url, utf8 } from "../../protocols/bytes/index.ts";
import { encodeReading } from "../../protocols/reading/index.ts";

export interface LinkBoardOptions {
  secret: Uint8Array;
  port: number;
  scope: Uint8Array;
  owner: Uint8Array;
  /** Readings a pack. */
  pack?: number;
  everyMs?: number;
}

/** A pack that the broker has acknowledged. */
export interface Acknowledged {
  first: bigint;
  readings: Uint8Array[];
}

/** Waits of its own make: the board tries again until it is told to stop. */
const RETRY_MS = 50;
const ACK_MS = 5_000;
/** A deadline against hanging for ever. */
const DEADLINE_MS = 60_000;

/**
 * A board that signs for itself and publishes on `fieldseal-link/ID/up` with QoS 1: an enrolment first, then packs, each kept and
 * sent again, byte for byte, until it is acknowledged.
 */
export class LinkBoard {
  readonly key: PublicKey;
  readonly id: string;
  readonly acknowledged: Acknowledged[] = [];
  /** Times a message was sent, repetitions included. */
  sent = 0;
  readonly #o: Required<LinkBoardOptions>;
  #next = 0n;
  #work = 5_000n;
  #client: MqttClient | undefined;
  #stopping = false;
  #givenUp = false;
  #running: Promise<void> | undefined;

  constructor(options: LinkBoardOptions) {
    this.#o = { pack: 2, everyMs: 200, ...options };
    this.key = { alg: "ES256", bytes: p256.getPublicKey(options.secret, false).slice(1) };
    this.id = formatDeviceId(deviceId(this.key));
  }

  static keyOf(secret: Uint8Array): string {
    return toBase64Url(encodeCoseKey({ alg: "ES256", bytes: p256.getPublicKey(secret, false).slice(1) }));
  }

  start(): void {
    this.#running ??= this.#run();
    // Told by stop().
    this.#running.catch(() => undefined);
  }

  /** Resolves when the message under way has been acknowledged. @throws Error when that does not happen. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const late = setTimeout(() => {
      this.#givenUp = true;
    }, DEADLINE_MS);
    await this.#running;
    clearTimeout(late);
    this.#client?.end(true);
  }

  /** Ends at once; the message under way was not acknowledged. */
  async abandon(): Promise<void> {
    this.#stopping = true;
    this.#givenUp = true;
    this.#client?.end(true);
    await this.#running?.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { owner, pack, everyMs } = this.#o;
    const body = encodeEnrolment({
      key: this.key,
      owner,
      grade: SignerGrade.board,
      profile: new Uint8Array(32),
      nonce: new Uint8Array(16).fill(7),
    });
    const now = Date.now();
    await this.#publish([body], { kind: StatementKind.enrol, count: 1, from: now, to: now, root: sha256(body) });
    while (!this.#stopping) {
      const times = Array.from({ length: pack }, (_, i) => Date.now() + i);
      const readings = times.map((time, i) =>
        encodeReading({
          time,
          quality: 0,
          measurements: [{ name: "energy", unit: "Wh", value: Number(this.#work) + i }],
        }),
      );
      this.#work += BigInt(pack);
      const first = this.#next;
      await this.#publish(readings, { count: pack, from: times[0]!, to: times.at(-1)!, root: packRoot(readings) });
      this.acknowledged.push({ first, readings });
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  async #publish(
    bodies: Uint8Array[],
    about: Partial<Statement> & { count: number; from: number; to: number; root: Uint8Array },
  ) {
    const statement = encodeStatement({
      kind: StatementKind.readings,
      clock: ClockState.network,
      boot: 1,
      first: this.#next,
      work: this.#work,
      anchorBlock: 0n,
      anchorHash: new Uint8Array(16),
      scope: this.#o.scope,
      device: deviceId(this.key),
      ...about,
    });
    this.#next += BigInt(about.count);
    const signature = p256.sign(toBeSigned("ES256", statement), this.#o.secret, { lowS: true });
    const message = encodeBoardPack(encodeAttestation("ES256", statement, signature), bodies);
    while (!(await this.#try(message))) {
      if (this.#givenUp) throw new Error(`what the board says up to ${this.#next} is not acknowledged`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Whether the message was acknowledged. */
  async #try(message: Uint8Array): Promise<boolean> {
    try {
      const client = await this.#connected();
      this.sent++;
      return await new Promise<boolean>((resolve) => {
        const late = setTimeout(() => client.end(true, () => resolve(false)), ACK_MS);
        const gone = () => resolve(false);
        client.once("close", gone);
        client.publish(`fieldseal-link/${this.id}/up`, Buffer.from(message), { qos: 1 }, (error) => {
          clearTimeout(late);
          client.off("close", gone);
          resolve(!error);
        });
      });
    } catch {
      return false; // Nobody listens at the moment.
    }
  }

  async #connected(): Promise<MqttClient> {
    if (this.#client?.connected) return this.#client;
    this.#client?.end(true);
    const url = `mqtt://127.0.0.1:${this.#o.port}`;
    this.#client = await mqtt.connectAsync(url, { clientId: this.id, reconnectPeriod: 0, connectTimeout: ACK_MS });
    this.#client.on("error", () => undefined);
    return this.#client;
  }
}

/** A secret key for a board, the same for the same name. */
export const boardSecret = (name: string): Uint8Array => sha256(utf8(`board ${name}`));
