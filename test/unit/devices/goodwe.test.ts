import { expect, it } from "vitest";
import { RegisterImage } from "../../../devices/drivers/modbus/image.ts";
import { readValues } from "../../../devices/drivers/modbus/values.ts";
import { type DeviceReading, type DeviceValue, DriverHost, findDriver } from "../../../devices/index.ts";
import { manualClock, memoryPort } from "../../../firmware-bridge/port/index.ts";
import { fromHex } from "../../../protocols/bytes/index.ts";
import { encodeAnswer, encodeMbap, TcpRequestDecoder } from "../../../protocols/modbus/index.ts";
import { numberOf } from "../../../protocols/reading/index.ts";
import { describeVectors, readVector, readVectorJson } from "../../support/vectors.ts";
import { DERATING, SAFETY_COUNTRIES, WORK_MODES } from "../modbus/goodwe-dt.ts";

type Values = ReadonlyMap<string, DeviceValue>;
type Expected = Record<string, { files: string[]; values: Record<string, { value: number | string | null }> }>;

const FIRST = 30100;
const COUNT = 73;

/** The 73 registers of a recorded answer: behind AA 55 an RTU frame, else one of Modbus TCP. */
function registersOf(file: string): Uint8Array {
  const bytes = fromHex(readVector(`goodwe/dt/${file}`).toString("utf8").trim());
  const from = bytes[0] === 0xaa ? 5 : 9;
  return bytes.slice(from, from + 2 * COUNT);
}

/** One reading of an inverter that holds these registers, by our profile and driver. */
async function readingOf(registers: Uint8Array): Promise<DeviceReading | undefined> {
  const clock = manualClock();
  const { host, device } = memoryPort("tcp://inverter:502");
  const decoder = new TcpRequestDecoder();
  device.onBytes = (bytes) => {
    for (const event of decoder.push(bytes)) {
      if (event.kind !== "request" || event.request.fn !== 3) throw new Error("not a read of holding registers");
      const { address, count } = event.request;
      const from = 2 * (address - FIRST);
      const inside = from >= 0 && from + 2 * count <= registers.length;
      const answer = inside
        ? { fn: 3 as const, registers: registers.slice(from, from + 2 * count) }
        : { fn: 3, exception: 2 };
      device.send(encodeMbap(event.transaction, event.unit, encodeAnswer(answer)));
    }
  };
  const readings: DeviceReading[] = [];
  const driver = new DriverHost({ clock, openPort: () => host }).create({
    name: "roof",
    driver: "modbus/goodwe-dt",
    config: { port: "tcp://inverter" },
    clock,
    onReading: (reading) => readings.push(reading),
    onState: () => undefined,
  });
  driver.start();
  await clock.advance(100);
  await driver.stop();
  return readings[0];
}

/** The reference's name → ours, what ours is multiplied by, and what the reference says where ours is left out. */
const NAMES: Readonly<Record<string, readonly [name: string, power?: number, absent?: number | null]>> = {
  total_inverter_power: ["power_produced"],
  error_codes: ["error_code"],
  warning_code: ["warning_code"],
  apparent_power: ["apparent_power", 0, -1],
  reactive_power: ["reactive_power", 0, -1],
  total_input_power: ["power_input"],
  power_factor: ["power_factor", 0, -0.001],
  temperature: ["temperature", 0, null],
  temperature_heatsink: ["temperature_heatsink", 0, null],
  e_day: ["energy_today", -3, null],
  e_total: ["energy_produced", -3, null],
  funbit: ["function_bits", 0, 0],
  vbus: ["dc_voltage", 0, 0],
  vnbus: ["dc_voltage_half", 0, 0],
  rssi: ["signal_strength"],
};

const numbered = (name: string): readonly [string, number, number] | undefined => {
  const match = /^(vpv|ipv|vline|vgrid|igrid|fgrid)([1-4])$/.exec(name);
  if (!match) return undefined;
  const n = Number(match[2]);
  const phase = `l${n}`;
  const ours = {
    vpv: `pv_voltage_${n}`,
    ipv: `pv_current_${n}`,
    vline: `voltage_l${n}${(n % 3) + 1}`,
    vgrid: `voltage_${phase}`,
    igrid: `current_${phase}`,
    fgrid: `frequency_${phase}`,
  }[match[1]!]!;
  return [ours, 0, match[1] === "fgrid" ? -0.01 : 0];
};

/** Our texts by the reference's numbers. */
const MODES: Readonly<Record<number, string>> = { 0: "waiting", 1: "normal", 2: "error", 4: "checking" };
const COUNTRIES: Readonly<Record<number, string>> = { ...SAFETY_COUNTRIES, 32: "50 Hz 230 Vac default" };
const REASONS: Readonly<Record<number, string>> = { 2: "reactive power", 8: "maximum current" };

const keyOf = (texts: Readonly<Record<number, string>>, text: string): number =>
  Number(Object.keys(texts).find((key) => texts[Number(key)] === text) ?? text);

/** The reference computes powers and rounds halves to even. */
function product(volts: number, amps: number): number {
  const exact = volts * amps;
  const below = Math.floor(exact);
  return exact - below === 0.5 ? below + (below % 2) : Math.round(exact);
}

/** What the reference would say, from our reading. */
function referenceValue(values: Values, registers: Uint8Array, name: string): number | string | null {
  const ours = (key: string) => values.get(key);
  const text = (key: string) => String(ours(key) ?? "");
  const number = (key: string): number => Number(referenceValue(values, registers, key));
  const bits = () =>
    text("derating")
      .split(", ")
      .filter(Boolean)
      .map((one) => keyOf(REASONS, one));
  switch (name) {
    case "timestamp": {
      // The clock of the inverter is no measurement; the gateway's is what counts.
      const [year, ...rest] = [...registers.subarray(0, 6)].map((part) => String(part).padStart(2, "0"));
      return `20${year}-${rest[0]}-${rest[1]} ${rest.slice(2).join(":")}`;
    }
    case "work_mode":
      return keyOf(MODES, text("inverter_state"));
    case "work_mode_label":
      return WORK_MODES[keyOf(MODES, text("inverter_state"))]!;
    case "safety_country":
      return keyOf(COUNTRIES, text("grid_code"));
    case "safety_country_label":
      return SAFETY_COUNTRIES[keyOf(COUNTRIES, text("grid_code"))]!;
    case "derating_mode":
      return bits().reduce((sum, bit) => sum + 2 ** bit, 0);
    case "derating_mode_label":
      return bits()
        .map((bit) => DERATING[bit])
        .join(", ");
    case "h_total":
      return Number(ours("operating_time") ?? 0) / 3600;
    case "ppv":
      return [1, 2, 3, 4].reduce((sum, n) => sum + number(`ppv${n}`), 0);
  }
  const power = /^p(pv|grid)(\d)$/.exec(name);
  if (power) return product(number(`v${power[1]}${power[2]}`), number(`i${power[1]}${power[2]}`));
  const [key, shift = 0, absent] = NAMES[name] ?? numbered(name) ?? [name];
  const value = ours(key);
  if (value === undefined) return absent === undefined ? Number.NaN : absent;
  return Number(`${numberOf(value as number)}e${shift}`);
}

describeVectors("goodwe", "GoodWe DT inverters by profile and driver", () => {
  const expected = readVectorJson<Expected>("goodwe/expected.json");
  let compared = 0;
  for (const { files, values } of Object.values(expected)) {
    const file = files.find((name) => name.endsWith("running_data.hex"))!;
    it(file, async () => {
      const registers = registersOf(file);
      const image = new RegisterImage();
      image.put("holding", FIRST, registers);
      const decoded = new Map<string, DeviceValue>();
      expect(readValues(findDriver("modbus/goodwe-dt").measurements, image, decoded)).toBe(false);
      for (const [name, { value: wanted }] of Object.entries(values)) {
        expect(referenceValue(decoded, registers, name), name).toEqual(wanted);
        compared++;
      }
      const read = await readingOf(registers);
      // An inverter that does not say what it generated has nothing to attest.
      if (values["e_total"]!.value === null) return expect(read).toBeUndefined();
      expect(new Map(read!.reading.measurements.map(({ name, value }) => [name, value]))).toEqual(decoded);
      expect(read!.work).toBe(BigInt(Math.round(Number(values["e_total"]!.value) * 1000)));
    });
  }
  it("all 431 values are the reference's", () => expect(compared).toBe(431));
});
