import { expect, it } from "vitest";
import {
  decodeAnswer,
  decodeRegisters,
  decodeRequest,
  decodeRtu,
  isException,
  type ModbusRequest,
  RtuAnswerDecoder,
  RtuRequestDecoder,
} from "../../../protocols/modbus/index.ts";
import { readTranscript } from "../../support/transcript.ts";
import { describeVectors } from "../../support/vectors.ts";

describeVectors("transcripts/modbus", "SDM630 exchange recorded from pymodbus", () => {
  const bursts = readTranscript("transcripts/modbus/sdm630.jsonl");

  it("reads every answer as the answer to the request before it", () => {
    const server = new RtuRequestDecoder();
    let request: ModbusRequest | undefined;
    let refused = 0;
    let read = 0;
    const exceptions: number[] = [];
    for (const { from, bytes } of bursts) {
      if (from === "host") {
        const events = server.push(bytes);
        expect(events).toHaveLength(1);
        const event = events[0]!;
        request = event.kind === "request" ? event.request : undefined;
        if (event.kind === "refused") refused++;
        continue;
      }
      if (request === undefined) {
        // Function 0x2b (read device identification) is none of ours: the frame is sound, its contents are not read.
        expect(decodeRtu(bytes).pdu[0]).toBe(0x2b);
        continue;
      }
      const events = new RtuAnswerDecoder({ unit: 1, request }).push(bytes);
      expect(events).toMatchObject([{ kind: "answer" }]);
      const answer = decodeAnswer(decodeRtu(bytes).pdu);
      if (isException(answer)) exceptions.push(answer.exception);
      else read++;
    }
    expect(refused).toBe(1);
    expect(exceptions).toEqual([2, 2]);
    expect(read).toBeGreaterThan(160);
  });

  it("reads the meter's values", () => {
    const block = bursts.find(({ from, bytes }) => from === "board" && bytes[2] === 0x78)!;
    const { pdu } = decodeRtu(block.bytes);
    const registers = pdu.subarray(2);
    const at = (register: number) => decodeRegisters({ type: "f32" }, registers, register);
    expect([at(0), at(2), at(4)]).toEqual([231.2, 232.1, 230.6].map(Math.fround));
    expect(at(0x34)).toBeCloseTo(3874.6, 1);
    expect(decodeRequest(bursts[0]!.bytes.subarray(1, -2))).toEqual({ fn: 4, address: 0, count: 2 });
  });

  it("reads the next answer after any one byte of the line was wrong", () => {
    const pairs = bursts.slice(0, 16);
    for (let broken = 1; broken < pairs.length - 2; broken += 2) {
      for (let at = 0; at < pairs[broken]!.bytes.length; at++) {
        let answered = 0;
        pairs.forEach(({ from, bytes }, i) => {
          if (from === "host") return;
          const request = decodeRequest(pairs[i - 1]!.bytes.subarray(1, -2));
          const decoder = new RtuAnswerDecoder({ unit: 1, request });
          const received = bytes.slice();
          if (i === broken) received[at]! ^= 0x10;
          const events = [...decoder.push(received), ...decoder.flush()];
          if (events.some((event) => event.kind === "answer")) answered++;
        });
        expect(answered).toBe(pairs.length / 2 - 1);
      }
    }
  });
});
