import { describe, expect, it } from "vitest";
import { decodeBoardPack, encodeBoardPack } from "../../gateway/attest/index.ts";
import { encodeFrame, FrameDecoder, MAX_REQUEST } from "../../gateway/attest/signer-frames.ts";
import { decodeRequest, encodeRequest } from "../../gateway/attest/signer-protocol.ts";
import { decodeResponse, encodeRefusal, encodeResponse } from "../../gateway/attest/signer-response.ts";
import { packRoot } from "../../protocols/attestation/index.ts";
import { concatBytes, equalBytes, FieldsealError, UsageError } from "../../protocols/bytes/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";
import {
  attestRequest,
  checkpointRequest,
  commitRequest,
  enrolRequest,
  filled,
  registerCall,
} from "../support/signer-requests.ts";
import { TestBoard } from "../support/statements.ts";

const id = filled(32, 7);
const requests = [
  encodeRequest(1, { op: "hello" }),
  encodeRequest(0xffff_ffff, { op: "attest", ...attestRequest(id) }),
  encodeRequest(300, { op: "attest", ...attestRequest(id, { first: 0xffff_ffff_ffff_0000n, count: 1024 }) }),
  encodeRequest(3, { op: "enrol", ...enrolRequest(id) }),
  encodeRequest(4, { op: "checkpoint", ...checkpointRequest(36) }),
  encodeRequest(5, { op: "transaction", ...commitRequest(36) }),
  encodeRequest(6, { op: "transaction", ...commitRequest(36), call: registerCall }),
];

describe("the signer's decoders under mutated input", () => {
  it("request: what is accepted is exactly one request", () => {
    fuzzDecoder({
      name: "signer request",
      corpus: requests,
      decode(bytes) {
        const received = decodeRequest(bytes);
        if ("refusal" in received) throw received.refusal;
        if (!equalBytes(encodeRequest(received.id, received.request), bytes)) throw new Error("another encoding");
      },
    });
  });

  it("response", () => {
    fuzzDecoder({
      name: "signer response",
      corpus: [
        encodeResponse(1, {
          op: "hello",
          value: {
            boot: 1,
            backend: "noble",
            keys: [{ purpose: "device", name: "meter", alg: "ES256", publicKey: filled(64, 1), id }],
          },
        }),
        encodeRefusal(2, new UsageError("FS-A", "a", { fix: "b" })),
      ],
      decode(bytes) {
        const response = decodeResponse(bytes);
        try {
          response.result("hello");
        } catch (error) {
          // A refusal is the signer's own error, of whatever class and code it says.
          if (!(error instanceof FieldsealError)) throw error;
        }
      },
    });
  });

  it("frames: all that is put in comes out, or the stream ends", () => {
    fuzzDecoder({
      name: "signer frames",
      corpus: [concatBytes(...requests.map(encodeFrame)), encodeFrame(requests[0]!)],
      decode(bytes) {
        const decoder = new FrameDecoder(MAX_REQUEST);
        const frames = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)].flatMap((chunk) =>
          decoder.push(chunk),
        );
        const put = concatBytes(...frames.map(encodeFrame));
        expect(equalBytes(bytes.subarray(0, put.length), put)).toBe(true);
      },
    });
  });

  it("pack of a board", () => {
    const board = new TestBoard();
    const readings = [filled(20, 1), filled(30, 2)];
    const signed = board.attest({ count: 2, root: packRoot(readings) });
    fuzzDecoder({
      name: "board pack",
      corpus: [encodeBoardPack(signed.bytes, readings), encodeBoardPack(signed.bytes, [])],
      decode: (bytes) => decodeBoardPack(bytes),
    });
  });
});
