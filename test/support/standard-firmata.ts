import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A package that carries StandardFirmata as built for many boards; it is read, never installed. */
const CARRIER = "avrgirl-arduino@5.0.1";
const ARCHIVE = "avrgirl-arduino-5.0.1.tgz";
const SHA512 = "wF9wJhhRG6vDinBxTuFRR3iIaVDMjJfce2wW7JwmbXJquzoGu3HIK5SnvDqNplsi3hcOS+p+15m1z9kt3IwgdQ==";
const MEMBER = "package/junk/hex/uno/StandardFirmata.cpp.hex";

const FLASH_BYTES = 32_768;
const folder = fileURLToPath(new URL("../../node_modules/.cache/fieldseal-firmware", import.meta.url));

function isGenuine(path: string): boolean {
  return existsSync(path) && createHash("sha512").update(readFileSync(path)).digest("base64") === SHA512;
}

function archive(): string | undefined {
  const kept = join(folder, ARCHIVE);
  if (isGenuine(kept)) return kept;
  mkdirSync(folder, { recursive: true });
  // Of this process alone until it is whole.
  const own = mkdtempSync(join(folder, "fetching-"));
  try {
    spawnSync(
      "npm",
      ["pack", CARRIER, "--ignore-scripts", "--silent", "--fetch-retries=1", "--pack-destination", own],
      {
        cwd: own,
        stdio: "ignore",
        timeout: 60_000,
      },
    );
    if (!isGenuine(join(own, ARCHIVE))) return undefined;
    renameSync(join(own, ARCHIVE), kept);
    return kept;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Words of the flash from Intel HEX; records other than data and end are not expected in 32 KiB. */
export function flashOf(hex: string): Uint16Array {
  const bytes = new Uint8Array(FLASH_BYTES);
  for (const line of hex.split(/\r?\n/)) {
    if (line === "") continue;
    const record = Buffer.from(line.slice(1), "hex");
    const sum = record.reduce((total, byte) => total + byte, 0) & 0xff;
    if (line[0] !== ":" || record.length !== record[0]! + 5 || sum !== 0) throw new Error(`not a HEX record: ${line}`);
    if (record[3] === 0) bytes.set(record.subarray(4, -1), record.readUInt16BE(1));
    else if (record[3] !== 1) throw new Error(`unexpected HEX record: ${line}`);
  }
  return new Uint16Array(bytes.buffer);
}

/** StandardFirmata for the Uno, as others built it; undefined where it can be had neither from the cache nor from the registry. */
export function standardFirmata(): Uint16Array | undefined {
  const path = archive();
  if (path === undefined) return undefined;
  const { status, stdout } = spawnSync("tar", ["-xzOf", path, MEMBER], { encoding: "utf8" });
  return status === 0 ? flashOf(stdout) : undefined;
}
