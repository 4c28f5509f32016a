import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { fromHex } from "../../../protocols/bytes/index.ts";
import {
  decodeMbusData,
  decodeMbusFrame,
  type MbusData,
  type MbusRecord,
  mbusMedium,
} from "../../../protocols/mbus/index.ts";
import { Decimal } from "../../../protocols/reading/index.ts";
import { describeVectors, readVector, vectorPath } from "../../support/vectors.ts";

type Fields = Record<string, string>;

/** Names of libmbus for our quantities; a quantity that is missing here is compared by its unit alone. */
const LABELS: Readonly<Record<string, string>> = {
  energy: "Energy",
  volume: "Volume",
  power: "Power",
  volumeFlow: "Volume flow",
  flowTemperature: "Flow temperature",
  returnTemperature: "Return temperature",
  temperatureDifference: "Temperature Difference",
  externalTemperature: "External temperature",
  date: "Time Point (date)",
  dateTime: "Time Point (time & date)",
  heatCostUnits: "Units for H.C.A.",
  fabricationNumber: "Fabrication number",
  manufacturerSpecific: "Manufacturer specific",
  onTime: "On time",
  operatingTime: "Operating time",
  averagingDuration: "Averaging Duration",
  actualityDuration: "Actuality Duration",
  errorFlags: "Error flags",
  digitalInput: "Digital input (binary)",
  softwareVersion: "Software version",
  firmwareVersion: "Firmware version",
  parameterSet: "Parameter set identification",
  model: "Model / Version",
  customerLocation: "Customer location",
  reserved: "Reserved VIF extension",
};
const UNITS: Readonly<Record<string, string>> = {
  Cel: "deg C",
  K: "deg C",
  m3: "m^3",
  "m3/h": "m^3/h",
  s: "seconds",
  min: "minutes",
  h: "hours",
  d: "days",
};
const MEDIA: Readonly<Record<string, string>> = {
  "Heat: Outlet": "heat (outlet)",
  "Heat: Inlet": "heat (inlet)",
  "Heat / Cooling load meter": "heat and cooling",
  "Breaker: Electricity": "breaker (electricity)",
};
const FUNCTIONS: Readonly<Record<MbusRecord["function"], string>> = {
  instantaneous: "Instantaneous value",
  maximum: "Maximum value",
  minimum: "Minimum value",
  error: "Value during error state",
};

function fieldsOf(xml: string): Fields {
  const fields: Fields = {};
  for (const [, name, text] of xml.matchAll(/<(\w+)>([^<]*)<\/\1>/g)) {
    fields[name!] = text!.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  }
  return fields;
}

/** Power of ten and unit of libmbus' unit text: `Energy (0.1 MWh)`, `Volume (m m^3)`, `1e-2  %RH`. */
function parseUnit(text: string): { label: string; exponent: number; unit: string } {
  const inner = /^(.*) \((.*)\)$/.exec(text);
  const match = /^(?:(1e-\d|0\.1|10+|my|m) +)?(k|M)?([A-Z%]?.*)$/.exec(inner ? inner[2]! : text)!;
  const factor = match[1] === "my" ? -6 : match[1] === "m" ? -3 : Math.round(Math.log10(Number(match[1] ?? 1)));
  const prefix = match[2] === "k" ? 3 : match[2] === "M" ? 6 : 0;
  return { label: inner ? inner[1]! : "", exponent: factor + prefix, unit: match[3]!.trim() };
}

function checkUnit(record: MbusRecord, text: string): number {
  const label = LABELS[record.quantity];
  if (label === text) return 0;
  const expected = parseUnit(text);
  if (expected.label !== "") expect(label).toBe(expected.label);
  expect(UNITS[record.unit!] ?? record.unit).toBe(expected.unit);
  return expected.exponent;
}

function checkValue(record: MbusRecord, text: string, exponent: number): void {
  const { value } = record;
  if (value instanceof Decimal) {
    expect(value.exponent).toBe(exponent);
    expect(value.mantissa.toString()).toBe(text);
  } else if (typeof value === "number") {
    expect((value / 10 ** exponent).toFixed(6)).toBe(text);
  } else if (value instanceof Uint8Array || typeof value === "string") {
    expect(value).toBe(text);
  } else if (value) {
    const two = (n: number) => String(n).padStart(2, "0");
    const time = value.hour === undefined ? "" : `T${two(value.hour)}:${two(value.minute!)}:${two(value.second ?? 0)}`;
    expect(`${value.year}-${two(value.month)}-${two(value.day)}${time}`).toBe(text);
  } else {
    expect(text).toBe("");
  }
}

function checkHead(data: MbusData, slave: Fields): void {
  expect(data.id.replace(/^0+(?=.)/, "")).toBe(slave["Id"]);
  expect(data.manufacturer).toBe(slave["Manufacturer"]);
  expect(data.version?.toString()).toBe(slave["Version"]);
  expect(data.access.toString()).toBe(slave["AccessNumber"]);
  expect(data.status.toString(16).toUpperCase().padStart(2, "0")).toBe(slave["Status"]);
  const medium = slave["Medium"]!.replace(/ \(30-90.*/, "");
  expect(mbusMedium(data.medium)).toBe(
    data.structure === "fixed" ? "heat (outlet)" : (MEDIA[medium] ?? medium.toLowerCase()),
  );
}

/** What libmbus prints otherwise, by file and record; each with the reason. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "REL-Relay-Padpuls2 1":
    "the time has its invalid bit set: libmbus prints the year 1900, we give the digits with `invalid`",
};

describeVectors("mbus", "M-Bus frames of meters in the field", () => {
  const names = readdirSync(vectorPath("mbus")).flatMap((file) => (file.endsWith(".hex") ? [file.slice(0, -4)] : []));
  const seen: string[] = [];

  it.each(names)("%s", (name) => {
    const frame = decodeMbusFrame(fromHex(readVector(`mbus/${name}.hex`).toString("latin1").replace(/\s/g, "")));
    if (frame.kind !== "long") throw new Error("not a long frame");
    const data = decodeMbusData(frame.ci, frame.data);
    const xml = new TextDecoder("latin1").decode(readVector(`mbus/${name}.xml`));
    checkHead(data, fieldsOf(/<SlaveInformation>[\s\S]*?<\/SlaveInformation>/.exec(xml)![0]));
    const expected = [...xml.matchAll(/<DataRecord id="\d+">([\s\S]*?)<\/DataRecord>/g)].map(([, body]) =>
      fieldsOf(body!),
    );
    const trailers = expected.filter((r) => /^(Manufacturer specific|More records follow)$/.test(r["Function"]!));
    expect(trailers.length).toBe(data.trailer ? 1 : 0);
    if (data.trailer) {
      const hex = [...data.trailer].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
      expect(hex).toBe(trailers[0]!["Value"]!.trim());
      expect(trailers[0]!["Function"]).toBe(data.more ? "More records follow" : "Manufacturer specific");
    }
    expect(data.records).toHaveLength(expected.length - trailers.length);
    const found = data.records.flatMap((record, i) => {
      const key = `${name} ${i}`;
      try {
        checkRecord(record, expected[i]!, data.structure === "fixed");
        return [];
      } catch (error) {
        if (key in DIFFERENCES) {
          seen.push(key);
          return [];
        }
        return [`${key} ${JSON.stringify(expected[i])} ${String(error).slice(0, 160)}`];
      }
    });
    expect(found).toEqual([]);
  });

  it("lists no difference that is none", () => {
    expect(seen.sort()).toEqual(Object.keys(DIFFERENCES).sort());
  });
});

function checkRecord(record: MbusRecord, fields: Fields, fixed: boolean): void {
  expect(fixed ? "Actual value" : FUNCTIONS[record.function]).toBe(fields["Function"]);
  expect(record.storage).toBe(Number(fields["StorageNumber"] ?? 0));
  expect(record.tariff).toBe(Number(fields["Tariff"] ?? 0));
  expect(record.subunit).toBe(Number(fields["Device"] ?? 0));
  if (fixed) {
    expect([record.unit, String(record.value)]).toEqual(
      fields["Unit"] === "kWh"
        ? ["Wh", `${fields["Value"]}e3`]
        : ["m3", Decimal.parse(`${fields["Value"]}e-3`).toString()],
    );
    return;
  }
  checkValue(record, fields["Value"]!, checkUnit(record, fields["Unit"]!));
}
