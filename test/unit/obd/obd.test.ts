import { describe, expect, it } from "vitest";
import { fromHex, utf8 } from "../../../protocols/bytes/index.ts";
import {
  type CanFrame,
  decodeAnswers,
  decodeCanLine,
  decodeElmAnswer,
  ElmDecoder,
  encodeCanLine,
  IsoTpAssembler,
  rawSignal,
  requestText,
  segment,
  supportedPids,
} from "../../../protocols/obd/index.ts";

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 0xff);

describe("CAN lines", () => {
  it("have identifiers of 11 and of 29 bits, with and without spaces", () => {
    expect(decodeCanLine("7E8 03 41 0D 00")).toEqual({ id: 0x7e8, extended: false, data: fromHex("03410d00") });
    expect(decodeCanLine("18DAF11003410D00")).toEqual({ id: 0x18daf110, extended: true, data: fromHex("03410d00") });
    for (const line of ["7E803410D00", "18DAF11003410D00"]) expect(encodeCanLine(decodeCanLine(line))).toBe(line);
  });

  it.each(["", "7E8", "7E8 0", "8E803410D00", "7E80102030405060708FF", "38DAF11003", "7E8 03 4G", "x".repeat(500)])(
    "refuse %j",
    (line) => {
      expect(() => decodeCanLine(line)).toThrow(expect.objectContaining({ code: "FS-OBD-FRAME" }) as Error);
    },
  );
});

describe("ISO 15765-2", () => {
  const messages = (frames: readonly CanFrame[]) => {
    const assembler = new IsoTpAssembler();
    const events = frames.flatMap((frame) => assembler.push(frame) ?? []);
    return { events, unfinished: assembler.unfinished };
  };

  it("puts every length together again", () => {
    for (const length of [1, 6, 7, 8, 13, 14, 62, 111, 4095]) {
      const { events } = messages(segment(0x7e8, bytes(length)));
      expect(events, String(length)).toEqual([{ kind: "message", id: 0x7e8, data: bytes(length) }]);
    }
  });

  it("keeps senders that answer at the same time apart", () => {
    const one = segment(0x7e8, bytes(40));
    const two = segment(0x7e9, bytes(33));
    const mixed = one.flatMap((frame, i) => [frame, ...(two[i] ? [two[i]] : [])]);
    const { events } = messages(mixed);
    expect(events).toHaveLength(2);
    expect(events.map((event) => event.kind)).toEqual(["message", "message"]);
  });

  it("loses a message for a lost, doubled or foreign frame, and reads the next", () => {
    const whole = segment(0x7e8, bytes(40));
    const spoiled = [
      whole.toSpliced(2, 1),
      whole.toSpliced(2, 0, whole[2]!),
      whole.with(2, segment(0x7e8, bytes(3))[0]!),
    ];
    for (const frames of spoiled) {
      const { events } = messages([...frames, ...whole]);
      expect(events.some(({ kind }) => kind === "discarded")).toBe(true);
      expect(events.at(-1)).toEqual({ kind: "message", id: 0x7e8, data: bytes(40) });
    }
    expect(messages(whole.slice(0, -1)).unfinished).toBe(1);
  });

  it("refuses lengths that cannot be, and more senders than there are", () => {
    const first = (hex: string) => messages([{ id: 0x7e8, extended: false, data: fromHex(hex) }]).events[0];
    for (const hex of ["00", "08010203", "0701", "1007aabbccddeeff", "100aaabb", "21aabbcc", "f0"]) {
      expect(first(hex), hex).toMatchObject({ kind: "discarded", error: { code: "FS-OBD-ISOTP" } });
    }
    expect(first("300000")).toBeUndefined();
    const many = Array.from({ length: 40 }, (_, id) => segment(id, bytes(40))[0]!);
    expect(messages(many).unfinished).toBe(16);
  });
});

describe("an adapter's answers", () => {
  // ELM327 data sheet v2.3: "Talking to the vehicle", "Error Messages and Alerts".
  it.each([
    ["010C\r7E8 04 41 0C 1A F8 \r\r", ["7E8 04 41 0C 1A F8"], undefined],
    ["SEARCHING...\r7E8 06 41 00 BE 3F B8 11\r\r", ["7E8 06 41 00 BE 3F B8 11"], undefined],
    ["SEARCHING...7E8064100BE3FB811\r", ["7E8064100BE3FB811"], undefined],
    ["BUS INIT: ...OK\r41 00 BE 3E B8 11\r", ["41 00 BE 3E B8 11"], undefined],
    ["SEARCHING...\rUNABLE TO CONNECT\r", [], "no-car"],
    ["BUS INIT: ...ERROR\r", [], "bus-error"],
    ["NO DATA\r\r", [], "no-data"],
    ["CAN ERROR\r", [], "bus-error"],
    ["7E8 04 41 0C 1A <DATA ERROR\r", [], "bus-error"],
    ["?\r", [], "rejected"],
    ["STOPPED\r", [], "stopped"],
    ["BUFFER FULL\r", [], "overrun"],
    ["\0\0OK\r\n", [], undefined],
  ])("%j", (text, lines, problem) => {
    expect(decodeElmAnswer(text, "010C")).toEqual({ lines, problem });
  });

  it("end at the prompt, however they are cut, and none is kept without end", () => {
    const stream = utf8("010D\r7E803410D21\r\r>NO DATA\r\r>");
    for (let cut = 0; cut <= stream.length; cut++) {
      const decoder = new ElmDecoder();
      decoder.command = "010D";
      const events = [...decoder.push(stream.subarray(0, cut)), ...decoder.push(stream.subarray(cut))];
      expect(events.map((event) => event.kind === "answer" && event.answer)).toEqual([
        { lines: ["7E803410D21"], problem: undefined },
        { lines: [], problem: "no-data" },
      ]);
    }
    const decoder = new ElmDecoder();
    const lost = decoder.push(new Uint8Array(40_000).fill(0x41));
    expect(lost).toMatchObject([{ kind: "discarded" }]);
    expect(decoder.push(utf8("NO DATA\r>"))).toHaveLength(1);
  });
});

describe("requests and answers", () => {
  it("belong together by service and identifier", () => {
    expect(requestText({ service: 1, pid: 0x0c })).toBe("010C");
    expect(requestText({ service: 0x22, pid: 0xd })).toBe("22000D");
    const { answers, discarded } = decodeAnswers({ service: 1, pid: 0x0c }, [
      "7E804410C1AF8",
      "7E803410D21",
      "7E9 garbage",
      "7E903410C",
    ]);
    expect(answers).toEqual([{ id: 0x7e8, data: fromHex("1af8") }]);
    expect(discarded.map(({ code }) => code)).toEqual(["FS-OBD-OTHER", "FS-OBD-FRAME", "FS-OBD-ISOTP"]);
  });

  it("tell a refusal from a promise", () => {
    const { refusals, answers } = decodeAnswers({ service: 0x22, pid: 0x4531 }, [
      "7EC037F2278",
      "7EC0562453100CB",
      "7ED037F2231",
    ]);
    expect(refusals).toEqual([{ id: 0x7ed, code: 0x31 }]);
    expect(answers).toHaveLength(1);
  });

  it("name what is supported", () => {
    // SAE J1979 §6.1: BE 1F A8 13 is the standard's example of PIDs 01, 03–07, 0C–11, 13, 15, 1C, 1F and 20.
    const pids = supportedPids(0, fromHex("be1fa813")).map((pid) => pid.toString(16));
    expect(pids.join(" ")).toBe("1 3 4 5 6 7 c d e f 10 11 13 15 1c 1f 20");
  });

  it("give bits from the highest, signed or not, never beyond the end", () => {
    const data = fromHex("8001ff7f");
    expect(rawSignal({ length: 16 }, data)).toBe(0x8001);
    expect(rawSignal({ length: 16, signed: true }, data)).toBe(-32_767);
    expect(rawSignal({ bit: 15, length: 9 }, data)).toBe(0x1ff);
    expect(rawSignal({ length: 32 }, data)).toBe(0x8001ff7f);
    expect(rawSignal({ length: 32, signed: true }, data)).toBe(0x8001ff7f - 2 ** 32);
    expect(() => rawSignal({ bit: 24, length: 9 }, data)).toThrow(
      expect.objectContaining({ code: "FS-OBD-SHORT" }) as Error,
    );
  });
});
