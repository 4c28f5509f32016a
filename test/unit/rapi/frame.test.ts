import { describe, expect, it } from "vitest";
import { concatBytes, utf8 } from "../../../protocols/bytes/index.ts";
import { encodeRapi, evseState, MAX_RAPI, RapiDecoder, type RapiEvent } from "../../../protocols/rapi/index.ts";
import { readTranscript } from "../../support/transcript.ts";
import { describeVectors } from "../../support/vectors.ts";

const frames = (events: readonly RapiEvent[]) =>
  events.flatMap((event) => (event.kind === "frame" ? [event.frame] : []));
const lost = (events: readonly RapiEvent[]) =>
  events.reduce((sum, event) => sum + (event.kind === "discarded" ? event.bytes.length : 0), 0);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("RAPI frames", () => {
  // Examples and checksums as rapi_proc.h of the OpenEVSE firmware prints them.
  it.each([
    ["GS", [], "xor", "$GS^30\r"],
    ["F0", ["1"], "xor", "$F0 1^43\r"],
    ["SK", ["0"], "xor", "$SK 0^2C\r"],
    ["FD", [], "sum", "$FD*AE\r"],
    ["SL", ["1"], "sum", "$SL 1*14\r"],
    ["FB", ["7"], "sum", "$FB 7*03\r"],
    ["ST", ["0", "0", "0", "0"], "xor", "$ST 0 0 0 0^23\r"],
    ["GS", [], "none", "$GS\r"],
  ] as const)("%s %j with %s", (name, parameters, checksum, line) => {
    expect(text(encodeRapi({ name, parameters, checksum }))).toBe(line);
    expect(frames(new RapiDecoder().push(utf8(line)))).toEqual([{ name, parameters, checksum }]);
  });

  it("carries sequence ids, with the space and without", () => {
    const line = encodeRapi({ name: "GS", parameters: [], sequence: 0x2a, checksum: "xor" });
    expect(text(line)).toMatch(/^\$GS :2A\^[0-9A-F]{2}\r$/);
    expect(frames(new RapiDecoder().push(line))).toMatchObject([{ name: "GS", parameters: [], sequence: 0x2a }]);
    expect(frames(new RapiDecoder().push(utf8("$GS:2A^79\r")))).toMatchObject([{ name: "GS", sequence: 0x2a }]);
  });

  it.each([
    { name: "GS", parameters: ["a^b"] },
    { name: "GS", parameters: ["$GS"] },
    { name: "GS", parameters: ["\r"] },
    { name: "GS", parameters: ["x".repeat(MAX_RAPI)] },
    { name: "GS", parameters: [], sequence: 0 },
  ])("refuses to write %j", (frame) => {
    expect(() => encodeRapi({ ...frame, checksum: "xor" })).toThrow(
      expect.objectContaining({ code: "FS-RAPI-FRAME" }) as Error,
    );
  });

  it("reads the next line after any damage to one, wherever the stream is cut", () => {
    const good = utf8("$OK 03 35 03 0540^27\r");
    const next = utf8("$AT 03 03 16 0540^37\r");
    for (let at = 0; at < good.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bad = good.slice();
        bad[at]! ^= 1 << bit;
        const decoder = new RapiDecoder();
        const stream = concatBytes(utf8("$OK^20\r"), bad, next, good);
        const events: RapiEvent[] = [];
        for (let i = 0; i < stream.length; i += 5) events.push(...decoder.push(stream.subarray(i, i + 5)));
        const names = frames(events).map(({ name, parameters }) => [name, ...parameters].join(" "));
        // A line whose end was hit takes the next one with it, as long as it is one line.
        if (at < good.length - 1) expect(names, `byte ${at} bit ${bit}`).toContain("AT 03 03 16 0540");
        expect(names.at(-1)).toBe("OK 03 35 03 0540");
      }
    }
  });

  it("bounds what it holds, and finds lines behind long noise", () => {
    const decoder = new RapiDecoder();
    expect(lost(decoder.push(utf8("$".repeat(5000))))).toBeGreaterThan(4800);
    expect(lost(decoder.push(utf8(`$GS${"x".repeat(20_000)}`)))).toBeGreaterThan(19_800);
    expect(frames(decoder.push(utf8("\r$OK^20\r")))).toMatchObject([{ name: "OK" }]);
  });

  it("reads states of all versions", () => {
    expect(evseState(["fe", "53", "03", "0500"])).toEqual({ state: 254, elapsed: 53, open: true, vehicle: true });
    expect(evseState(["01", "58", "01", "0200"])).toEqual({ state: 1, elapsed: 58, open: false, vehicle: false });
    expect(evseState(["254", "12"])).toEqual({ state: 254, elapsed: 12 });
    for (const words of [[], ["1"], ["xx", "1"], ["1", "-1"], ["01", "0", "01", "zz"]]) {
      expect(() => evseState(words)).toThrow(expect.objectContaining({ code: "FS-RAPI-ANSWER" }) as Error);
    }
  });
});

describeVectors("transcripts/openevse", "RAPI of real firmware", () => {
  it("reads every line of both sides, and discards only the chatter", () => {
    const sides = { board: new RapiDecoder(), host: new RapiDecoder() };
    const names = new Map<string, number>();
    let discarded = "";
    for (const { from, bytes } of readTranscript("transcripts/openevse/D8.1.1-v5-all-states.jsonl")) {
      for (const event of sides[from].push(bytes)) {
        if (event.kind === "frame") names.set(event.frame.name, (names.get(event.frame.name) ?? 0) + 1);
        else discarded += text(event.bytes);
      }
    }
    // `$GS*00` was sent to see it refused; the rest is what the firmware prints at its start.
    expect(discarded.replaceAll("\nrelayCloseMs: 25\r\nrelayHoldPwm: 75\r\n", "")).toBe("$GS*00\r");
    expect(Object.fromEntries(names)).toMatchObject({ AB: 2, AT: 20, GU: 16, NK: 3 });
  });
});
