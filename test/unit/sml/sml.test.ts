import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../protocols/bytes/index.ts";
import { encodeSmlFile, SmlDecoder, type SmlEvent } from "../../../protocols/sml/index.ts";
import { ENTRIES, entry, file, kermit, listResponse, message, messages, SERVER, x25 } from "./by-hand.ts";

function entriesOf(event: SmlEvent | undefined): Record<string, string> {
  if (event?.kind !== "file") throw new Error(`no file: ${event?.kind === "discarded" ? event.why : "nothing"}`);
  const entries = event.lists.flatMap((list) => list.entries);
  return Object.fromEntries(entries.map(({ code, value, unit }) => [code, `${value}${unit ? ` ${unit}` : ""}`]));
}

const one = (bytes: Uint8Array) => {
  const events = new SmlDecoder().push(bytes);
  expect(events).toHaveLength(1);
  return events[0];
};

describe("SML files put together by hand", () => {
  it("has the check of the catalogue of CRCs", () => {
    // CRC-16/IBM-SDLC and CRC-16/KERMIT of "123456789": 906E and 2189.
    expect(x25("313233343536373839")).toBe("6e90");
    expect(kermit("313233343536373839")).toBe("8921");
  });

  it("reads scalers, signs, short integers and what has no unit", () => {
    expect(entriesOf(one(file(messages(ENTRIES))))).toEqual({
      "1-0:96.50.1*1": "70,83,76",
      "1-0:1.8.0": "2744809.2 Wh",
      "1-0:2.8.0": "7456.5 Wh",
      "1-0:16.7.0": "-364.0 W",
    });
  });

  it("reads every width and the sign of integers", () => {
    const value = (hex: string) => entriesOf(one(file(messages([entry("0100100700ff", "01", "621b", "5200", hex)]))));
    for (const [hex, text] of [
      ["52ff", "-1"],
      ["62ff", "255"],
      ["53ffff", "-1"],
      ["54ffff00", "-256"],
      ["6400ff00", "65280"],
      ["558000 0000", "-2147483648"],
      ["59ffffffffffffffff", "-1"],
      ["690000000100000000", "4294967296"],
      ["69ffffffffffffffff", "18446744073709551615"],
    ] as const) {
      expect(value(hex.replaceAll(" ", ""))).toEqual({ "1-0:16.7.0": `${text} W` });
    }
  });

  it("reads positive scalers: whole kWh of a meter without its PIN", () => {
    const entries = [entry("0100010800ff", "01", "621e", "5203", "6300c8")];
    expect(entriesOf(one(file(messages(entries))))).toEqual({ "1-0:1.8.0": "200e3 Wh" });
  });

  it("takes the CRC that meters of some makers send in place of X-25", () => {
    expect(one(file(messages(ENTRIES, kermit), kermit))).toMatchObject({ kind: "file" });
    expect(one(file(messages(ENTRIES, (hex) => x25(hex, 0x1234))))).toMatchObject({ why: "content" });
  });

  it("reads a length of more than one byte, and its own bytes are part of it", () => {
    // 83 02: 3·16 + 2 = 50 bytes, two of them the length itself.
    const text = "41".repeat(48);
    expect(entriesOf(one(file(messages([entry("0100000009ff", "01", "01", "01", `8302${text}`)]))))).toEqual({
      "1-0:0.0.9": String(new Array(48).fill(65)),
    });
    // F1 04: a list of 20.
    const many = Array.from({ length: 20 }, (_, i) =>
      entry(`010001080${(i % 10).toString()}ff`, "01", "01", "01", "6201"),
    );
    const body = listResponse([]).replace(/70(0101)$/, `f104${many.join("")}$1`);
    const event = one(file(message("00000001", "0701", body)));
    expect(event).toMatchObject({ kind: "file", lists: [{ entries: { length: 20 } }] });
  });

  it("takes escape bytes inside once, and none of those that only look like an end", () => {
    const value = entry("0100000009ff", "01", "01", "01", "0a1b1b1b1b1a00aabbcc".slice(0, 20));
    const plain = messages([value]);
    const doubled = plain.replace("1b1b1b1b", "1b1b1b1b1b1b1b1b");
    expect(entriesOf(one(file(doubled)))).toEqual({ "1-0:0.0.9": "27,27,27,27,26,0,170,187,204" });
  });

  it("passes over attentions and unknown messages", () => {
    const attention = message("00000009", "ff01", `7401070102030405 06 0101`.replaceAll(" ", ""));
    expect(one(file(attention + message("00000002", "0701", listResponse(ENTRIES))))).toMatchObject({
      kind: "file",
      lists: [{ serverId: fromHex(SERVER.slice(2)) }],
    });
  });

  it.each([
    ["a list deeper than any meter's", message("00000001", "0701", `${"71".repeat(40)}01`)],
    ["a list with more elements than bytes", message("00000001", "0701", "ff8f8f0f")],
    ["a length without an end", message("00000001", "0701", "ff8f8f8f8f8f8f8f0f")],
    ["a text longer than the file", message("00000001", "0701", "8f8f8f0f")],
    ["an integer of nine bytes", message("00000001", "0701", "5a000000000000000000")],
    ["a reserved type", message("00000001", "0701", "2201")],
    ["a list of six", message("00000001", "0701", "76010101010101")],
    ["an entry without a name", message("00000001", "0701", listResponse(["7701010101010101"]))],
    ["a message of five", "7505000000016200620072630201710163000000"],
    ["thousands of values in one message", message("00000001", "0701", `f1808000${"01".repeat(6000)}`)],
  ])("refuses %s", (_, content) => {
    expect(one(file(content))).toMatchObject({ kind: "discarded", why: "content" });
  });

  it("writes what it reads", () => {
    const id = fromHex(SERVER.slice(2));
    const bytes = encodeSmlFile(7, id, [
      { code: [1, 0, 1, 8, 0, 255], unit: 30, scaler: -1, value: 12_345_678_901n },
      { code: [1, 0, 16, 7, 0, 255], unit: 27, scaler: 0, value: -1834n },
      { code: [1, 0, 0, 0, 9, 255], unit: 255, scaler: 0, value: 0x1b1b1b1bn },
    ]);
    expect(bytes.length % 4).toBe(0);
    expect(entriesOf(one(bytes))).toEqual({
      "1-0:1.8.0": "1234567890.1 Wh",
      "1-0:16.7.0": "-1834 W",
      "1-0:0.0.9": String(0x1b1b1b1b),
    });
    const end = toHex(bytes).length - 4;
    expect(x25(toHex(bytes).slice(0, end))).toBe(toHex(bytes).slice(end));
  });
});

describe("SML stream", () => {
  const good = file(messages(ENTRIES));
  const seen = (events: readonly SmlEvent[]) => events.reduce((sum, { bytes }) => sum + bytes.length, 0);

  it("finds files however they are cut, and reports every other byte", () => {
    const noise = fromHex("001b1b1b1b1b01");
    const stream = concatBytes(noise, good, good, noise, good);
    for (const size of [1, 3, 7, 64, stream.length]) {
      const decoder = new SmlDecoder();
      const events: SmlEvent[] = [];
      for (let at = 0; at < stream.length; at += size) events.push(...decoder.push(stream.subarray(at, at + size)));
      expect(events.filter(({ kind }) => kind === "file")).toHaveLength(3);
      expect(seen(events)).toBe(stream.length);
    }
  });

  it("reads the next good file after any flipped byte", () => {
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 0x5a;
      const events = new SmlDecoder().push(concatBytes(good, bad, good, good));
      const files = events.filter(({ kind }) => kind === "file").length;
      // A damaged end runs into the next file's begin, which is an escape sequence that must not be there.
      expect(files, `byte ${at}`).toBe(3);
      expect(seen(events), `byte ${at}`).toBe(4 * good.length);
    }
  });

  it("does not wait for ever for an end", () => {
    const decoder = new SmlDecoder({ maxBytes: 256 });
    const events = decoder.push(concatBytes(fromHex("1b1b1b1b01010101"), new Uint8Array(300)));
    expect(events).toMatchObject([{ why: "too-long" }]);
  });
});
