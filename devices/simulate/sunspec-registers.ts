import { utf8 } from "../../protocols/bytes/index.ts";
import { type SunspecPointDefinition, sunspecModel } from "../../protocols/sunspec/index.ts";
import type { SimulatedBoard } from "./board.ts";

const BASE = 40_000;

/** Registers of one point: its value where it is known, else "not implemented". */
function encodePoint({ type, size }: SunspecPointDefinition, value: number | string | undefined): Uint8Array {
  const bytes = new Uint8Array(2 * size);
  const view = new DataView(bytes.buffer);
  if (type === "string") bytes.set(utf8(String(value ?? "")).subarray(0, bytes.length));
  else if (type === "float32") view.setFloat32(0, Number(value ?? Number.NaN));
  else if (type === "pad") view.setUint16(0, 0x8000);
  else if (value === undefined) {
    // Device Information Model V1.1 §4.4.4: the lowest of signed, the highest of unsigned, 0 of accumulated values.
    const signed = type.startsWith("int") || type === "sunssf";
    if (signed) bytes[0] = 0x80;
    else if (!type.startsWith("acc") && !type.startsWith("ip")) bytes.fill(0xff);
  } else {
    let left = BigInt(Math.floor(Number(value)));
    for (let i = bytes.length - 1; i >= 0; i--) {
      bytes[i] = Number(left & 0xffn);
      left >>= 8n;
    }
  }
  return bytes;
}

/** Decimal places that integers of a unit are given with. */
const PLACES: Readonly<Record<string, number>> = { A: -1, V: -1, Hz: -2, Pct: -1, C: -1 };

function modelBytes(id: number, values: ReadonlyMap<string, number | string>): Uint8Array {
  const points = sunspecModel(id)!.group.points.slice(2);
  const factors = new Map<string, number>();
  for (const { sf, units } of points) if (typeof sf === "string") factors.set(sf, PLACES[units ?? ""] ?? 0);
  const parts = points.map((point) => {
    const { name, sf } = point;
    const factor = factors.get(name);
    const value = factor ?? values.get(name);
    const scaled =
      typeof value === "number" && typeof sf === "string" ? Math.round(value / 10 ** factors.get(sf)!) : value;
    return encodePoint(point, scaled);
  });
  const data = parts.flatMap((part) => [...part]);
  return Uint8Array.of(id >> 8, id & 0xff, data.length >> 9, (data.length >> 1) & 0xff, ...data);
}

/** A SunSpec device's holding registers: marker, model 1, the model that its profile asks for first, end. */
export class SunspecRegisters {
  readonly #board: SimulatedBoard;

  constructor(board: SimulatedBoard) {
    this.#board = board;
  }

  #image(): Uint8Array {
    const { profile } = this.#board;
    const reported = this.#board.reported();
    const [first] = profile.measurements;
    // Integers with scale factors, as most devices are delivered: the model for three phases.
    const models = first!.sunspec![0]!.models;
    const id = models.find((model) => model === 103 || model === 203) ?? models[0]!;
    const values = new Map<string, number | string>();
    for (const { name, kind, sunspec } of profile.measurements) {
      const source = sunspec?.find((one) => one.models.includes(id));
      if (!source || kind === "state") continue;
      const value = reported.get(name) ?? 0;
      // An accumulated value of 0 says that there is none (V1.1 §4.4.4): a register that fell begins at 1.
      values.set(source.point, kind === "counter" ? Math.max(1, value) : value);
    }
    const common = new Map<string, number | string>([
      ["Mn", profile.vendor],
      ["Md", profile.model],
      ["SN", "SIMULATED"],
      ["DA", this.#board.unit],
    ]);
    return Uint8Array.from([
      0x53,
      0x75,
      0x6e,
      0x53,
      ...modelBytes(1, common),
      ...modelBytes(id, values),
      0xff,
      0xff,
      0,
      0,
    ]);
  }

  read(table: string, at: number, count: number): Uint8Array | undefined {
    if (table !== "holding" || at < BASE) return undefined;
    const image = this.#image();
    const start = 2 * (at - BASE);
    return start + 2 * count <= image.length ? image.slice(start, start + 2 * count) : undefined;
  }

  write(): boolean {
    return false;
  }
}
