import { expect, it } from "vitest";
import { concatBytes, fromHex, ProtocolError } from "../../protocols/bytes/index.ts";
import {
  decodeAnswer,
  decodeRegisters,
  decodeRequest,
  decodeRtu,
  encodeAnswer,
  encodeMbap,
  encodeRequest,
  encodeRtu,
  type ModbusAnswer,
  type ModbusRequest,
  RtuAnswerDecoder,
  RtuRequestDecoder,
  TcpAnswerDecoder,
  TcpRequestDecoder,
} from "../../protocols/modbus/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";

const REQUESTS: ModbusRequest[] = [
  { fn: 1, address: 0x13, count: 19 },
  { fn: 3, address: 0x6b, count: 3 },
  { fn: 4, address: 0, count: 60 },
  { fn: 5, address: 0xac, on: true },
  { fn: 6, address: 1, value: 3 },
  { fn: 15, address: 0x13, bits: [true, false, true] },
  { fn: 16, address: 1, registers: fromHex("000a0102") },
  { fn: 22, address: 4, and: 0xf2, or: 0x25 },
  { fn: 23, address: 3, count: 6, writeAddress: 14, registers: fromHex("00ff00ff") },
];
const ANSWERS: ModbusAnswer[] = [
  { fn: 1, packed: fromHex("cd6b05") },
  { fn: 4, registers: new Uint8Array(120).fill(0x43) },
  { fn: 4, exception: 2 },
  { fn: 6, address: 1, value: 3 },
  { fn: 16, address: 1, count: 2 },
];
const requests = REQUESTS.map(encodeRequest);
const answers = ANSWERS.map(encodeAnswer);
const rtu = (pdus: readonly Uint8Array[]) => pdus.map((pdu) => encodeRtu(1, pdu));
const tcp = (pdus: readonly Uint8Array[]) => pdus.map((pdu, i) => encodeMbap(i, 1, pdu));

/** A stream decoder never refuses; for the fuzzer, finding nothing counts as refusal. */
function stream<E extends { kind: string; bytes?: Uint8Array }>(
  make: () => { push(b: Uint8Array): E[]; flush(): E[] },
) {
  return (bytes: Uint8Array) => {
    const decoder = make();
    const half = bytes.length >> 1;
    const events = [
      ...decoder.push(bytes.subarray(0, half)),
      ...decoder.push(bytes.subarray(half)),
      ...decoder.flush(),
    ];
    const lost = events.reduce((sum, event) => sum + (event.kind === "discarded" ? event.bytes!.length : 0), 0);
    if (lost > bytes.length) throw new Error(`${lost} of ${bytes.length} bytes discarded`);
    if (!events.some((event) => event.kind !== "discarded")) throw new ProtocolError("FS-TEST", "nothing found");
  };
}

it.each<[string, readonly Uint8Array[], (bytes: Uint8Array) => unknown]>([
  ["request PDU", requests, decodeRequest],
  ["answer PDU", answers, decodeAnswer],
  ["RTU frame", rtu(requests), decodeRtu],
  [
    "RTU answers",
    [concatBytes(...rtu(answers)), rtu(answers)[1]!],
    stream(() => new RtuAnswerDecoder({ unit: 1, request: REQUESTS[2]! })),
  ],
  ["RTU requests", [concatBytes(...rtu(requests)), ...rtu(requests)], stream(() => new RtuRequestDecoder())],
  ["TCP answers", [concatBytes(...tcp(answers)), ...tcp(answers)], stream(() => new TcpAnswerDecoder())],
  ["TCP requests", [concatBytes(...tcp(requests)), ...tcp(requests)], stream(() => new TcpRequestDecoder())],
  [
    "registers",
    [fromHex("436633344865666c6c6f")],
    (bytes) => {
      for (const type of ["u16", "i32", "u64", "f32", "f64"] as const)
        decodeRegisters({ type }, bytes.subarray(0, 8), 0);
      decodeRegisters({ type: "string", words: 2 }, bytes, 1);
    },
  ],
])("%s: mutated bytes end in a ProtocolError, quickly", (name, corpus, decode) => {
  expect(fuzzDecoder({ name, corpus, decode }).runs).toBeGreaterThan(0);
});
