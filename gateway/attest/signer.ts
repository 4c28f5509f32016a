import {
  encodeAttestation,
  encodeEnrolment,
  encodeStatement,
  SignerGrade,
  type Statement,
  StatementKind,
  statementToBeSigned,
} from "../../protocols/attestation/index.ts";
import { equalBytes, ProtocolError, sha256, toHex, UsageError } from "../../protocols/bytes/index.ts";
import { signTransaction } from "../../protocols/evm/index.ts";
import { checkpointText, noteKey, signCheckpoint } from "../../protocols/log/index.ts";
import type { SigningKey } from "./backends/index.ts";
import { encodeCoordinatorCall } from "./coordinator-call.ts";
import type { Keystore, OpenKey } from "./keystore.ts";
import type { KeyInfo } from "./keystore-format.ts";
import type {
  AttestRequest,
  CheckpointRequest,
  EnrolRequest,
  SignerRequest,
  TransactionRequest,
} from "./signer-protocol.ts";
import type { SignerResult } from "./signer-response.ts";
import type { SignerState } from "./signer-state.ts";

export interface SignerOptions {
  /** Open; every key of it is unsealed once. May be closed afterwards. */
  keystore: Keystore;
  state: SignerState;
  /** Named in the answer to `hello`. */
  backendName: string;
}

/** What a device said in this run, by the sequence number it began with. */
interface Said {
  statement: Uint8Array;
  sign1: Uint8Array;
}

interface DeviceKey {
  key: SigningKey;
  /** Sequence number after the last statement, and the register it gave. */
  end: bigint;
  work: bigint;
  said: Map<bigint, Said>;
}

/** Statements of one device that can be asked for again. More than a client has in flight. */
const REMEMBERED = 256;

const refuse = (code: string, message: string, fix: string) => new ProtocolError(code, message, { fix });

function noKey(purpose: string, id = ""): ProtocolError {
  const which = id === "" ? purpose : `${purpose} ${id.slice(0, 8)}`;
  return refuse("FS-SIGNER-KEY", `there is no ${which} key in the key store`, "Create it with fieldseal init or pair.");
}

/**
 * Holds the keys and decides what is signed. Pure but for the state it records before it releases a checkpoint or a
 * commitment; the same object serves in tests and in the signer's process.
 */
export class Signer {
  readonly #state: SignerState;
  readonly #backendName: string;
  readonly #infos: KeyInfo[];
  readonly #devices = new Map<string, DeviceKey>();
  #gateway: SigningKey | undefined;
  /** The account's secret: the back ends' signatures lack the parity that a transaction carries. */
  #chain: Uint8Array | undefined;

  /** @throws EnvironmentError as `Keystore.openAll`. */
  constructor({ keystore, state, backendName }: SignerOptions) {
    this.#state = state;
    this.#backendName = backendName;
    const keys = keystore.openAll();
    this.#infos = keys.map(({ info }) => info);
    for (const key of keys) this.#take(key);
  }

  #take({ info, key, secret }: OpenKey): void {
    if (info.purpose === "chain") {
      this.#chain = secret;
      return;
    }
    secret.fill(0);
    if (info.purpose === "gateway") this.#gateway = key;
    else this.#devices.set(toHex(info.id), { key, end: 0n, work: 0n, said: new Map() });
  }

  get boot(): number {
    return this.#state.boot;
  }

  /**
   * Does what a request asks, or says why not.
   * @throws ProtocolError FS-SIGNER-…; UsageError FS-STATEMENT-…, FS-ENROLMENT-…, FS-CHECKPOINT-FIELD, FS-NOTE-KEY, FS-TX-…;
   * EnvironmentError of the state, after which this signer must end.
   */
  handle(request: SignerRequest): SignerResult {
    switch (request.op) {
      case "hello":
        return { op: "hello", value: { boot: this.boot, backend: this.#backendName, keys: this.#infos } };
      case "attest":
        return { op: "attest", value: this.#attest(request) };
      case "enrol":
        return { op: "enrol", value: this.#enrol(request) };
      case "checkpoint":
        return { op: "checkpoint", value: this.#checkpoint(request) };
      case "transaction":
        return { op: "transaction", value: this.#transaction(request) };
    }
  }

  #device(id: Uint8Array): DeviceKey {
    const hex = toHex(id);
    const device = this.#devices.get(hex);
    if (device === undefined) throw noKey("device", hex);
    return device;
  }

  #attest(request: AttestRequest): Uint8Array {
    const { device, clock, first, count, from, to, work, anchorBlock, anchorHash, scope, root } = request;
    const { boot } = this;
    const kind = StatementKind.readings;
    const fields = { clock, boot, first, count, from, to, work, anchorBlock, anchorHash, scope, device, root };
    return this.#sign(this.#device(device), { kind, ...fields });
  }

  #enrol(request: EnrolRequest): { sign1: Uint8Array; body: Uint8Array } {
    const { device, owner, grade, profile, nonce, clock, first, time, work, anchorBlock, anchorHash, scope } = request;
    if (grade === SignerGrade.board || grade === SignerGrade.element) {
      const fix = "Enrol the device with grade gateway; a board enrols itself.";
      throw refuse("FS-SIGNER-GRADE", "a key of this key store is not on a board or in a secure element", fix);
    }
    const known = this.#device(device);
    const body = encodeEnrolment({ key: known.key.publicKey, owner, grade, profile, nonce });
    const at = { clock, boot: this.boot, first, count: 1, from: time, to: time, work, anchorBlock, anchorHash, scope };
    const sign1 = this.#sign(known, { kind: StatementKind.enrol, ...at, device, root: sha256(body) });
    return { sign1, body };
  }

  /** Signs a device's next statement, or gives again what it signed. Sequence numbers and register only rise. */
  #sign(device: DeviceKey, statement: Statement): Uint8Array {
    const { first, count, work } = statement;
    const bytes = encodeStatement(statement);
    const before = device.said.get(first);
    if (before !== undefined && equalBytes(before.statement, bytes)) return before.sign1;
    if (first < device.end) {
      const fix = "Ask for the same statement again, or go on with the sequence number after the last.";
      const what = `sequence numbers below ${device.end} are spoken for, and ${first} is one of them`;
      throw refuse("FS-SIGNER-OVERLAP", what, fix);
    }
    if (work < device.work) {
      const fix = "Carry the register on from its highest value.";
      throw refuse("FS-SIGNER-WORK", `the work register falls from ${device.work} to ${work}`, fix);
    }
    const { alg } = device.key;
    const sign1 = encodeAttestation(alg, bytes, device.key.sign(statementToBeSigned(alg, bytes)));
    device.end = first + BigInt(count);
    device.work = work;
    device.said.set(first, { statement: bytes, sign1 });
    for (const oldest of device.said.keys()) {
      if (device.said.size <= REMEMBERED) break;
      device.said.delete(oldest);
    }
    return sign1;
  }

  #checkpoint({ origin, size, root }: CheckpointRequest): Uint8Array {
    const key = this.#gateway;
    if (key === undefined) throw noKey("gateway");
    const named = noteKey(origin, key.publicKey.bytes);
    // Refused for its form before it is recorded as signed.
    checkpointText({ origin, size, root });
    this.#state.recordCheckpoint({ size, root });
    return signCheckpoint({ origin, size, root }, named, (message) => key.sign(message));
  }

  #transaction({ call, ...fields }: TransactionRequest): Uint8Array {
    const secret = this.#chain;
    if (secret === undefined) throw noKey("chain");
    const data = encodeCoordinatorCall(call);
    if (call.kind === "commit") {
      const size = Number(call.size);
      if (!Number.isSafeInteger(size)) throw new UsageError("FS-SIGNER-UNSIGNED", "no log has so many entries");
      this.#state.recordCommitment({ size, root: call.root });
    }
    return signTransaction({ ...fields, value: 0n, data }, secret);
  }

  /** Zeroises what can be. */
  close(): void {
    this.#chain?.fill(0);
    this.#chain = undefined;
    this.#gateway = undefined;
    this.#devices.clear();
  }
}
