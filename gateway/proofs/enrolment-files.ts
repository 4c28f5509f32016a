import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { decodeCoseKey, deviceId, encodeCoseKey, type PublicKey } from "../../protocols/attestation/index.ts";
import { fromBase64Url, toBase64Url, toHex } from "../../protocols/bytes/index.ts";

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

/**
 * Enrolments beside the log, one file a device, for whoever exports a proof while the gateway runs.
 * They are derived from the journal and written again at each start.
 */
export class EnrolmentFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write({ name, key, attestation, body }: EnrolledDevice): void {
    mkdirSync(this.#folder, { recursive: true });
    const path = join(this.#folder, `${toHex(deviceId(key))}.json`);
    const text = JSON.stringify({
      name,
      key: toBase64Url(encodeCoseKey(key)),
      attestation: toBase64Url(attestation),
      body: toBase64Url(body),
    });
    const file = openSync(`${path}.new`, "w");
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
  }

  list(): EnrolledDevice[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(".json"))
      .map((file) => {
        const { name, key, attestation, body } = JSON.parse(readFileSync(join(this.#folder, file), "utf8")) as Record<
          "name" | "key" | "attestation" | "body",
          string
        >;
        return {
          name,
          key: decodeCoseKey(fromBase64Url(key)),
          attestation: fromBase64Url(attestation),
          body: fromBase64Url(body),
        };
      });
  }

  find(name: string): EnrolledDevice | undefined {
    return this.list().find(
      (device) => device.name === name || toHex(deviceId(device.key)).startsWith(name.replace(/^fs:/, "")),
    );
  }
}
