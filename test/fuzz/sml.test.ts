import { expect, it } from "vitest";
import { concatBytes, fromHex, ProtocolError } from "../../protocols/bytes/index.ts";
import { decodeSmlFile, SmlDecoder } from "../../protocols/sml/index.ts";
import { fuzzDecoder, mutations } from "../support/mutate.ts";
import { ENTRIES, file, kermit, listResponse, message, messages } from "../unit/sml/by-hand.ts";

const CONTENTS = [messages(ENTRIES), message("00000002", "0701", listResponse(ENTRIES)), messages([])].map(fromHex);
const FILES = [file(messages(ENTRIES)), file(messages([])), file(messages(ENTRIES, kermit), kermit)];

it("SML messages: mutated bytes end in a ProtocolError, quickly", () => {
  expect(fuzzDecoder({ name: "SML messages", corpus: CONTENTS, decode: decodeSmlFile }).accepted).toBeGreaterThan(0);
});

it("SML stream: every byte is accounted for, quickly", () => {
  const decode = (bytes: Uint8Array) => {
    const decoder = new SmlDecoder();
    const events = [...decoder.push(bytes.subarray(0, 40)), ...decoder.push(bytes.subarray(40))];
    const seen = events.reduce((sum, event) => sum + event.bytes.length, 0);
    if (seen > bytes.length) throw new Error(`${seen} of ${bytes.length} bytes reported`);
    if (!events.some((event) => event.kind === "file")) throw new ProtocolError("FS-TEST", "nothing found");
  };
  fuzzDecoder({ name: "SML stream", corpus: [...FILES, concatBytes(...FILES)], decode, count: 30_000 });
});

it("SML stream: a flood of false starts and of escapes costs little", () => {
  for (const hex of [
    "1b",
    "1b1b1b1b01010101",
    "1b1b1b1b010101",
    "1b1b1b1b1a00",
    "1b1b1b1b010101011b1b1b1b1a000000",
    "01",
  ]) {
    const bytes = fromHex(hex.repeat(Math.floor(16_384 / (hex.length / 2))));
    const decoder = new SmlDecoder();
    const before = process.cpuUsage();
    decoder.push(bytes);
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1000, hex).toBeLessThan(300);
  }
});

it("a good file behind mutated ones is read again within the longest file's length", () => {
  const good = FILES[1]!;
  const tail = concatBytes(...Array.from({ length: 130 }, () => good));
  for (const bytes of mutations(7, FILES, 2000, 2048)) {
    expect(new SmlDecoder().push(concatBytes(bytes, tail)).at(-1)).toMatchObject({ kind: "file" });
  }
});
