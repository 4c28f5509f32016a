import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, utf8 } from "../../../protocols/bytes/index.ts";
import { encodeTelegram, findValue, TelegramDecoder, type TelegramEvent } from "../../../protocols/meter/index.ts";
import { readTranscript } from "../../support/transcript.ts";
import { describeVectors } from "../../support/vectors.ts";

const numbered = (n: number) =>
  encodeTelegram("ISK5TEST", ["1-3:0.2.8(50)", `1-0:1.8.1(${String(n).padStart(6, "0")}.000*kWh)`]);

const old = (n: number) => utf8(`/ISk5\\2MT382\r\n\r\n1-0:1.8.1(${String(n).padStart(5, "0")}.001*kWh)\r\n!\r\n`);

function energies(events: readonly TelegramEvent[]): number[] {
  return events.flatMap((event) =>
    event.kind === "telegram" ? [Math.floor(Number(findValue(event.telegram, "1-0:1.8.1")?.text))] : [],
  );
}

describe("telegram stream", () => {
  it("reads telegrams in chunks of any size and accounts for every byte", () => {
    const stream = concatBytes(utf8("4.426*kWh)\r\n!12AB\r\n"), numbered(1), numbered(2), old(3), numbered(4));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: stream.length }), (size) => {
        const decoder = new TelegramDecoder();
        const events: TelegramEvent[] = [];
        for (let at = 0; at < stream.length; at += size) events.push(...decoder.push(stream.slice(at, at + size)));
        expect(energies(events)).toEqual([1, 2, 3, 4]);
        expect(events.reduce((sum, event) => sum + event.bytes.length, 0)).toBe(stream.length);
      }),
    );
  });

  it.each([
    ["with CRC", numbered],
    ["without CRC", old],
  ])("loses no other telegram to one flipped byte, %s", (_, make) => {
    const list = [1, 2, 3, 4];
    const parts = list.map(make);
    const length = parts[0]!.length;
    fc.assert(
      fc.property(fc.nat(length * 4 - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const stream = concatBytes(...parts);
        stream[at]! ^= flip;
        const found = energies(new TelegramDecoder().push(concatBytes(stream, make(5))));
        const hit = Math.floor(at / length) + 1;
        for (const n of [...list, 5]) if (n !== hit) expect(found).toContain(n);
      }),
      { numRuns: 2000, seed: 20261122 },
    );
  });

  it("gives up a telegram that was cut off when the next begins", () => {
    const cut = numbered(1).slice(0, 30);
    const events = new TelegramDecoder().push(concatBytes(cut, numbered(2)));
    expect(events).toMatchObject([{ kind: "discarded", why: "damaged" }, { kind: "telegram" }]);
    expect(events[0]!.bytes).toEqual(cut);
  });

  it("says why", () => {
    const bad = numbered(1);
    bad[30]! ^= 1;
    expect(new TelegramDecoder().push(bad)).toMatchObject([
      { kind: "discarded", why: "damaged", error: { code: "FS-METER-CRC" } },
    ]);
  });

  it("bounds what it keeps", () => {
    const decoder = new TelegramDecoder({ maxBytes: 1000 });
    const endless = concatBytes(utf8("/ISK5X\r\n\r\n"), new Uint8Array(2000).fill(0x30));
    expect(decoder.push(endless)).toMatchObject([{ kind: "discarded", why: "too-long" }]);
    expect(energies(decoder.push(numbered(7)))).toEqual([7]);
  });
});

describeVectors("transcripts/players", "P1 ports at their own pace", () => {
  it.each([
    ["p1-dsmr22-9600", 3, undefined],
    ["p1-dsmr5-live-3600W", 10, 4],
  ])("%s", (name, count, first) => {
    const decoder = new TelegramDecoder();
    const events = readTranscript(`transcripts/players/${name}.jsonl`).flatMap(({ bytes }) => decoder.push(bytes));
    expect(events.filter((event) => event.kind === "telegram")).toHaveLength(count);
    expect(events.filter((event) => event.kind === "discarded")).toEqual([]);
    if (first !== undefined) {
      const texts = events.map((event) => event.kind === "telegram" && findValue(event.telegram, "1-0:1.8.1")?.text);
      expect(texts.slice(0, 4)).toEqual(["000004.426", "000004.427", "000004.428", "000004.429"]);
    }
  });
});
