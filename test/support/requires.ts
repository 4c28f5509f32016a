import { spawnSync } from "node:child_process";
import { describe, it } from "vitest";

const requireAll = process.env["FIELDSEAL_REQUIRE"] === "all";
const known = new Map<string, boolean>();

/** How to tell whether a system package is there, where its command is not named like it. */
const probes: Record<string, readonly [string, ...string[]]> = {
  pymodbus: ["/usr/bin/python3", "-c", "import pymodbus, serial_asyncio"],
  root: ["sh", "-c", '[ "$(id -u)" = 0 ]'],
  /** strace must not only exist: ptrace has to be permitted here. */
  strace: ["strace", "-o", "/dev/null", "true"],
  /** A private loop device: root, and a kernel that lends one. */
  loop: ["sh", "-c", 'd=$(losetup -f) && [ -b "$d" ] && [ "$(id -u)" = 0 ]'],
};

/** Whether the machine has the command or capability. */
export function have(name: string): boolean {
  let found = known.get(name);
  if (found === undefined) {
    const [command, ...args] = probes[name] ?? ["sh", "-c", `command -v ${name}`];
    found = spawnSync(command, args, { stdio: "ignore", timeout: 20_000 }).status === 0;
    known.set(name, found);
  }
  return found;
}

/**
 * True when the suite can run. Otherwise registers one skipped test that names what is missing, which the
 * closing lines list; with FIELDSEAL_REQUIRE=all it fails instead, so that CI cannot pass by skipping.
 */
export function requireOrSkip(present: boolean, what: string, name: string): boolean {
  if (present) return true;
  if (requireAll) {
    it(`${name} (needs ${what})`, () => {
      throw new Error(`${what} is required here (FIELDSEAL_REQUIRE=all) and is absent`);
    });
  } else {
    describe.skip(`${name} (needs ${what})`, () => {
      it("is skipped", () => undefined);
    });
  }
  return false;
}

/** A suite that needs system commands (`socat`, `strace`, …; see `probes`). */
export function describeWith(needs: readonly string[], name: string, suite: () => void): void {
  const missing = needs.filter((need) => !have(need));
  if (requireOrSkip(missing.length === 0, missing.join(", "), name)) describe(name, suite);
}
