import { expect, it } from "vitest";
import generic from "../../devices/catalog/chargers/generic/profile.ts";
import { frames as old } from "../../devices/catalog/chargers/ocpp-16/frames.ts";
import { frames as current } from "../../devices/catalog/chargers/ocpp-201/frames.ts";
import { OcppConnection } from "../../devices/drivers/ocpp/connection.ts";
import { validatePayload } from "../../devices/drivers/ocpp/schemas.ts";
import { memorySockets } from "../../devices/drivers/ocpp/socket.ts";
import { StationModel } from "../../devices/drivers/ocpp/station.ts";
import { manualClock } from "../../firmware-bridge/port/index.ts";
import { fromUtf8, ProtocolError, toBase64, toHex, utf8 } from "../../protocols/bytes/index.ts";
import {
  decodeOcppMessage,
  decodeSignedRecord,
  type OcppVersion,
  signedValue16,
  stationEvent,
} from "../../protocols/ocpp/index.ts";
import { encodeReading } from "../../protocols/reading/index.ts";
import { fuzzCount, fuzzDecoder } from "../support/mutate.ts";

const lines = (frames: readonly { answer: string }[]) => [
  ...new Set(frames.flatMap(({ answer }) => answer.split("\n"))),
];
const CORPUS: readonly (readonly [OcppVersion, readonly string[]])[] = [
  ["1.6", lines(old)],
  ["2.0.1", lines(current)],
];

const count = Math.ceil(fuzzCount() / 4);

it("message: mutated bytes end in a ProtocolError", () => {
  const corpus = CORPUS.flatMap(([, texts]) => texts.map(utf8));
  const decode = (bytes: Uint8Array) => void decodeOcppMessage(fromUtf8(bytes) ?? "");
  expect(fuzzDecoder({ name: "ocpp message", corpus, decode, count }).accepted).toBeGreaterThan(0);
});

it("signed value: any text is told, and only a record is read as one", () => {
  const record = 'OCMF|{"PG":"T1","RD":[{"TM":"2018-07-24T13:22:04,000+0200 S","RV":1}]}|{"SD":"00"}';
  const object = JSON.stringify({ signedMeterData: toBase64(utf8(record)) });
  const corpus = [record, object, toHex(utf8(record)), toBase64(utf8(record))].map(utf8);
  const decode = (bytes: Uint8Array) => void decodeSignedRecord(signedValue16(fromUtf8(bytes) ?? "", ""));
  expect(fuzzDecoder({ name: "ocpp signed", corpus, decode, count }).accepted).toBeGreaterThan(0);
});

it.each(CORPUS)(
  "session of %s: whatever passes the schema makes a reading, and the work register never falls",
  (version, texts) => {
    let work = 0n;
    const model = new StationModel({ profile: generic, station: "S", now: () => 0, nextTransactionId: () => 1 });
    const decode = (bytes: Uint8Array) => {
      const message = decodeOcppMessage(fromUtf8(bytes) ?? "");
      if (message.kind !== "call" || !validatePayload(version, message.action, "req", message.payload).valid) {
        throw new ProtocolError("FS-OCPP-MESSAGE", "refused");
      }
      const values = model.values(model.take(stationEvent(version, message.action, message.payload)));
      encodeReading({ time: 0, quality: 0, measurements: [...values].map(([name, value]) => ({ name, value })) });
      expect(model.ledger.total).toBeGreaterThanOrEqual(work);
      work = model.ledger.total;
      expect(JSON.stringify(model.ledger.save()).length).toBeLessThan(1_000_000);
    };
    const report = fuzzDecoder({
      name: `ocpp ${version}`,
      corpus: texts.map(utf8),
      decode,
      count: Math.ceil(fuzzCount() / 10),
    });
    expect(report.accepted).toBeGreaterThan(0);
  },
);

it.each(CORPUS)("stream of %s: with any byte of a message flipped, the next is answered", (version, texts) => {
  for (const text of texts) {
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 7);
      const { near, far } = memorySockets();
      const heard: string[] = [];
      far.onText = (answer) => heard.push(answer);
      const connection = new OcppConnection({
        socket: near,
        version,
        clock: manualClock(),
        validate: validatePayload,
        timeout: 1000,
        onCall: () => ({}),
        onClosed: () => undefined,
      });
      far.send(fromUtf8(flipped) ?? "");
      far.send('[2,"next","Heartbeat",{}]');
      expect(heard.at(-1)).toBe('[3,"next",{}]');
      connection.terminate();
    }
  }
});
