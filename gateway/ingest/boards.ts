import {
  type Attestation,
  decodeAttestation,
  decodeEnrolment,
  deviceId,
  formatDeviceId,
  type PublicKey,
  StatementKind,
  shortDeviceId,
  type Verifier,
  verifyAttestation,
} from "../../protocols/attestation/index.ts";
import { equalBytes, ProtocolError, sha256, toHex } from "../../protocols/bytes/index.ts";
import type { Reading } from "../../protocols/reading/index.ts";
import { checkBoardPack, type DecodedPack, decodeBoardPack } from "../attest/board-pack.ts";
import { admit, type DeviceHistory, startHistory } from "../attest/guard.ts";
import type { PathLog } from "./path-log.ts";

/** A board that holds its own key, as configured. */
export interface Board {
  name: string;
  key: PublicKey;
}

export interface BoardsOptions {
  log: PathLog;
  verifier: Verifier;
  /** What statements must be made for, 16 bytes. */
  scope: Uint8Array;
  /** The device's latest attestations in the log, oldest first: what a repeated statement is known by after a restart. */
  recent(device: Uint8Array): Promise<Uint8Array[]>;
  /** The enrolment in force, COSE_Sign1. */
  enrolment(device: Uint8Array): Promise<Uint8Array | undefined>;
  onAttested(
    board: Board,
    sign1: Uint8Array,
    readings: readonly { bytes: Uint8Array; reading: Reading }[],
    index: number,
  ): void;
  onEnrolled(board: Board, sign1: Uint8Array, body: Uint8Array, index: number): void;
  /** Sequence numbers that have not come, before a pack that has. */
  onGap(board: Board, gap: { first: bigint; count: bigint }): void;
  onRefused(board: Board | undefined, code: string, why: string): void;
}

/** Contradictions kept of one board: one is proof enough, and a board must not fill the journal with them. */
const EVIDENCE_KEPT = 16;

/**
 * Packs that boards have signed themselves: verified, judged against what the device has said before, and durable before
 * they are acknowledged. What is refused is counted and told, and acknowledged too: sending it again would not mend it.
 */
export class Boards {
  readonly #o: BoardsOptions;
  readonly #byId = new Map<string, Board & { device: Uint8Array }>();
  readonly #history = new Map<string, DeviceHistory>();
  /** Statement of the enrolment in force, hex. */
  readonly #enrolled = new Map<string, string>();
  readonly #contradictions = new Map<string, number>();
  /** One message of a device at a time: each is judged by the ones before it… */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** …and need not wait for their commits. What the device said last is durable when this resolves, and all before it. */
  readonly #settling = new Map<string, Promise<void>>();

  constructor(options: BoardsOptions) {
    this.#o = options;
  }

  add(board: Board): void {
    const device = deviceId(board.key);
    this.#byId.set(formatDeviceId(device), { ...board, device });
  }

  /** Takes up each enrolled board's history where the journal and the log left it. */
  async start(): Promise<void> {
    for (const { later } of this.#o.log.state.evidence) this.#count(decodeAttestation(later));
    for (const id of this.#byId.keys()) await this.#resume(id);
  }

  async #resume(id: string): Promise<void> {
    const { log, recent } = this.#o;
    const { device } = this.#byId.get(id)!;
    const cursor = log.state.cursor(device);
    if (cursor.enrolment < 0) return;
    const enrolment = await this.#o.enrolment(device);
    if (enrolment) this.#enrolled.set(id, toHex(decodeAttestation(enrolment).sign1.payload));
    // By number, not by arrival: a pack that came late is known again as well.
    const said = (await recent(device)).map(decodeAttestation);
    said.sort((a, b) => (a.statement.first < b.statement.first ? -1 : 1));
    const first = said[0]?.statement;
    let history = startHistory({
      device,
      scope: cursor.scope,
      next: first ? first.first : cursor.next,
      ...(first ? {} : { work: cursor.work, boot: cursor.boot }),
    });
    for (const attestation of said) {
      const verdict = admit(history, attestation);
      if (verdict.verdict === "new") history = verdict.history;
    }
    this.#history.set(id, history);
  }

  /**
   * Takes a message from `fieldseal-link/ID/up`. Resolves when the message needs no second delivery: it is durable, or
   * refused for good. Rejects when it has to come again (the disk is full).
   */
  async receive(topicId: string, payload: Uint8Array): Promise<void> {
    if (!this.#byId.has(topicId)) {
      const why = `a message for ${topicId.slice(0, 64)}, which is not configured`;
      return this.#o.onRefused(undefined, "FS-BOARD-UNKNOWN", why);
    }
    const turn = (this.#turns.get(topicId) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#judge(topicId, payload));
    this.#turns.set(topicId, turn);
    await turn;
    // A repetition is acknowledged when what it repeats is durable, not before.
    await this.#settling.get(topicId);
  }

  /** Resolves when the message is refused, or has its place in the journal. */
  async #judge(topicId: string, payload: Uint8Array): Promise<void> {
    const board = this.#byId.get(topicId)!;
    try {
      const pack = decodeBoardPack(payload);
      if (pack.attestation.statement.kind === StatementKind.enrol) await this.#enrol(board, topicId, pack);
      else await this.#pack(board, topicId, pack);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#o.onRefused(board, error.code, error.message);
    }
  }

  /** Tells of what was said once it is durable. */
  #settle(id: string, durable: Promise<void>, tell: () => void): void {
    const settling = durable.then(tell);
    this.#settling.set(id, settling);
    // The sender is told by its own wait; whoever comes later has nothing to wait for.
    settling.catch(() => {
      if (this.#settling.get(id) === settling) this.#settling.delete(id);
    });
  }

  async #enrol(board: Board, id: string, { attestation, readings: bodies }: DecodedPack): Promise<void> {
    const { log, verifier, scope, onEnrolled, onRefused } = this.#o;
    const { statement } = attestation;
    const [body] = bodies;
    const refuse = (why: string) => onRefused(board, "FS-BOARD-ENROLMENT", why);
    if (body === undefined || bodies.length !== 1) return refuse("an enrolment carries one body");
    if (!equalBytes(sha256(body), statement.root)) return refuse("the body is not the one the board signed");
    if (verifyAttestation(attestation, board.key, verifier) !== "ok") return refuse("the board's key did not sign it");
    if (!equalBytes(deviceId(decodeEnrolment(body).key), statement.device)) return refuse("it names another key");
    if (!equalBytes(statement.scope, scope)) return refuse("it is for another chain, coordinator or gateway");
    const cursor = log.state.cursor(statement.device);
    const { first, count, work, boot } = statement;
    if (first < cursor.next) {
      // Sent again: it was taken, and its acknowledgement was lost.
      if (this.#enrolled.get(id) === toHex(attestation.sign1.payload)) return;
      return refuse(`sequence numbers below ${cursor.next} are taken`);
    }
    if (work < cursor.work || boot < cursor.boot) return refuse("its work register or its boot counter falls");
    const { index, durable } = log.attest(attestation.bytes, [body]);
    this.#enrolled.set(id, toHex(attestation.sign1.payload));
    this.#history.set(id, startHistory({ device: statement.device, scope, next: first + BigInt(count), work, boot }));
    this.#settle(id, durable, () => onEnrolled(board, attestation.bytes, body, index));
  }

  async #pack(board: Board, id: string, decoded: DecodedPack): Promise<void> {
    const { log, verifier, onAttested, onGap, onRefused } = this.#o;
    const { attestation, readings } = checkBoardPack(decoded, {
      verifier,
      keyOf: (device) => this.#byId.get(toHex(device))?.key,
    });
    if (toHex(attestation.statement.device) !== id) {
      return onRefused(
        board,
        "FS-BOARD-DEVICE",
        `signed by ${shortDeviceId(attestation.statement.device)}, sent as another device`,
      );
    }
    const verdict = admit(this.#history.get(id), attestation, { prev: readings[0]?.reading.prev });
    switch (verdict.verdict) {
      case "duplicate":
        return;
      case "refused":
        if (verdict.evidence) await this.#keep(verdict.evidence);
        return onRefused(board, verdict.code, verdict.why);
      case "equivocation":
        await this.#keep(verdict.evidence);
        return onRefused(
          board,
          "FS-GUARD-EQUIVOCATION",
          "the board signed two statements over the same readings; both are kept",
        );
      case "new": {
        const { index, durable } = log.attest(
          attestation.bytes,
          readings.map(({ bytes }) => bytes),
        );
        this.#history.set(id, verdict.history);
        this.#settle(id, durable, () => {
          if (verdict.gap) onGap(board, verdict.gap);
          onAttested(board, attestation.bytes, readings, index);
        });
      }
    }
  }

  #count({ statement }: Attestation): number {
    const id = toHex(statement.device);
    const count = (this.#contradictions.get(id) ?? 0) + 1;
    this.#contradictions.set(id, count);
    return count;
  }

  async #keep([earlier, later]: readonly [Uint8Array, Uint8Array]): Promise<void> {
    const { log } = this.#o;
    if (log.state.hasEvidence({ earlier, later })) return;
    if (this.#count(decodeAttestation(later)) <= EVIDENCE_KEPT) await log.evidence({ earlier, later });
  }
}
