import { chmodSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readPassphrase, resolvePassphrase } from "../../../gateway/attest/index.ts";
import { fromUtf8 } from "../../../protocols/bytes/index.ts";
import { removeTempDirs, tempDir } from "../../support/keystore.ts";

afterAll(removeTempDirs);

function file(text: string, mode = 0o600): string {
  const path = join(tempDir(), "passphrase");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe("where the passphrase comes from", () => {
  const credentials = { CREDENTIALS_DIRECTORY: "/run/credentials/fieldseal" };
  const here = () => true;

  it("prefers descriptor, configuration, credential, file, in this order", () => {
    const env = { ...credentials, FIELDSEAL_PASSPHRASE_FILE: "/etc/pass" };
    expect(resolvePassphrase(env, { fd: 4, configured: "file:/a", exists: here })).toEqual({ kind: "fd", fd: 4 });
    expect(resolvePassphrase(env, { configured: "file:/a", exists: here })).toEqual({ kind: "file", path: "/a" });
    expect(resolvePassphrase(env, { exists: here })).toEqual({
      kind: "credential",
      path: "/run/credentials/fieldseal/fieldseal-passphrase",
    });
    expect(resolvePassphrase(env)).toEqual({ kind: "file", path: "/etc/pass" });
    expect(resolvePassphrase({})).toBeUndefined();
  });

  it("takes a configured credential from the service manager's directory only", () => {
    expect(resolvePassphrase(credentials, { configured: "credential:keys" })).toEqual({
      kind: "credential",
      path: "/run/credentials/fieldseal/keys",
    });
    for (const configured of ["credential:../../etc/passwd", "credential:", "hunter2"]) {
      expect(() => resolvePassphrase(credentials, { configured })).toThrow(
        expect.objectContaining({ code: "FS-KEY-NO-PASSPHRASE" }),
      );
    }
    expect(() => resolvePassphrase({}, { configured: "credential:keys" })).toThrow("not handed over");
  });

  it("refuses a passphrase in the environment or the configuration, and does not repeat it", () => {
    for (const run of [
      () => resolvePassphrase({ FIELDSEAL_PASSPHRASE: "hunter2" }),
      () => resolvePassphrase({}, { configured: "hunter2" }),
    ]) {
      expect(run).toThrow(expect.objectContaining({ code: expect.stringMatching(/^FS-KEY-/) }));
      expect(run).not.toThrow(/hunter2/);
    }
  });
});

describe("reading the passphrase", () => {
  it("takes the bytes as they are, without one final line end", async () => {
    for (const [text, want] of [
      ["secret", "secret"],
      ["secret\n", "secret"],
      ["secret\r\n", "secret"],
      ["secret\n\n", "secret\n"],
      [" pass wörd ", " pass wörd "],
    ] as const) {
      expect(fromUtf8(await readPassphrase({ kind: "file", path: file(text) }))).toBe(want);
      expect(fromUtf8(await readPassphrase({ kind: "fd", fd: openSync(file(text), "r") }))).toBe(want);
      expect(fromUtf8(await readPassphrase({ kind: "credential", path: file(text, 0o440) }))).toBe(want);
    }
  });

  it("refuses a file that others can read, an empty and an endless one", async () => {
    const refused = (path: string, code: string) =>
      expect(readPassphrase({ kind: "file", path })).rejects.toMatchObject({ code });
    await refused(file("secret", 0o644), "FS-KEY-MODE");
    await refused(file(""), "FS-KEY-PASSPHRASE");
    await refused(file("\n"), "FS-KEY-PASSPHRASE");
    await refused(file("x".repeat(1026)), "FS-KEY-PASSPHRASE");
    await refused(join(tempDir(), "none"), "FS-KEY-MISSING");
    await expect(readPassphrase({ kind: "fd", fd: openSync("/dev/zero", "r") })).rejects.toMatchObject({
      code: "FS-KEY-PASSPHRASE",
    });
  });
});
