import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeAttestation,
  decodeCoseKey,
  deviceId,
  encodeCoseKey,
  type PublicKey,
} from "../../protocols/attestation/index.ts";
import { equalBytes, fromBase64Url, ProtocolError, toBase64Url, toHex } from "../../protocols/bytes/index.ts";
import { onFile, replaceFileSync } from "../batch/sync-files.ts";

/** A device as a proof shows it: its key, and what it signed when it enrolled. */
export interface EnrolledDevice {
  /** The name it has in the configuration; for people, signed by nobody. */
  name: string;
  key: PublicKey;
  /** COSE_Sign1 over the enrolment statement. */
  attestation: Uint8Array;
  /** The enrolment's body. */
  body: Uint8Array;
}

/** `<device id>-<scope>.json`: a device enrols anew for each chain, coordinator and gateway, and speaks for each with the one. */
const FILE = /^[0-9a-f]{64}-[0-9a-f]{32}\.json$/;
/** Fewer digits of an id could be a name. */
const LEAST_DIGITS = 8;

function parse(text: string): EnrolledDevice | undefined {
  try {
    const { name, key, attestation, body } = JSON.parse(text) as Record<keyof EnrolledDevice, string>;
    return {
      name,
      key: decodeCoseKey(fromBase64Url(key)),
      attestation: fromBase64Url(attestation),
      body: fromBase64Url(body),
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof ProtocolError) return undefined;
    throw error;
  }
}

const statementOf = ({ attestation }: EnrolledDevice) => decodeAttestation(attestation).statement;

/**
 * Enrolments beside the log, one file for each device and scope, for whoever exports a proof while the gateway runs.
 * They are derived from the log: those in force are written again at each start.
 */
export class EnrolmentFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Durable when this returns. @throws EnvironmentError FS-LOG-*. */
  write(device: EnrolledDevice): void {
    const { name, key, attestation, body } = device;
    const file = `${toHex(deviceId(key))}-${toHex(statementOf(device).scope)}.json`;
    const text = JSON.stringify({
      name,
      key: toBase64Url(encodeCoseKey(key)),
      attestation: toBase64Url(attestation),
      body: toBase64Url(body),
    });
    replaceFileSync(join(this.#folder, file), text);
  }

  /** Every enrolment, the latest of a device last. A damaged file counts as none. */
  #all(): EnrolledDevice[] {
    if (!existsSync(this.#folder)) return [];
    const path = (file: string) => join(this.#folder, file);
    return readdirSync(this.#folder)
      .filter((file) => FILE.test(file))
      .flatMap((file) => parse(onFile(path(file), () => readFileSync(path(file), "utf8"))) ?? [])
      .sort((a, b) => (statementOf(a).first < statementOf(b).first ? -1 : 1));
  }

  /** Each device with its latest enrolment. */
  list(): EnrolledDevice[] {
    return [...new Map(this.#all().map((device) => [toHex(deviceId(device.key)), device])).values()];
  }

  /** The enrolment of a device for a scope. */
  of(device: Uint8Array, scope: Uint8Array): EnrolledDevice | undefined {
    return this.#all().find((one) => {
      const statement = statementOf(one);
      return equalBytes(statement.device, device) && equalBytes(statement.scope, scope);
    });
  }

  /** By configured name, the key enrolled last where several had it; or by id: `fs:` or 8 hex digits of it and more. */
  find(name: string): EnrolledDevice | undefined {
    const devices = this.list();
    const named = devices.filter((device) => device.name === name);
    if (named.length > 0) return named.reduce((a, b) => (statementOf(b).from > statementOf(a).from ? b : a));
    const digits = name.replace(/^fs:/, "");
    if (digits.length < LEAST_DIGITS) return undefined;
    const matching = devices.filter(({ key }) => toHex(deviceId(key)).startsWith(digits));
    return matching.length === 1 ? matching[0] : undefined;
  }
}
