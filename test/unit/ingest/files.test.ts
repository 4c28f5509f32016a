import { appendFileSync, chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { replaceFileSync } from "../../../gateway/batch/sync-files.ts";
import type { Anchor } from "../../../gateway/coordinator/anchor.ts";
import { CommitmentFiles } from "../../../gateway/coordinator/commitment-files.ts";
import { EnrolmentFiles } from "../../../gateway/proofs/enrolment-files.ts";
import { HeaderFiles } from "../../../gateway/proofs/header-files.ts";
import { EnvironmentError, sha256, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import { keccak256 } from "../../../protocols/evm/index.ts";
import { removeTempDirs, tempDir } from "../../support/keystore.ts";
import { logTree, signHead } from "../../support/log-fixture.ts";
import { TestBoard } from "../../support/statements.ts";

afterEach(removeTempDirs);

describe("header files", () => {
  const header = (n: number) => sha256(utf8(`header ${n}`));
  const hashOf = (bytes: Uint8Array) => keccak256(bytes).subarray(0, 16);

  it("gives back the header whose hash a statement names, after a reorganisation as well", () => {
    const folder = tempDir();
    const files = new HeaderFiles(folder);
    files.write(100n, header(1));
    files.write(100n, header(1));
    files.write(100n, header(2));
    files.write(5000n, header(3));
    const other = new HeaderFiles(folder);
    expect(other.read(100n, hashOf(header(1)))).toEqual(header(1));
    expect(other.read(100n, hashOf(header(2)))).toEqual(header(2));
    expect(other.read(100n, hashOf(header(3)))).toBeUndefined();
    expect(other.read(5000n, hashOf(header(3)))).toEqual(header(3));
    expect(other.read(9n, hashOf(header(3)))).toBeUndefined();
    expect(readdirSync(folder).sort()).toEqual(["0.bin", "1.bin"]);
  });

  it("goes on behind the last whole record after a write that was cut off", () => {
    const folder = tempDir();
    new HeaderFiles(folder).write(1n, header(1));
    appendFileSync(join(folder, "0.bin"), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 32, 1, 2, 3]));
    const files = new HeaderFiles(folder);
    files.write(3n, header(3));
    expect(files.read(1n, hashOf(header(1)))).toEqual(header(1));
    expect(files.read(3n, hashOf(header(3)))).toEqual(header(3));
  });
});

const anchor = (n: number): Anchor => ({
  chainId: 31_337n,
  transactionHash: new Uint8Array(32).fill(n),
  blockNumber: BigInt(n),
  blockHash: new Uint8Array(32).fill(n + 1),
  transactionIndex: n,
  headerRlp: new Uint8Array(500).fill(n),
  proof: [new Uint8Array(40).fill(n), new Uint8Array(50)],
});
const note = (size: number) => signHead({ origin: "gateway.example/log", size, root: logTree(size).root() });

describe("commitment files", () => {
  it("keeps checkpoints, and their commitments when they have them", () => {
    const files = new CommitmentFiles(join(tempDir(), "commitments"));
    expect(files.sizes()).toEqual([]);
    for (const size of [300, 4, 20]) files.write(note(size), undefined);
    files.write(note(20), anchor(7));
    expect(files.sizes()).toEqual([4, 20, 300]);
    expect(files.read(4)).toMatchObject({ note: note(4), commitment: undefined });
    expect(files.read(20)?.commitment).toEqual(anchor(7));
    expect(files.read(21)).toBeUndefined();
  });

  it("covers an entry by the smallest committed checkpoint, else by the smallest", () => {
    const files = new CommitmentFiles(tempDir());
    for (const size of [4, 8, 12]) files.write(note(size), undefined);
    expect(files.covering(3)?.checkpoint.size).toBe(4);
    expect(files.covering(4)?.checkpoint.size).toBe(8);
    expect(files.covering(12)).toBeUndefined();
    files.write(note(12), anchor(1));
    expect(files.covering(3)?.checkpoint.size).toBe(12);
    expect(files.covering(3, 8)?.checkpoint.size).toBe(4);
    files.write(note(8), anchor(1));
    expect(files.covering(3)?.checkpoint.size).toBe(8);
  });

  it("passes over what a write left half, and what is damaged", () => {
    const folder = tempDir();
    const files = new CommitmentFiles(folder);
    files.write(note(4), undefined);
    files.write(note(8), undefined);
    writeFileSync(join(folder, "0000000000000009.json.new"), "{");
    for (const damage of ["{", "{}", "null", '{"note":1}', '{"note":"x"}', JSON.stringify({ note: "a\n" })]) {
      writeFileSync(join(folder, "0000000000000004.json"), damage);
      expect(files.read(4), damage).toBeUndefined();
      expect(files.covering(2)?.checkpoint.size).toBe(8);
    }
  });
});

describe("enrolment files", () => {
  const [a, b] = [new TestBoard(1), new TestBoard(2)] as const;
  const enrolled = (board: TestBoard, name: string, changes = {}) => ({
    name,
    key: board.key.publicKey,
    attestation: board.attest({ kind: 1, ...changes }).bytes,
    body: utf8(`body of ${name}`),
  });

  it("finds a device by name and by the digits of its key", () => {
    const files = new EnrolmentFiles(join(tempDir(), "enrolments"));
    expect(files.list()).toEqual([]);
    files.write(enrolled(a, "grid"));
    files.write(enrolled(b, "solar"));
    const id = toHex(a.id);
    for (const name of ["grid", id, `fs:${id.slice(0, 8)}`, id.slice(0, 12)]) {
      expect(files.find(name)?.name, name).toBe("grid");
    }
    // Less than what people are shown of a key could be anybody's.
    for (const name of ["", "fs:", id.slice(0, 1), "gri", "other"]) expect(files.find(name), name).toBeUndefined();
  });

  it("prefers a name to digits, and the key enrolled last where two had the name", () => {
    const files = new EnrolmentFiles(tempDir());
    files.write(enrolled(a, "grid", { from: 5, to: 5 }));
    files.write(enrolled(b, "grid", { from: 9, to: 9 }));
    expect(files.find("grid")?.key).toEqual(b.key.publicKey);
    files.write(enrolled(b, toHex(a.id).slice(0, 8)));
    expect(files.find(toHex(a.id).slice(0, 8))?.key).toEqual(b.key.publicKey);
  });

  it("keeps one enrolment for each scope; the latest is the device's", () => {
    const files = new EnrolmentFiles(tempDir());
    const [one, two] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
    const first = enrolled(a, "grid", { scope: one });
    const second = enrolled(a, "grid", { scope: two, first: 40n });
    files.write(second);
    files.write(first);
    expect(files.list()).toHaveLength(1);
    expect(files.find("grid")?.attestation).toEqual(second.attestation);
    expect(files.of(a.id, one)?.attestation).toEqual(first.attestation);
    expect(files.of(b.id, one)).toBeUndefined();
  });

  it("passes over damaged files", () => {
    const folder = tempDir();
    const files = new EnrolmentFiles(folder);
    files.write(enrolled(a, "grid"));
    const [file] = readdirSync(folder);
    writeFileSync(join(folder, file!.replace(/-.*/, `-${"0".repeat(32)}.json`)), '{"name":"grid"}');
    expect(files.list()).toHaveLength(1);
  });
});

it("gives failures of the file system their codes", () => {
  const folder = join(tempDir(), "locked");
  mkdirSync(folder);
  writeFileSync(join(folder, "file"), "");
  expect(() => replaceFileSync(join(folder, "file", "below"), "x")).toThrow(EnvironmentError);
  chmodSync(folder, 0o700);
});
