import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame, FrameDecoder, MAX_REQUEST } from "../../../gateway/attest/signer-frames.ts";
import { decodeRequest, encodeRequest } from "../../../gateway/attest/signer-protocol.ts";
import {
  decodeResponse,
  encodeRefusal,
  encodeResponse,
  type SignerResult,
} from "../../../gateway/attest/signer-response.ts";
import { concatBytes, EnvironmentError, ProtocolError, UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import { decodeCbor, encodeCbor } from "../../../protocols/cbor/index.ts";
import { anyRequest, filled } from "../../support/signer-requests.ts";

describe("requests", () => {
  it("come back as they were sent, in a frame that is small enough", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), anyRequest, (id, request) => {
        const bytes = encodeRequest(id, request);
        expect(bytes.length).toBeLessThanOrEqual(MAX_REQUEST);
        expect(decodeRequest(bytes)).toEqual({ id, request });
      }),
      { numRuns: 2000 },
    );
  });

  it("are refused with their id when a field is missing, of another type or one too many", () => {
    fc.assert(
      fc.property(anyRequest, fc.nat(), fc.constantFrom("drop", "swap", "add"), (request, seed, how) => {
        const items = [...(decodeCbor(encodeRequest(9, request)) as unknown[])];
        const at = 2 + (seed % Math.max(1, items.length - 2));
        if (how === "add" || items.length === 2) items.push(0);
        else if (how === "drop") items.splice(at, 1);
        else items[at] = typeof items[at] === "boolean" ? 0 : false;
        const received = decodeRequest(encodeCbor(items as never));
        expect(received.id).toBe(9);
        expect("refusal" in received && received.refusal.code).toBe("FS-SIGNER-REQUEST");
      }),
      { numRuns: 2000 },
    );
  });

  it("that sign given bytes do not exist", () => {
    for (const op of [
      "sign",
      "signMessage",
      "raw",
      "eth_sign",
      "personal_sign",
      "rotate",
      "__proto__",
      "constructor",
    ]) {
      const received = decodeRequest(encodeCbor([1, op, utf8("message")]));
      expect("refusal" in received && received.refusal.code).toBe("FS-SIGNER-UNKNOWN");
    }
  });

  it("without a readable id are no requests", () => {
    for (const value of [[], [-1, "hello"], ["1", "hello"], [2 ** 32, "hello"], null, "hello", new Map([[0, 1]])]) {
      expect(() => decodeRequest(encodeCbor(value))).toThrow(ProtocolError);
    }
    expect(() => decodeRequest(Uint8Array.of(0x82, 0x18, 0x01, 0x60))).toThrow(ProtocolError);
  });
});

describe("responses", () => {
  const results: SignerResult[] = [
    {
      op: "hello",
      value: {
        boot: 7,
        backend: "noble",
        keys: [
          { purpose: "device", name: "meter", alg: "ES256", publicKey: filled(64, 1), id: filled(32, 2) },
          { purpose: "gateway", name: "gateway", alg: "EdDSA", publicKey: filled(32, 3), id: filled(32, 4) },
        ],
      },
    },
    { op: "attest", value: filled(236, 5) },
    { op: "enrol", value: { sign1: filled(236, 6), body: filled(160, 7) } },
    { op: "checkpoint", value: utf8("note") },
    { op: "transaction", value: filled(200, 8) },
  ];

  it.each(results)("come back as they were sent: $op", (result) => {
    const received = decodeResponse(encodeResponse(3, result));
    expect(received.id).toBe(3);
    expect(received.result(result.op)).toEqual(result);
  });

  it("carry the signer's errors by class, code and fix", () => {
    for (const error of [
      new ProtocolError("FS-A", "a", { fix: "do" }),
      new UsageError("FS-B", "b"),
      new EnvironmentError("FS-C", "c"),
    ]) {
      expect(() => decodeResponse(encodeRefusal(3, error)).result("attest")).toThrow(error);
      try {
        decodeResponse(encodeRefusal(3, error)).result("attest");
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: error.code, fix: error.fix, blame: error.blame });
      }
    }
  });

  it("do not carry the text of an unforeseen error: it could hold anything", () => {
    const response = encodeRefusal(3, new Error("secret 1234"));
    expect(Buffer.from(response).toString("latin1")).not.toContain("1234");
    expect(() => decodeResponse(response).result("attest")).toThrow(expect.objectContaining({ code: "FS-SIGNER-BUG" }));
  });
});

describe("frames", () => {
  it("are found however the stream is cut", () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(40)), (sent, cuts) => {
        const stream = concatBytes(...sent.map(encodeFrame));
        const decoder = new FrameDecoder(300);
        const got: Uint8Array[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          got.push(...decoder.push(stream.subarray(at, at + cut)));
          at += cut;
        }
        expect(got).toEqual(sent);
      }),
    );
  });

  it("are refused before they are gathered when too long or empty", () => {
    for (const head of ["00000000", "0000012d", "ffffffff"]) {
      expect(() => new FrameDecoder(300).push(Buffer.from(head, "hex"))).toThrow(
        expect.objectContaining({ code: "FS-SIGNER-FRAME" }),
      );
    }
  });
});
