import { afterAll, describe, expect, it } from "vitest";
import { type Signer, SignerState } from "../../../gateway/attest/index.ts";
import {
  decodeAttestation,
  decodeEnrolment,
  nobleVerifier,
  type PublicKey,
  SignerGrade,
  StatementKind,
  verifyAttestation,
} from "../../../protocols/attestation/index.ts";
import { sha256 } from "../../../protocols/bytes/index.ts";
import {
  addressOfPublicKey,
  decodeTransaction,
  encodeCommit,
  transactionSender,
} from "../../../protocols/evm/index.ts";
import { noteKey, verifyCheckpoint } from "../../../protocols/log/index.ts";
import { removeTempDirs, startSigner, testKeystore } from "../../support/keystore.ts";
import {
  attestRequest,
  checkpointRequest,
  commitRequest,
  enrolRequest,
  filled,
  registerCall,
} from "../../support/signer-requests.ts";

afterAll(removeTempDirs);

const throwsCode = (code: string) => expect.objectContaining({ code });

function setUp() {
  const keys = testKeystore();
  const device: PublicKey = { alg: keys.device.alg, bytes: keys.device.publicKey };
  const signer = startSigner(keys.dir);
  return { ...keys, key: device, signer, id: keys.device.id };
}

type Attest = Parameters<typeof attestRequest>[1];

function attest(signer: Signer, id: Uint8Array, changes: Attest = {}): Uint8Array {
  const result = signer.handle({ op: "attest", ...attestRequest(id, changes) });
  if (result.op !== "attest") throw new Error("another answer");
  return result.value;
}

describe("statements", () => {
  it("are laid out and signed by the signer, under its boot number", () => {
    const { signer, id, key } = setUp();
    const attestation = decodeAttestation(attest(signer, id));
    const { from, to, work, scope, root, anchorBlock, anchorHash } = attestRequest(id);
    expect(attestation.statement).toEqual({
      kind: StatementKind.readings,
      clock: 2,
      boot: 1,
      first: 1n,
      count: 4,
      ...{ from, to, work, scope, root, anchorBlock, anchorHash },
      device: id,
    });
    expect(verifyAttestation(attestation, key, nobleVerifier)).toBe("ok");
  });

  it("are given again when asked for again, and never differently", () => {
    const { signer, id } = setUp();
    const first = attest(signer, id);
    expect(attest(signer, id)).toEqual(first);
    for (const changes of [
      { root: filled(32, 2) },
      { count: 5 },
      { first: 2n, count: 1 },
      { first: 4n, count: 100 },
      { first: 0n },
      { first: 0n, count: 1 },
      { work: 10_211_483n },
      { anchorBlock: 18n },
    ]) {
      expect(
        () => attest(signer, id, changes),
        JSON.stringify(changes, (_, v) => String(v)),
      ).toThrow(throwsCode("FS-SIGNER-OVERLAP"));
    }
    expect(() => attest(signer, id, { first: 5n, work: 10_211_481n })).toThrow(throwsCode("FS-SIGNER-WORK"));
    attest(signer, id, { first: 5n });
    // A gap is the gateway's to explain.
    attest(signer, id, { first: 50n });
    expect(() => attest(signer, id, { first: 20n })).toThrow(throwsCode("FS-SIGNER-OVERLAP"));
    expect(attest(signer, id)).toEqual(first);
  });

  it("after a restart start over under the next boot number", () => {
    const { dir, signer, id } = setUp();
    attest(signer, id);
    const again = decodeAttestation(attest(startSigner(dir), id, { root: filled(32, 2) }));
    expect(again.statement.boot).toBe(2);
  });

  it("keep a bounded memory", () => {
    const { signer, id } = setUp();
    for (let seq = 0n; seq < 300n; seq++) attest(signer, id, { first: seq, count: 1 });
    expect(() => attest(signer, id, { first: 0n, count: 1 })).toThrow(throwsCode("FS-SIGNER-OVERLAP"));
    attest(signer, id, { first: 299n, count: 1 });
  });

  it("that cannot be written are refused", () => {
    const { signer, id } = setUp();
    expect(() => attest(signer, id, { count: 0 })).toThrow(throwsCode("FS-STATEMENT-COUNT"));
    expect(() => attest(signer, id, { from: 2, to: 1 })).toThrow(throwsCode("FS-STATEMENT-TIME"));
    expect(() => attest(signer, id, { first: 0xffff_ffff_ffff_fffen })).toThrow(throwsCode("FS-STATEMENT-SEQUENCE"));
    expect(() => attest(signer, filled(32, 9))).toThrow(throwsCode("FS-SIGNER-KEY"));
  });
});

describe("the keys' purposes", () => {
  it("do not mix: gateway and chain keys sign no statement", () => {
    const { signer, gateway, chain } = setUp();
    for (const { id } of [gateway, chain]) expect(() => attest(signer, id)).toThrow(throwsCode("FS-SIGNER-KEY"));
  });

  it("are told in the greeting, without secrets", () => {
    const { signer, device, gateway, chain } = setUp();
    const { value } = signer.handle({ op: "hello" });
    expect(value).toEqual({ boot: 1, backend: "node:crypto", keys: [chain, device, gateway] });
  });

  it("cannot be served without their keys", () => {
    const { signer } = setUp();
    signer.close();
    for (const request of [
      { op: "checkpoint" as const, ...checkpointRequest(1) },
      { op: "transaction" as const, ...commitRequest(1) },
    ]) {
      expect(() => signer.handle(request)).toThrow(throwsCode("FS-SIGNER-KEY"));
    }
  });
});

describe("enrolment", () => {
  it("binds the device's key, owner, grade, profile and nonce", () => {
    const { signer, id, key } = setUp();
    const result = signer.handle({ op: "enrol", ...enrolRequest(id) });
    if (result.op !== "enrol") throw new Error("another answer");
    const { sign1, body } = result.value;
    const attestation = decodeAttestation(sign1);
    expect(attestation.statement).toMatchObject({ kind: StatementKind.enrol, first: 0n, count: 1, work: 10_211_000n });
    expect(attestation.statement.root).toEqual(sha256(body));
    expect(verifyAttestation(attestation, key, nobleVerifier)).toBe("ok");
    expect(decodeEnrolment(body)).toEqual({
      key,
      owner: filled(20, 0x0e),
      grade: SignerGrade.gateway,
      profile: filled(32, 0x9f),
      nonce: filled(16, 0x11),
    });
    expect(() => attest(signer, id, { first: 0n })).toThrow(throwsCode("FS-SIGNER-OVERLAP"));
    attest(signer, id);
  });

  it("never claims that the key is where it is not", () => {
    const { signer, id } = setUp();
    for (const grade of [SignerGrade.board, SignerGrade.element]) {
      expect(() => signer.handle({ op: "enrol", ...enrolRequest(id, { grade }) })).toThrow(
        throwsCode("FS-SIGNER-GRADE"),
      );
    }
  });
});

describe("checkpoints", () => {
  it("are signed notes under the gateway's key", () => {
    const { signer, gateway } = setUp();
    const { value } = signer.handle({ op: "checkpoint", ...checkpointRequest(36) });
    const read = verifyCheckpoint(value as Uint8Array, noteKey("gateway.example/log", gateway.publicKey));
    expect(read).toMatchObject({ size: 36, root: filled(32, 36) });
  });

  it("never fork, whatever the log is called and after a restart", () => {
    const { dir, signer } = setUp();
    const first = signer.handle({ op: "checkpoint", ...checkpointRequest(36) });
    for (const at of [signer, startSigner(dir)]) {
      expect(at.handle({ op: "checkpoint", ...checkpointRequest(36) })).toEqual(first);
      for (const request of [checkpointRequest(35), checkpointRequest(36, 1)]) {
        for (const origin of [request.origin, "other.example/log"]) {
          expect(() => at.handle({ op: "checkpoint", ...request, origin })).toThrow(throwsCode("FS-SIGNER-FORK"));
        }
      }
    }
  });

  it("that cannot be written are refused before they are recorded", () => {
    const { dir, signer } = setUp();
    for (const origin of ["", "a b", "a+b", "a\nb", "\u0000"]) {
      expect(() => signer.handle({ op: "checkpoint", ...checkpointRequest(36), origin })).toThrow();
    }
    expect(SignerState.start(dir).lastCheckpoint).toBeUndefined();
  });
});

describe("transactions", () => {
  it("commit what was signed as a checkpoint, and nothing else", () => {
    const { dir, signer, chain } = setUp();
    expect(() => signer.handle({ op: "transaction", ...commitRequest(36) })).toThrow(throwsCode("FS-SIGNER-UNSIGNED"));
    signer.handle({ op: "checkpoint", ...checkpointRequest(36) });
    const result = signer.handle({ op: "transaction", ...commitRequest(36) });
    const decoded = decodeTransaction(result.value as Uint8Array);
    const { call, ...fields } = commitRequest(36);
    if (call.kind !== "commit") throw new Error("another call");
    expect(decoded.fields).toEqual({ ...fields, value: 0n, data: encodeCommit(call) });
    expect(transactionSender(decoded)).toEqual(addressOfPublicKey(chain.publicKey));
    expect(() => signer.handle({ op: "transaction", ...commitRequest(36, 1) })).toThrow(
      throwsCode("FS-SIGNER-UNSIGNED"),
    );
    const dearer = { ...commitRequest(36), maxFeePerGas: 9_000_000_000n };
    expect(startSigner(dir).handle({ op: "transaction", ...dearer }).op).toBe("transaction");
  });

  it("register devices", () => {
    const { signer } = setUp();
    const { value } = signer.handle({ op: "transaction", ...commitRequest(1), call: registerCall });
    expect(decodeTransaction(value as Uint8Array).fields.value).toBe(0n);
  });
});
