import { expect, it } from "vitest";
import { concatBytes, fromHex, ProtocolError } from "../../protocols/bytes/index.ts";
import {
  decodeDlmsNotification,
  decodeHdlc,
  encodeHdlc,
  HanDecoder,
  readHanList,
} from "../../protocols/meter/index.ts";
import { fuzzDecoder, mutations } from "../support/mutate.ts";
import { HAN_FRAMES } from "../unit/meter/han-frames.ts";

const FRAMES = Object.values(HAN_FRAMES);
const PAYLOADS = FRAMES.map((frame) => decodeHdlc(frame.subarray(1, -1)).information);

it("HAN payload: mutated bytes end in a ProtocolError, quickly", () => {
  const decode = (bytes: Uint8Array) => readHanList(decodeDlmsNotification(bytes));
  expect(fuzzDecoder({ name: "HAN payload", corpus: PAYLOADS, decode }).accepted).toBeGreaterThan(0);
});

it("HAN payload in a sound frame: what is wrong is reported, never thrown", () => {
  for (const information of mutations(3, PAYLOADS, 5000, 2000)) {
    const frame = { destination: 1, source: 1, control: 0x13, segmented: false, information };
    expect(new HanDecoder().push(encodeHdlc(frame))).toHaveLength(1);
  }
});

it("HAN stream: every byte is accounted for, quickly", () => {
  const decode = (bytes: Uint8Array) => {
    const decoder = new HanDecoder();
    const events = [...decoder.push(bytes.subarray(0, 30)), ...decoder.push(bytes.subarray(30))];
    const seen = events.reduce((sum, event) => sum + event.bytes.length, 0);
    if (seen > bytes.length) throw new Error(`${seen} of ${bytes.length} bytes reported`);
    if (!events.some((event) => event.kind === "list")) throw new ProtocolError("FS-TEST", "nothing found");
  };
  fuzzDecoder({ name: "HAN stream", corpus: [...FRAMES, concatBytes(...FRAMES)], decode });
});

it("HAN stream: a flood of false starts costs little", () => {
  for (const hex of ["7e", "7ea0", "7ea7ff", "7ea7ff0101", "7ea00801020110", "7eaf", "a7"]) {
    const bytes = fromHex(hex.repeat(8192 / hex.length));
    const decoder = new HanDecoder();
    const before = process.cpuUsage();
    decoder.push(bytes);
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1000, hex).toBeLessThan(200);
  }
});

it("good frames behind mutated ones are read again after at most one frame's length", () => {
  const good = FRAMES[0]!;
  // A mutated length with its own right check is one in 65,536; its frame ends within 2047 bytes.
  const tail = concatBytes(...Array.from({ length: 60 }, () => good));
  for (const bytes of mutations(7, FRAMES, 3000, 4096)) {
    expect(new HanDecoder().push(concatBytes(bytes, tail)).at(-1)).toMatchObject({ kind: "list" });
  }
});
