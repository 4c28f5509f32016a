import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { requireOrSkip } from "./requires.ts";

const root =
  process.env["FIELDSEAL_VECTORS"] ?? join(fileURLToPath(new URL("../..", import.meta.url)), "..", "shared", "vectors");

/** Path of a vector file or folder, read in place (never copied into the project). */
export function vectorPath(relative: string): string {
  return join(root, relative);
}

export function readVector(relative: string): Buffer {
  return readFileSync(vectorPath(relative));
}

export function readVectorJson<T>(relative: string): T {
  return JSON.parse(readFileSync(vectorPath(relative), "utf8")) as T;
}

/** A suite over published vectors in `folder`; without the folder it is skipped and listed by name at the end. */
export function describeVectors(folder: string, name: string, suite: () => void): void {
  const present = existsSync(vectorPath(folder));
  if (requireOrSkip(present, `vectors/${folder}`, name)) describe(name, suite);
}
