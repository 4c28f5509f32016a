import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCoordinatorCall, encodeCoordinatorCall } from "../../../gateway/attest/coordinator-call.ts";
import { chainSigner } from "../../../gateway/attest/index.ts";
import { concatBytes } from "../../../protocols/bytes/index.ts";
import { encodeCall } from "../../../protocols/evm/index.ts";
import { anyRequest, commitRequest, filled, registerCall } from "../../support/signer-requests.ts";

describe("call data of the coordinator", () => {
  it("is taken apart into the call it encodes", () => {
    expect(decodeCoordinatorCall(encodeCoordinatorCall(registerCall))).toEqual(registerCall);
    fc.assert(
      fc.property(anyRequest, (request) => {
        if (request.op !== "transaction") return;
        expect(decodeCoordinatorCall(encodeCoordinatorCall(request.call))).toEqual(request.call);
      }),
      { numRuns: 1000 },
    );
  });

  it("of any other function, or altered, is refused", () => {
    const good = encodeCoordinatorCall(registerCall);
    const refused = (data: Uint8Array) =>
      expect(() => decodeCoordinatorCall(data)).toThrow(expect.objectContaining({ code: "FS-SIGNER-CALL" }));
    refused(encodeCall("transfer(address,uint256)", [filled(20, 1), 5n]));
    refused(encodeCall("approve(address,uint256)", [filled(20, 1), 5n]));
    refused(new Uint8Array());
    refused(concatBytes(good, filled(32, 0)));
    refused(good.subarray(0, -1));
    // An offset that points elsewhere: seventh word of the head.
    const moved = good.slice();
    moved[4 + 6 * 32 + 31]! ^= 0x20;
    refused(moved);
  });

  it("is what the signer is asked for", async () => {
    const asked: unknown[] = [];
    const client = {
      transaction: async (request: unknown) => {
        asked.push(request);
        return filled(3, 2);
      },
    };
    const signer = chainSigner(client, filled(20, 0xad));
    const { call, ...fields } = commitRequest(5);
    const data = encodeCoordinatorCall(call);
    expect(await signer.sign({ ...fields, value: 0n, data })).toEqual(filled(3, 2));
    expect(asked).toEqual([{ ...fields, call }]);
    await expect(signer.sign({ ...fields, value: 1n, data })).rejects.toMatchObject({ code: "FS-SIGNER-CALL" });
    await expect(signer.sign({ ...fields, to: undefined, value: 0n, data })).rejects.toMatchObject({
      code: "FS-SIGNER-CALL",
    });
    expect(asked).toHaveLength(1);
  });
});
