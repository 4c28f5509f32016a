import { EnvironmentError, equalBytes, fromHex, fromUtf8, sha256, toHex, utf8 } from "../../protocols/bytes/index.ts";

/** The error for a file whose content is not what was written. */
export function damaged(path: string, why: string): EnvironmentError {
  return new EnvironmentError("FS-KEY-DAMAGED", `${path}: ${why}`, {
    context: { path },
    fix: "Restore the file from a backup; a changed file is never used and never replaced.",
  });
}

/**
 * The text of a JSON file that carries the SHA-256 of its other members. There is one text per content and the file must be
 * exactly that, so that no changed bit passes unseen. It shows damage, not forgery: secrets are sealed besides.
 */
export function encodeSealedJson(members: Record<string, unknown>): Uint8Array {
  const body = JSON.stringify(members, null, 2);
  return utf8(`${JSON.stringify({ ...members, sha256: toHex(sha256(utf8(body))) }, null, 2)}\n`);
}

/** @throws EnvironmentError FS-KEY-DAMAGED. */
export function decodeSealedJson(path: string, bytes: Uint8Array): Members {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fromUtf8(bytes) ?? "");
  } catch {
    throw damaged(path, "is not the JSON that was written");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw damaged(path, "is not an object");
  const { sha256: _, ...members } = parsed as Record<string, unknown>;
  if (!equalBytes(encodeSealedJson(members), bytes)) throw damaged(path, "is not as it was written");
  return new Members(path, members);
}

/** Reads members of known types. Every method throws EnvironmentError FS-KEY-DAMAGED for another one. */
export class Members {
  readonly #path: string;
  readonly #members: Record<string, unknown>;

  constructor(path: string, members: unknown) {
    if (typeof members !== "object" || members === null) throw damaged(path, "a section is missing");
    this.#path = path;
    this.#members = members as Record<string, unknown>;
  }

  section(name: string): Members {
    return new Members(this.#path, this.#members[name]);
  }

  list(name: string): Members[] {
    const value = this.#members[name];
    if (!Array.isArray(value)) throw damaged(this.#path, `${name} is missing`);
    return value.map((item) => new Members(this.#path, item));
  }

  text(name: string): string {
    const value = this.#members[name];
    if (typeof value !== "string") throw damaged(this.#path, `${name} is missing`);
    return value;
  }

  /** Not negative. */
  integer(name: string): number {
    const value = this.#members[name];
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw damaged(this.#path, `${name} is missing`);
    return value as number;
  }

  bytes(name: string, length: number): Uint8Array {
    const text = this.text(name);
    if (!/^[0-9a-f]*$/.test(text) || text.length !== 2 * length) {
      throw damaged(this.#path, `${name} is not ${length} bytes of lower-case hex`);
    }
    return fromHex(text);
  }

  expect(name: string, value: string | number): void {
    if (this.#members[name] !== value) throw damaged(this.#path, `${name} is not ${value}`);
  }
}
