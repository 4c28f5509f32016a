import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../protocols/bytes/index.ts";
import {
  decodeRegisters,
  encodeMbap,
  encodeRequest,
  type ModbusRequest,
  RtuAnswerDecoder,
  TcpAnswerDecoder,
} from "../../../protocols/modbus/index.ts";
import { describeVectors, readVector, readVectorJson, vectorPath } from "../../support/vectors.ts";
import { DERATING, GOODWE_BASE, GOODWE_SENSORS, SAFETY_COUNTRIES, WORK_MODES } from "./goodwe-dt.ts";

type Expected = Record<string, { files: string[]; values: Record<string, { value: number | string | null }> }>;

const RUNNING: ModbusRequest = { fn: 3, address: GOODWE_BASE, count: 73 };
const DEVICE_INFO: ModbusRequest = { fn: 3, address: 30001, count: 40 };

function vector(file: string): Uint8Array {
  return fromHex(readVector(`goodwe/dt/${file}`).toString("utf8").trim());
}

/** The registers of an answer. Over UDP it is an RTU frame behind AA 55, over TCP it has an MBAP header and no CRC. */
function registers(file: string, request: ModbusRequest): Uint8Array {
  const bytes = vector(file);
  if (bytes[0] === 0xaa) {
    const events = new RtuAnswerDecoder({ unit: bytes[2]!, request }).push(bytes);
    expect(events).toMatchObject([{ kind: "discarded", bytes: fromHex("aa55"), why: "noise" }, { kind: "answer" }]);
    const event = events[1]!;
    if (event.kind !== "answer" || !("registers" in event.answer)) throw new Error("no registers");
    return event.answer.registers;
  }
  const [event] = new TcpAnswerDecoder().push(bytes);
  if (event?.kind !== "answer" || !("registers" in event.answer)) throw new Error("no registers");
  return event.answer.registers;
}

function sensor(data: Uint8Array, name: string): number | null {
  const { at, format, scale, absent } = GOODWE_SENSORS[name]!;
  const words = format.type.endsWith("32") ? 2 : 1;
  const offset = at - GOODWE_BASE;
  const raw = data.subarray(2 * offset, 2 * (offset + words));
  if (absent !== undefined && raw.every((byte) => byte === 0xff)) return absent;
  return Number(`${decodeRegisters(format, data, offset)}e${scale}`);
}

/** The reference computes powers and rounds halves to even. */
function product(data: Uint8Array, voltage: string, current: string): number {
  const exact = sensor(data, voltage)! * sensor(data, current)!;
  const below = Math.floor(exact);
  if (exact - below === 0.5) return below % 2 === 0 ? below : below + 1;
  return Math.round(exact);
}

function timestamp(data: Uint8Array): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const [year, month, day, hour, minute, second] = data;
  return `20${two(year!)}-${two(month!)}-${two(day!)} ${two(hour!)}:${two(minute!)}:${two(second!)}`;
}

function value(data: Uint8Array, name: string): number | string | null {
  if (name === "timestamp") return timestamp(data);
  if (name === "work_mode_label") return WORK_MODES[sensor(data, "work_mode")!]!;
  if (name === "safety_country_label") return SAFETY_COUNTRIES[sensor(data, "safety_country")!]!;
  if (name === "derating_mode_label") {
    const bits = sensor(data, "derating_mode")!;
    return Object.entries(DERATING)
      .filter(([bit]) => bits & (1 << Number(bit)))
      .map(([, text]) => text)
      .join(", ");
  }
  if (name === "ppv") return [1, 2, 3, 4].reduce((sum, n) => sum + product(data, `vpv${n}`, `ipv${n}`), 0);
  const power = /^p(pv|grid)(\d)$/.exec(name);
  if (power) return product(data, `v${power[1]}${power[2]}`, `i${power[1]}${power[2]}`);
  return sensor(data, name);
}

describeVectors("goodwe", "GoodWe inverters", () => {
  const expected = readVectorJson<Expected>("goodwe/expected.json");

  it("frames all 18 answers", () => {
    const files = readdirSync(vectorPath("goodwe/dt"));
    expect(files).toHaveLength(18);
    for (const file of files) registers(file, file.endsWith("device_info.hex") ? DEVICE_INFO : RUNNING);
  });

  it("refuses every UDP answer with one bit flipped", () => {
    const bytes = vector("GW17K-DT_running_data.hex");
    for (let bit = 0; bit < 8 * (bytes.length - 2); bit++) {
      const flipped = bytes.slice();
      flipped[2 + (bit >> 3)]! ^= 1 << (bit & 7);
      const decoder = new RtuAnswerDecoder({ unit: bytes[2]!, request: RUNNING });
      const events = [...decoder.push(flipped), ...decoder.flush()];
      expect(events.some((event) => event.kind === "answer")).toBe(false);
    }
  });

  it("reads model and serial number", () => {
    const info = registers("GW17K-DT_device_info.hex", DEVICE_INFO);
    expect(decodeRegisters({ type: "string", words: 8 }, info, 3)).toBe("5017KDTT00BW0000");
    expect(decodeRegisters({ type: "string", words: 5 }, info, 11)).toBe("GW17KT-DT");
  });

  it("writes the TCP answer's header as it was", () => {
    const bytes = vector("GW10K-MS-30_tcp_running_data.hex");
    expect(toHex(encodeMbap(0x8103, 0x7f, bytes.slice(7)))).toBe(toHex(bytes));
    expect(toHex(encodeRequest(RUNNING))).toBe("0375940049");
  });

  let compared = 0;
  describe("expected values", () => {
    for (const { files, values } of Object.values(expected)) {
      const file = files.find((name) => name.endsWith("running_data.hex"))!;
      it(file, () => {
        const data = registers(file, RUNNING);
        for (const [name, { value: wanted }] of Object.entries(values)) {
          expect(value(data, name), name).toEqual(wanted);
          compared++;
        }
      });
    }
    it("are 431", () => expect(compared).toBe(431));
  });
});
