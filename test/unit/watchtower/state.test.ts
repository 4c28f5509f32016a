import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { answerLeafCall } from "../../../gateway/coordinator/demands.ts";
import { decodeAnswer } from "../../../gateway/watchtower/answers.ts";
import { keyInCallData } from "../../../gateway/watchtower/device-keys.ts";
import {
  decodeState,
  encodeState,
  folderStore,
  memoryStore,
  type WatchState,
} from "../../../gateway/watchtower/watch-store.ts";
import { encodeEnrolment } from "../../../protocols/attestation/index.ts";
import { concatBytes } from "../../../protocols/bytes/index.ts";
import { Random } from "../../support/mutate.ts";
import { TestBoard } from "../../support/statements.ts";

const folder = mkdtempSync(join(tmpdir(), "fieldseal-watch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ledger = new Uint8Array(20).fill(1);
const root = new Uint8Array(32).fill(2);
const state: WatchState = {
  cursor: { number: 77n, hash: root },
  devices: [["aa".repeat(32), new Uint8Array(32).fill(3)]],
  gateways: new Map([
    [
      "bb".repeat(20),
      {
        commitments: [{ seq: 1n, size: 5n, root }],
        checkedSeq: 1n,
        checkedTo: 5,
        pending: [[3n, 0]],
        judged: [[2n, 15]],
        asked: [
          { what: "entry", seq: 1n, size: 5n, root, index: 4n, bond: 9n },
          { what: "share", epoch: 2n, deviceKind: 1, point: 1n << 100n, bond: 8n },
        ],
        suspicions: [{ fault: "invalid", text: "entry 3", data: Uint8Array.of(1, 2) }],
      },
    ],
  ]),
  bonded: 17n,
};

describe("a watchtower's state", () => {
  it("comes back as it was", () => {
    expect(decodeState(ledger, encodeState(ledger, state))).toEqual(state);
    const empty: WatchState = { cursor: undefined, devices: [], gateways: new Map(), bonded: 0n };
    expect(decodeState(ledger, encodeState(ledger, empty))).toEqual(empty);
  });

  it("is refused when it is damaged, or of another Ledger", () => {
    const text = encodeState(ledger, state);
    for (const bad of [
      "",
      "null",
      text.slice(0, -1),
      text.replace('"version":1', '"version":9'),
      text.replace('"77"', '"x"'),
    ]) {
      expect(() => decodeState(ledger, bad)).toThrow(expect.objectContaining({ code: "FS-WATCH-STATE" }));
    }
    expect(() => decodeState(root.slice(0, 20), text)).toThrow(expect.objectContaining({ code: "FS-WATCH-STATE" }));
  });

  it.each([
    ["a folder", () => folderStore(join(folder, "new"))],
    ["memory", memoryStore],
  ])("%s keeps it, and shares", (_, make) => {
    const store = make();
    expect(store.load()).toBeUndefined();
    store.save("a");
    store.save("b");
    expect(store.load()).toBe("b");
    expect(store.readShares("aa", 3n)).toBeUndefined();
    store.writeShares("aa", 3n, "c");
    expect([store.readShares("aa", 3n), store.readShares("bb", 3n)]).toEqual(["c", undefined]);
  });
});

describe("a device's key in call data", () => {
  const board = new TestBoard(5);
  const key = board.key.publicKey;
  const body = encodeEnrolment({
    key,
    owner: new Uint8Array(20).fill(9),
    grade: 4,
    profile: root,
    nonce: new Uint8Array(16),
  });

  it("is found wherever the enrolment stands", () => {
    for (const before of [0, 4, 37, 300]) {
      const input = concatBytes(new Uint8Array(before).fill(1), body, new Uint8Array(11));
      expect(keyInCallData(input, board.id)).toEqual(key);
    }
  });

  it("is not taken from another device's enrolment, or from a cut one", () => {
    expect(keyInCallData(body, new TestBoard(6).id)).toBeUndefined();
    expect(keyInCallData(body.slice(0, -1), board.id)).toBeUndefined();
    expect(keyInCallData(new Uint8Array(0), board.id)).toBeUndefined();
  });
});

describe("an answer in call data", () => {
  const entry = Uint8Array.from({ length: 234 }, (_, i) => i);
  const path = [new Uint8Array(32).fill(4), new Uint8Array(32).fill(5)];
  const asked = { kind: "leaf", id: root, deadline: 0n, bond: 0n, seq: 1n, size: 9n, root, index: 3n } as const;
  const { data } = answerLeafCall(ledger, ledger, asked, entry, path);

  it("is read as the gateway sent it", () => {
    expect(decodeAnswer(data)).toEqual({ entry, path });
  });

  it("of another call, cut or changed, is not read beyond its end", () => {
    const random = new Random(3);
    for (let length = 0; length < data.length; length++) {
      const cut = decodeAnswer(data.slice(0, length));
      if (cut) expect(cut.entry.length + 32 * cut.path.length).toBeLessThan(length);
    }
    for (let round = 0; round < 5_000; round++) {
      const changed = data.slice();
      changed[random.below(changed.length)] = random.below(256);
      const read = decodeAnswer(changed);
      if (read) expect(read.entry.length).toBeLessThan(data.length);
    }
    expect(decodeAnswer(data.slice(1))).toBeUndefined();
  });
});
