import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SignerState } from "../../../gateway/attest/index.ts";
import { removeTempDirs, tempDir, testKeystore } from "../../support/keystore.ts";

afterAll(removeTempDirs);

const root = (fill: number) => new Uint8Array(32).fill(fill);
const states = (dir: string) => readdirSync(dir).filter((name) => name.endsWith(".state"));
const throwsCode = (code: string) => expect.objectContaining({ code });

describe("boot counter", () => {
  it("rises by one with every start", () => {
    const { dir } = testKeystore();
    for (let boot = 1; boot <= 20; boot++) expect(SignerState.start(dir).boot).toBe(boot);
    expect(states(dir)).toEqual(["signer-000000000020.state"]);
  });

  it("refuses to start over when the state is gone, and does not make it", () => {
    const { dir } = testKeystore();
    SignerState.start(dir);
    for (const name of states(dir)) rmSync(join(dir, name));
    expect(() => SignerState.start(dir)).toThrow(throwsCode("FS-KEY-MISSING"));
    expect(states(dir)).toEqual([]);
  });

  it("refuses a state with any one bit changed rather than take an older one", () => {
    const { dir } = testKeystore();
    SignerState.start(dir).recordCheckpoint({ size: 3, root: root(1) });
    const [name] = states(dir);
    const path = join(dir, name!);
    const good = readFileSync(path);
    // What a crash between making the new file and removing the old one leaves.
    copyFileSync(path, join(dir, "signer-000000000001.state"));
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, bad);
      expect(() => SignerState.start(dir), `bit ${bit}`).toThrow(throwsCode("FS-KEY-DAMAGED"));
    }
    writeFileSync(path, good);
    expect(SignerState.start(dir).boot).toBe(2);
    expect(states(dir)).toHaveLength(1);
  });

  it("lets one of two signers go on, and tells the other", () => {
    const { dir } = testKeystore();
    const older = SignerState.start(dir);
    const newer = SignerState.start(dir);
    expect(() => older.recordCheckpoint({ size: 1, root: root(1) })).toThrow(throwsCode("FS-SIGNER-FENCED"));
    newer.recordCheckpoint({ size: 1, root: root(2) });
    newer.recordCheckpoint({ size: 2, root: root(3) });
    // The number that the older one would take next was made and removed again by the newer.
    expect(() => older.recordCheckpoint({ size: 1, root: root(1) })).toThrow(throwsCode("FS-SIGNER-FENCED"));
    expect(SignerState.start(dir).lastCheckpoint).toEqual({ size: 2, root: root(3) });
  });
});

describe("signed tree heads", () => {
  it("only grow, over restarts too", () => {
    const { dir } = testKeystore();
    const first = SignerState.start(dir);
    expect(first.lastCheckpoint).toBeUndefined();
    first.recordCheckpoint({ size: 0, root: root(0) });
    first.recordCheckpoint({ size: 10, root: root(1) });
    first.recordCheckpoint({ size: 10, root: root(1) });
    for (const state of [first, SignerState.start(dir)]) {
      expect(state.lastCheckpoint).toEqual({ size: 10, root: root(1) });
      expect(() => state.recordCheckpoint({ size: 9, root: root(9) })).toThrow(throwsCode("FS-SIGNER-FORK"));
      expect(() => state.recordCheckpoint({ size: 10, root: root(2) })).toThrow(throwsCode("FS-SIGNER-FORK"));
    }
  });

  it("are committed only when they were signed, however long a transaction is stuck", () => {
    const { dir } = testKeystore();
    const state = SignerState.start(dir);
    state.recordCheckpoint({ size: 1, root: root(1) });
    expect(() => state.recordCommitment({ size: 1, root: root(2) })).toThrow(throwsCode("FS-SIGNER-UNSIGNED"));
    expect(() => state.recordCommitment({ size: 2, root: root(1) })).toThrow(throwsCode("FS-SIGNER-UNSIGNED"));
    state.recordCommitment({ size: 1, root: root(1) });
    for (let size = 2; size < 400; size++) state.recordCheckpoint({ size, root: root(size & 0xff) });
    state.recordCommitment({ size: 1, root: root(1) });
    SignerState.start(dir).recordCommitment({ size: 1, root: root(1) });
    const newest = SignerState.start(dir);
    newest.recordCommitment({ size: 399, root: root(399 & 0xff) });
    expect(() => newest.recordCommitment({ size: 2, root: root(2) })).toThrow(throwsCode("FS-SIGNER-UNSIGNED"));
    const [name] = states(dir);
    expect(readFileSync(join(dir, name!)).length).toBeLessThan(32 * 1024);
  });

  it("do not count when they could not be made durable", () => {
    const { dir } = testKeystore();
    const state = SignerState.start(dir);
    const away = join(tempDir(), "keys");
    rmSync(dir, { recursive: true });
    expect(() => state.recordCheckpoint({ size: 1, root: root(1) })).toThrow(throwsCode("FS-KEY-MISSING"));
    expect(state.lastCheckpoint).toBeUndefined();
    expect(() => SignerState.start(away)).toThrow(throwsCode("FS-KEY-MISSING"));
  });
});
