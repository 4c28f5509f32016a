import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, it } from "vitest";
import { fromBase64, fromUtf8, ProtocolError, toBase64, UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import {
  addNoteSignature,
  type Checkpoint,
  checkpointText,
  cosign,
  decodeCheckpoint,
  decodeTlogProof,
  encodeTlogProof,
  leafHash,
  MerkleTree,
  NoteKeyType,
  noteKey,
  signCheckpoint,
  type TlogProof,
  type TlogProofTrust,
  verifyCheckpoint,
  verifyCosignatures,
  verifyTlogProof,
} from "../../../protocols/log/index.ts";

const code = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof UsageError) return error.code;
    throw error;
  }
  return "accepted";
};

// C2SP tlog-checkpoint's and tlog-cosignature's example.
const EXAMPLE = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;
const [ORIGIN, SIZE, ROOT] = EXAMPLE.split("\n") as [string, string, string];

const logSecret = new Uint8Array(32).fill(1);
const key = noteKey("gateway.example/log", ed25519.getPublicKey(logSecret));
const sign = (message: Uint8Array) => ed25519.sign(message, logSecret);

function witness(name: string, fill: number) {
  const secret = new Uint8Array(32).fill(fill);
  return {
    key: noteKey(name, ed25519.getPublicKey(secret), NoteKeyType.cosignature),
    sign: (message: Uint8Array) => ed25519.sign(message, secret),
  };
}

const tree = new MerkleTree();
for (let i = 0; i < 5; i++) tree.append(leafHash(utf8(`entry ${i}`)));
const head: Checkpoint = { origin: key.name, size: 5, root: tree.root() };
const signed = signCheckpoint(head, key, sign);

describe("checkpoints", () => {
  it("read the specification's example", () => {
    const { origin, size, root, extensions, note } = decodeCheckpoint(utf8(EXAMPLE));
    expect({ origin, size, root: toBase64(root), extensions }).toEqual({
      origin: ORIGIN,
      size: Number(SIZE),
      root: ROOT,
      extensions: [],
    });
    expect(checkpointText({ origin, size, root })).toBe(note.text);
    // "AAAAAGQYUMs…" after the key id: the witness's time, 1679315147, is in the specification's text.
    expect(new DataView(note.signatures[1]!.signature.slice(0, 8).buffer).getBigUint64(0)).toBe(1_679_315_147n);
  });

  it("are signed, and verify under the log's key and name only", () => {
    expect(verifyCheckpoint(signed, key)).toMatchObject(head);
    expect(code(() => verifyCheckpoint(signed, noteKey(key.name, witness("w", 2).key.publicKey)))).toBe(
      "FS-NOTE-UNSIGNED",
    );
    expect(code(() => verifyCheckpoint(signed, key, "other.example/log"))).toBe("FS-CHECKPOINT-ORIGIN");
    const other = signCheckpoint({ ...head, origin: "other.example/log" }, key, sign);
    expect(code(() => verifyCheckpoint(other, key))).toBe("FS-CHECKPOINT-ORIGIN");
    expect(verifyCheckpoint(other, key, "other.example/log").size).toBe(5);
  });

  it("keep extension lines", () => {
    const bytes = signCheckpoint({ ...head, extensions: ["one", "two words"] }, key, sign);
    expect(verifyCheckpoint(bytes, key).extensions).toEqual(["one", "two words"]);
  });

  it.each([
    ["an empty origin", EXAMPLE.replace(ORIGIN, "")],
    ["a size with a leading zero", EXAMPLE.replace(SIZE, `0${SIZE}`)],
    ["a signed size", EXAMPLE.replace(SIZE, `+${SIZE}`)],
    ["a hexadecimal size", EXAMPLE.replace(SIZE, "0x10")],
    ["a size beyond 2^53", EXAMPLE.replace(SIZE, "9007199254740992")],
    ["no size", EXAMPLE.replace(`${SIZE}\n`, "")],
    ["a short root", EXAMPLE.replace(ROOT, toBase64(new Uint8Array(31)))],
    ["an unpadded root", EXAMPLE.replace(ROOT, ROOT.slice(0, -1))],
    ["no root", EXAMPLE.replace(`${ROOT}\n`, "")],
    ["an empty extension line", EXAMPLE.replace(`${ROOT}\n`, `${ROOT}\n\nmore\n`)],
  ])("with %s are refused", (_, text) => {
    expect(code(() => decodeCheckpoint(utf8(text)))).toMatch(/^FS-(?:CHECKPOINT|NOTE|BASE64)$/);
  });

  it("are not written of fields that no line can hold", () => {
    const root = fromBase64(ROOT);
    for (const bad of [
      { origin: "", size: 1, root },
      { origin: "a\nb", size: 1, root },
      { origin: "a", size: -1, root },
      { origin: "a", size: 1.5, root },
      { origin: "a", size: 1, root: root.subarray(1) },
      { origin: "a", size: 1, root, extensions: [""] },
    ]) {
      expect(code(() => checkpointText(bad))).toBe("FS-CHECKPOINT-FIELD");
    }
  });
});

describe("cosignatures", () => {
  const one = witness("witness.example/1", 11);
  const two = witness("witness.example/2", 12);
  const { note } = decodeCheckpoint(signed);
  const withOne = addNoteSignature(signed, cosign(note, one.key, 1_700_000_000n, one.sign));

  it("are over two lines and the checkpoint's text, behind the time", () => {
    const line = decodeCheckpoint(withOne).note.signatures[1]!;
    const message = utf8(`cosignature/v1\ntime 1700000000\n${note.text}`);
    expect(ed25519.verify(line.signature.slice(8), message, one.key.publicKey)).toBe(true);
  });

  it("of known witnesses count once each; others are ignored", () => {
    const again = addNoteSignature(withOne, cosign(note, one.key, 1_800_000_000n, one.sign));
    const all = decodeCheckpoint(addNoteSignature(again, cosign(note, two.key, 5n, two.sign))).note;
    expect(verifyCosignatures(all, [one.key])).toEqual([{ key: one.key, time: 1_800_000_000n }]);
    expect(verifyCosignatures(all, [one.key, two.key]).map(({ time }) => time)).toEqual([1_800_000_000n, 5n]);
    expect(verifyCosignatures(all, [])).toEqual([]);
    expect(verifyCosignatures(all, [key])).toEqual([]);
    expect(verifyCheckpoint(again, key).size).toBe(5);
  });

  it("that are wrong refuse the note", () => {
    const { keyId, name, signature } = cosign(note, one.key, 1n, one.sign);
    const early = signature.slice();
    early[7]! ^= 3;
    const huge = signature.slice();
    huge[0] = 0x80;
    for (const bad of [early, huge, signature.subarray(0, 71), new Uint8Array(4), new Uint8Array(72)]) {
      const { note: attempt } = decodeCheckpoint(addNoteSignature(signed, { name, keyId, signature: bad }));
      expect(code(() => verifyCosignatures(attempt, [one.key]))).toBe("FS-COSIGNATURE");
    }
    expect(code(() => cosign(note, key, 1n, sign))).toBe("FS-COSIGNATURE-KEY");
    expect(code(() => cosign(note, one.key, -1n, one.sign))).toBe("FS-COSIGNATURE-KEY");
  });
});

describe("tlog-proofs", () => {
  const proof: TlogProof = { index: 3, proof: tree.inclusionProof(3), checkpoint: signed };
  const trust: TlogProofTrust = { leafHash: leafHash(utf8("entry 3")), key };

  it("have the lines of the specification", () => {
    const lines = fromUtf8(encodeTlogProof({ ...proof, extra: utf8("more") }))!.split("\n");
    expect(lines.slice(0, 3)).toEqual(["c2sp.org/tlog-proof@v1", "extra bW9yZQ==", "index 3"]);
    expect(lines.slice(3, 6)).toEqual(proof.proof.map(toBase64));
    expect(lines.slice(6, 10)).toEqual(["", key.name, "5", toBase64(head.root)]);
  });

  it("read back as they were written, and prove the entry", () => {
    for (const item of [proof, { ...proof, extra: new Uint8Array(0) }, { ...proof, extra: utf8("x") }]) {
      const read = decodeTlogProof(encodeTlogProof(item));
      expect(read).toEqual(item);
      expect(verifyTlogProof(read, trust).checkpoint.size).toBe(5);
    }
  });

  it("of one entry alone have no hashes", () => {
    const single = new MerkleTree();
    single.append(trust.leafHash);
    const checkpoint = signCheckpoint({ origin: key.name, size: 1, root: single.root() }, key, sign);
    const read = decodeTlogProof(encodeTlogProof({ index: 0, proof: [], checkpoint }));
    expect(verifyTlogProof(read, trust).checkpoint.size).toBe(1);
  });

  it("say which step fails", () => {
    const verdict = (p: Partial<TlogProof>, t: Partial<TlogProofTrust> = {}) =>
      code(() => verifyTlogProof({ ...proof, ...p }, { ...trust, ...t }));
    expect(verdict({})).toBe("accepted");
    expect(verdict({ index: 2 })).toBe("FS-TLOG-PROOF-INCLUSION");
    expect(verdict({ proof: [] })).toBe("FS-TLOG-PROOF-INCLUSION");
    expect(verdict({}, { leafHash: leafHash(utf8("entry 4")) })).toBe("FS-TLOG-PROOF-INCLUSION");
    expect(verdict({}, { origin: "other.example" })).toBe("FS-CHECKPOINT-ORIGIN");
    expect(verdict({ checkpoint: signCheckpoint(head, key, () => new Uint8Array(64)) })).toBe("FS-NOTE-SIGNATURE");
    const one = witness("witness.example/1", 11);
    expect(verdict({}, { witnesses: [one.key], quorum: 1 })).toBe("FS-TLOG-PROOF-QUORUM");
    const cosigned = addNoteSignature(signed, cosign(decodeCheckpoint(signed).note, one.key, 9n, one.sign));
    expect(verdict({ checkpoint: cosigned }, { witnesses: [one.key], quorum: 1 })).toBe("accepted");
  });

  const text = fromUtf8(encodeTlogProof({ ...proof, extra: utf8("x") }))!;
  it.each([
    ["another header", text.replace("@v1", "@v2")],
    ["no header", text.slice(text.indexOf("\n") + 1)],
    ["extra after index", text.replace("extra eA==\nindex 3", "index 3\nextra eA==")],
    ["two extras", text.replace("extra eA==", "extra eA==\nextra eA==")],
    ["bad base64 in extra", text.replace("eA==", "eA=")],
    ["no index", text.replace("index 3\n", "")],
    ["a negative index", text.replace("index 3", "index -3")],
    ["a padded index", text.replace("index 3", "index 03")],
    ["a short hash", text.replace(toBase64(proof.proof[0]!), toBase64(new Uint8Array(31)))],
    ["64 hashes", text.replace("index 3\n", `index 3\n${`${toBase64(new Uint8Array(32))}\n`.repeat(64)}`)],
    ["no empty line", text.replace("\n\n", "\n").split("\n\n")[0]!],
    ["a carriage return", text.replace("index 3\n", "index 3\r\n")],
    ["nothing", ""],
  ])("with %s are refused", (_, bad) => {
    expect(code(() => decodeTlogProof(utf8(bad)))).toMatch(/^FS-(?:TLOG-PROOF|BASE64)$/);
  });

  it("are refused when not text or too long, and not written of what the format cannot carry", () => {
    expect(code(() => decodeTlogProof(Uint8Array.of(0xff)))).toBe("FS-TLOG-PROOF");
    expect(code(() => decodeTlogProof(new Uint8Array(300_000)))).toBe("FS-TLOG-PROOF");
    for (const bad of [
      { ...proof, index: -1 },
      { ...proof, proof: [new Uint8Array(31)] },
      { ...proof, checkpoint: Uint8Array.of(0xff) },
    ]) {
      expect(code(() => encodeTlogProof(bad))).toBe("FS-TLOG-PROOF-FIELD");
    }
  });
});
