import { expect, it } from "vitest";
import { lineValues } from "../../devices/drivers/text/values.ts";
import { findDriver } from "../../devices/index.ts";
import { fromUtf8, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";
import {
  decodeMbusFrame,
  encodeMbusFrame,
  mbusCommand,
  mbusRequest,
  mbusReset,
  mbusSelect,
} from "../../protocols/mbus/index.ts";
import { LineDecoder } from "../../protocols/text/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";

const LINES = [
  "ct1:1362,ct2:2226,ct3:949,ct4:0,vrms:24067,pulse:1,t0:216,t1:-32",
  "MSG:4711,Vrms:239.87,P1:512,P2:-1834,E1:20317,E2:0,pulse:3",
  "OK 5 234 5 218 252 196 2 3 91 233 1 0 0 0 0 0 0 0 0 0 0 1 0 0 0 (-0)",
].map(utf8);
const PROFILES = ["emontx3", "emontx-cm", "emonpi"].map((id) => findDriver(`text/openenergymonitor-${id}`));

it("printed lines: mutated ones are values or nothing, quickly", () => {
  const decode = (bytes: Uint8Array) => {
    const line = fromUtf8(bytes);
    if (line === undefined || !PROFILES.some((profile) => lineValues(profile, line)))
      throw new ProtocolError("FS-TEST", "none");
  };
  expect(fuzzDecoder({ name: "printed lines", corpus: LINES, decode, count: 30_000 }).refused).toBeGreaterThan(0);
});

it("printed stream: every byte is accounted for", () => {
  const decode = (bytes: Uint8Array) => {
    const events = new LineDecoder({ maxBytes: 128 }).push(bytes);
    const seen = events.reduce((sum, event) => sum + event.bytes.length, 0);
    if (seen > bytes.length || bytes.length - seen > 128) throw new Error(`${seen} of ${bytes.length} bytes reported`);
    if (events.length === 0) throw new ProtocolError("FS-TEST", "no line");
  };
  const corpus = LINES.map((line) => utf8(`${fromUtf8(line)}\r\n${fromUtf8(line)}\n`));
  fuzzDecoder({ name: "printed stream", corpus, decode, count: 30_000 });
});

it("M-Bus commands: a slave takes mutated frames or leaves them", () => {
  const corpus = [mbusReset(1), mbusRequest(1, true), mbusSelect("12345678")].map(encodeMbusFrame);
  fuzzDecoder({
    name: "M-Bus commands",
    corpus,
    decode: (bytes) => mbusCommand(decodeMbusFrame(bytes)),
    count: 30_000,
  });
});
