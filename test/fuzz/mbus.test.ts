import { expect, it } from "vitest";
import { concatBytes, fromHex, ProtocolError } from "../../protocols/bytes/index.ts";
import { decodeMbusData, decodeMbusFrame, encodeMbusFrame, MbusDecoder } from "../../protocols/mbus/index.ts";
import { fuzzDecoder, mutations } from "../support/mutate.ts";

const data = (hex: string) => fromHex(`785634122440010755000000${hex}`);
/** Every kind of value, extension and ending. */
const VARIABLE = [
  data("0313153100da023b13018b6004371802"),
  data("0c7891640008066d1e2dcc9f2100426c5f1c046d240a611c"),
  data("0dfd0b053132484657057f0000c03f0d03d2341202fc0325524874220101ff13040f010203"),
  data("02fdc9ff01ed000283ff01ed001f"),
];
const FIXED = fromHex("93929190100005693165000069000000");

it("M-Bus variable data: mutated bytes end in a ProtocolError, quickly", () => {
  const decode = (bytes: Uint8Array) => decodeMbusData(0x72, bytes);
  expect(fuzzDecoder({ name: "M-Bus data", corpus: VARIABLE, decode }).accepted).toBeGreaterThan(0);
});

it("M-Bus fixed data: mutated bytes end in a ProtocolError, quickly", () => {
  fuzzDecoder({ name: "M-Bus fixed", corpus: [FIXED], decode: (bytes) => decodeMbusData(0x73, bytes), count: 20_000 });
});

const FRAMES = [...VARIABLE, FIXED].map((bytes, i) =>
  encodeMbusFrame({ kind: "long", control: 8, address: i, ci: 0x72, data: bytes }),
);

it("M-Bus stream: every byte is accounted for, quickly", () => {
  const decode = (bytes: Uint8Array) => {
    const decoder = new MbusDecoder();
    const events = [...decoder.push(bytes.subarray(0, 30)), ...decoder.push(bytes.subarray(30)), ...decoder.flush()];
    const seen = events.reduce((sum, event) => sum + event.bytes.length, 0);
    if (seen !== bytes.length) throw new Error(`${seen} of ${bytes.length} bytes reported`);
    if (!events.some((event) => event.kind === "frame")) throw new ProtocolError("FS-TEST", "nothing found");
  };
  fuzzDecoder({ name: "M-Bus stream", corpus: [...FRAMES, concatBytes(...FRAMES)], decode });
});

it("M-Bus stream: a flood of false starts costs little", () => {
  for (const hex of ["68", "68ffff68", "680303", "10", "6803036808", "00"]) {
    const bytes = fromHex(hex.repeat(8192 / hex.length));
    const decoder = new MbusDecoder();
    const before = process.cpuUsage();
    decoder.push(bytes);
    decoder.flush();
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1000, hex).toBeLessThan(200);
  }
});

it("a good frame behind mutated ones is read, once the line has been silent", () => {
  const good = FRAMES[0]!;
  for (const bytes of mutations(7, FRAMES, 3000, 4096)) {
    const decoder = new MbusDecoder();
    const events = [...decoder.push(bytes), ...decoder.flush(), ...decoder.push(good)];
    expect(events.at(-1)).toMatchObject({ kind: "frame", frame: decodeMbusFrame(good) });
  }
});
