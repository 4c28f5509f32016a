import { expect, it } from "vitest";
import { FirmataTransport, loadFirmata } from "../../firmware-bridge/firmata/index.ts";
import { memoryPort } from "../../firmware-bridge/port/index.ts";
import { concatBytes, fromHex, ProtocolError } from "../../protocols/bytes/index.ts";
import { FirmataDecoder, parseFirmata } from "../../protocols/firmata/index.ts";
import { fuzzDecoder, mutations } from "../support/mutate.ts";

const CORPUS = [
  "f90205f079020553007400f7",
  "f06c7f7f00010b0101017f00010b01010103087f02 0a06017ff7",
  "f06a7f7f0001f7",
  "f06e02000 0f7",
  "f077760008010100 6b00f7",
  "f07342027f0101f7",
  "f0734302010000000000000000f7",
  "f07400027e7f0c05f7",
  "e17f07900c01",
].map((hex) => fromHex(hex.replaceAll(" ", "")));

it("stream: every byte is accounted for, messages end in values or a ProtocolError", () => {
  const decode = (bytes: Uint8Array) => {
    const decoder = new FirmataDecoder();
    const events = [...decoder.push(bytes.subarray(0, 7)), ...decoder.push(bytes.subarray(7))];
    const total = events.reduce((sum, event) => sum + event.bytes.length, decoder.pending);
    if (total !== bytes.length) throw new Error("bytes lost or invented");
    for (const event of events) if (event.kind === "message") parseFirmata(event.bytes);
    if (events.every(({ kind }) => kind === "discarded")) throw new ProtocolError("FS-TEST", "nothing found");
  };
  fuzzDecoder({ name: "firmata stream", corpus: CORPUS, decode });
});

it("a good message behind mutated ones is always read", () => {
  const good = fromHex("f077760008010100f7");
  for (const bytes of mutations(5, CORPUS, 3000, 1024)) {
    expect(new FirmataDecoder().push(concatBytes(bytes, good)).at(-1)?.bytes).toEqual(good);
  }
});

it("firmata-io behind our transport survives whatever a board sends", async () => {
  const Firmata = await loadFirmata();
  for (const bytes of mutations(11, [...CORPUS, concatBytes(...CORPUS)], 1500, 512)) {
    const { host: port } = memoryPort();
    const transport = new FirmataTransport({ port });
    const io = new Firmata(transport, {});
    clearTimeout(io.reportVersionTimeoutId);
    transport.receive(CORPUS[0]!);
    transport.receive(bytes);
    transport.receive(CORPUS[0]!);
    expect(transport.discardedBytes + transport.goodBytes).toBeGreaterThan(0);
  }
});
