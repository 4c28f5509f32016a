import { expect, it } from "vitest";
import { concatBytes, fromHex } from "../../../protocols/bytes/index.ts";
import {
  type DlmsData,
  decodeDlmsNotification,
  decodeHdlc,
  dlmsTimeToUtc,
  encodeDlmsNotification,
  encodeHdlc,
  HanDecoder,
  type HanEvent,
  type HanList,
  readHanList,
  type Telegram,
  TelegramDecoder,
} from "../../../protocols/meter/index.ts";
import { parseObject } from "../../../protocols/meter/obis.ts";
import { decodeTelegram } from "../../../protocols/meter/telegram.ts";
import { Decimal } from "../../../protocols/reading/index.ts";
import { describeVectors, readVectorJson } from "../../support/vectors.ts";
import { HAN_FRAMES, obis, structure, text, u32 } from "./han-frames.ts";

interface Case {
  set: string;
  name: string;
  hex: string;
  decoded?: Record<string, string>;
}

/** Names of the vectors' own decoder for group C.D. */
const NAMES: Readonly<Record<string, string>> = {
  "0.2": "list_ver_id",
  "96.1": "meter_id",
  "1.0": "meter_datetime",
  ...Object.fromEntries(
    [
      ["", "0"],
      ["_l1", "20"],
      ["_l2", "40"],
      ["_l3", "60"],
    ].flatMap(([phase, c]) =>
      ["active_power_import", "active_power_export", "reactive_power_import", "reactive_power_export"].flatMap(
        (name, i) => [
          [`${Number(c) + i + 1}.7`, `${name}${phase}`],
          ...(phase === "" ? [[`${i + 1}.8`, `${name}_total`]] : []),
        ],
      ),
    ),
  ),
  ...Object.fromEntries([31, 51, 71].map((c, i) => [`${c}.7`, `current_l${i + 1}`])),
  ...Object.fromEntries([32, 52, 72].map((c, i) => [`${c}.7`, `voltage_l${i + 1}`])),
};

function nameOf(code: string): string {
  const [, c, d, e] = /:(\d+)\.(\d+)\.(\d+)/.exec(code)!;
  if (`${c}.${d}.${e}` === "96.1.7" || (code.startsWith("0-0:") && `${c}.${d}.${e}` === "96.1.1")) return "meter_type";
  if (c === "0" && d === "2" && e === "8") return "0.2.8";
  const name = e === "0" || c === "0" || c === "96" ? NAMES[`${c}.${d}`] : undefined;
  return name !== undefined && !(c === "96" && e !== "0") ? name : `${c}.${d}.${e}`;
}

/** Digits as the vectors write a time, with the offset where one is stated. */
const timeText = (local: number) => new Date(local).toISOString().slice(0, 19).replace("T", " ");

/** The vectors' decoder multiplies doubles and cuts: 518.309 kvarh becomes 518308 varh. */
const ROUNDED_DOWN: Readonly<Record<string, Record<string, string>>> = {
  EXAMPLE_DATA_A_LANDISGYR_360: { reactive_power_import_total: "518309" },
  EXAMPLE_DATA_D_LANDISGYR_360: { active_power_import_l3: "1011" },
};

function telegramOf(name: string, bytes: Uint8Array): Telegram {
  if (name === "EXAMPLE_DATA_B") {
    // It says DSMR 4.2 and has lost its CRC, so it is refused; its objects are read as if an older meter had sent them.
    expect(() => decodeTelegram(bytes)).toThrow(expect.objectContaining({ code: "FS-METER-CRC" }) as Error);
    const text = new TextDecoder().decode(bytes).replace("1-3:0.2.8(42)", "1-0:0.2.8(42)");
    return decodeTelegram(new TextEncoder().encode(text));
  }
  const event = new TelegramDecoder().push(bytes).find((e) => e.kind === "telegram");
  // One ends with its CRC: the stream decoder waits for the line end, which the whole one does without.
  return event ? event.telegram : decodeTelegram(bytes);
}

describeVectors("han", "payloads of HAN and D0 meters", () => {
  const cases = readVectorJson<Case[]>("han/payloads.json");

  it("has the sets it is known to have", () => {
    expect([...new Set(cases.map(({ set }) => set))]).toEqual(["kaifa", "dlde"]);
  });

  it.each(cases.filter(({ set }) => set === "kaifa"))("Kaifa: $name", ({ hex, decoded }) => {
    const list = readHanList(decodeDlmsNotification(fromHex(hex)));
    const found: Record<string, string> = { meter_manufacturer: "Kaifa" };
    if (list.time) {
      const offset = list.time.deviation === undefined ? "" : "+01:00";
      if (offset !== "") expect(list.time.deviation).toBe(-60);
      found["meter_datetime"] = `${timeText(list.time.local)}${offset}`;
    }
    for (const { code, value } of list.objects) {
      if (nameOf(code) === "meter_datetime") continue;
      found[nameOf(code)] = value instanceof Decimal ? String(value.toNumber()) : String(value);
    }
    const expected = Object.entries(decoded!).map(([name, text]) => [
      name,
      /^-?\d+\.\d+$/.test(text) ? String(Number(text)) : text,
    ]);
    // The vectors' decoder names no maker where the meter sends references.
    if (!("meter_manufacturer" in decoded!)) delete found["meter_manufacturer"];
    expect(found).toEqual(Object.fromEntries(expected));
  });

  it.each(cases.filter(({ set, name }) => set === "dlde" && /^(EXAMPLE|IDENT)/.test(name)))("D0: $name", (vector) => {
    const bytes = fromHex(vector.hex);
    if (vector.name === "IDENT") {
      expect(decodeTelegram(concatBytes(bytes, fromHex("0d0a210d0a"))).header).toBe("LGF5E360");
      return;
    }
    expect(compared(telegramOf(vector.name, bytes).objects, vector.decoded!)).toEqual({
      ...vector.decoded,
      ...ROUNDED_DOWN[vector.name],
    });
  });

  it.each(cases.filter(({ name }) => name.startsWith("LINE")))("D0: $name", ({ hex, decoded }) => {
    const line = new TextDecoder().decode(fromHex(hex)).trim();
    expect(compared([parseObject(line)], decoded!)).toEqual(decoded);
  });
});

/** Our objects under the vectors' names, in W, Wh, var, varh, V and A. */
function compared(
  objects: readonly { code: string; values: readonly { text: string; unit?: string }[] }[],
  decoded: Readonly<Record<string, string>>,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { code, values } of objects) {
    const { text, unit } = values[0]!;
    const name = nameOf(code);
    // Their decoder drops what has more than one value.
    if (!(name in decoded)) {
      expect(values.length, code).toBeGreaterThan(1);
      continue;
    }
    if (name === "meter_datetime") {
      const [y, mo, d, h, mi, s] = text.match(/\d\d/g)!;
      found[name] = `20${y}-${mo}-${d} ${h}:${mi}:${s}`;
    } else if (unit === undefined) {
      found[name] = text;
    } else if (/^k/.test(unit)) {
      found[name] = String(new Decimal(Decimal.parse(text).mantissa, Decimal.parse(text).exponent + 3).toNumber());
    } else {
      found[name] = Number(text) === Number(decoded[name]) ? decoded[name]! : text;
    }
  }
  return found;
}

const one = (frame: Uint8Array): HanList => {
  const events = new HanDecoder().push(frame);
  expect(events.map((event) => event.kind)).toEqual(["list"]);
  return (events[0] as HanEvent & { kind: "list" }).list;
};
const numbers = (list: HanList) =>
  Object.fromEntries(
    list.objects.flatMap(({ code, value, unit }) => (value instanceof Decimal ? [[code, `${value} ${unit}`]] : [])),
  );

it("reads a Kaifa frame, also with a flag byte inside", () => {
  expect(numbers(one(HAN_FRAMES.kaifa))).toEqual({ "1-0:1.7.0": "1234 W" });
  expect(HAN_FRAMES.kaifaWithFlag.subarray(1, -1)).toContain(0x7e);
  const list = one(HAN_FRAMES.kaifaWithFlag);
  expect(numbers(list)).toEqual({ "1-0:1.7.0": "2686 W" });
  expect(list.time).toEqual({ local: Date.UTC(2024, 0, 1, 12, 0, 20), status: 0 });
  expect(dlmsTimeToUtc(list.time!)).toBeUndefined();
});

it("reads Aidon frames by their own scalers and units", () => {
  expect(numbers(one(HAN_FRAMES.aidon1))).toEqual({ "1-0:1.7.0": "1000 W" });
  const list = one(HAN_FRAMES.aidon3);
  expect(list).toMatchObject({ layout: "cosem", version: "AIDON_V0001" });
  expect(list.time?.local).toBe(Date.UTC(2024, 0, 1, 13));
  expect(numbers(list)).toEqual({
    "1-0:1.7.0": "1500 W",
    "1-0:2.7.0": "0 W",
    "1-0:3.7.0": "20 var",
    "1-0:4.7.0": "300 var",
    "1-0:31.7.0": "1.0 A",
    "1-0:51.7.0": "2.5 A",
    "1-0:71.7.0": "-0.3 A",
    "1-0:32.7.0": "230.1 V",
    "1-0:52.7.0": "230.2 V",
    "1-0:72.7.0": "230.3 V",
    "1-0:1.8.0": "11111111e1 Wh",
    "1-0:2.8.0": "0e1 Wh",
    "1-0:3.8.0": "2222e1 varh",
    "1-0:4.8.0": "333333e1 varh",
  });
  expect(list.objects.slice(0, 3).map(({ code, value }) => [code, value])).toEqual([
    ["1-1:0.2.129", "AIDON_V0001"],
    ["0-0:96.1.0", "0000000000000001"],
    ["0-0:96.1.7", "0001"],
  ]);
});

it("reads a Kamstrup frame: hundredths of an ampere, whole volts", () => {
  const list = one(HAN_FRAMES.kamstrup);
  expect(list).toMatchObject({ layout: "kamstrup", version: "Kamstrup_V0001" });
  expect(list.time?.local).toBe(Date.UTC(2024, 0, 1, 12, 0, 30));
  expect(numbers(list)).toEqual({
    "1-1:1.7.0": "700 W",
    "1-1:2.7.0": "0 W",
    "1-1:3.7.0": "50 var",
    "1-1:4.7.0": "60 var",
    "1-1:31.7.0": "1.01 A",
    "1-1:51.7.0": "2.02 A",
    "1-1:71.7.0": "0.33 A",
    "1-1:32.7.0": "231 V",
    "1-1:52.7.0": "232 V",
    "1-1:72.7.0": "233 V",
  });
});

const list = (...value: DlmsData[]) => readHanList({ invokeId: 0, data: structure(...value) });

it("reads Kamstrup's energies as tens of Wh, milliampere behind transformers, and leaves absent phases out", () => {
  const kamstrup = (type: string) =>
    numbers(
      list(
        text("Kamstrup_V0001"),
        obis(1, 1, 96, 1, 1),
        text(type),
        obis(1, 1, 31, 7, 0),
        u32(456n),
        { type: "null-data" },
        { type: "null-data" },
        obis(1, 1, 1, 8, 0),
        u32(1000001n),
      ),
    );
  expect(kamstrup("686000000000000000")).toEqual({ "1-1:31.7.0": "4.56 A", "1-1:1.8.0": "1000001e1 Wh" });
  expect(kamstrup("685000000000000000")).toEqual({ "1-1:31.7.0": "0.456 A", "1-1:1.8.0": "1000001e1 Wh" });
});

it.each([
  ["no structure", { type: "null-data" }],
  ["an unknown number of bare elements", { type: "structure", value: [u32(1n), u32(2n)] }],
  ["a reference without a value", { type: "structure", value: [obis(1, 0, 1, 7, 0)] }],
  ["a value in place of a reference", { type: "structure", value: [text("K"), u32(1n), u32(1n)] }],
  [
    "an element without scaler",
    { type: "array", value: [{ type: "structure", value: [obis(1, 0, 1, 7, 0), u32(1n), u32(1n)] }] },
  ],
] as [string, DlmsData][])("refuses %s", (_, data) => {
  expect(() => readHanList({ invokeId: 0, data })).toThrow(expect.objectContaining({ code: "FS-HAN-LIST" }) as Error);
});

it("says that a list is encrypted, and what to do", () => {
  expect(() => decodeDlmsNotification(fromHex("e6e700db0848"))).toThrow(
    expect.objectContaining({ code: "FS-DLMS-CIPHERED", fix: expect.any(String) as string }) as Error,
  );
});

it("joins a message over several frames, and reports one that lost a part", () => {
  const whole = decodeHdlc(HAN_FRAMES.aidon3.subarray(1, -1)).information;
  const frames = [0, 100, 200, 300].map((from) =>
    encodeHdlc({
      destination: 1,
      source: 1,
      control: 0x13,
      segmented: from < 300,
      information: whole.slice(from, from < 300 ? from + 100 : undefined),
    }),
  );
  expect(new HanDecoder().push(concatBytes(...frames))).toMatchObject([{ kind: "list", list: { layout: "cosem" } }]);
  const damaged = frames[1]!.slice();
  damaged[50]! ^= 1;
  const decoder = new HanDecoder();
  const events = decoder.push(concatBytes(frames[0]!, damaged, frames[2]!, frames[3]!, HAN_FRAMES.kaifa));
  expect(events.map((event) => (event.kind === "list" ? "list" : event.why))).toEqual([
    "segment",
    "check",
    "payload",
    "list",
  ]);
});

it("writes what it reads", () => {
  for (const frame of [HAN_FRAMES.aidon3, HAN_FRAMES.kamstrup]) {
    const { information } = decodeHdlc(frame.subarray(1, -1));
    expect(encodeDlmsNotification(decodeDlmsNotification(information))).toEqual(information);
  }
});
