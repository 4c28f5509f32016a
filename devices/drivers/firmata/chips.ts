import { ProtocolError } from "../../../protocols/bytes/index.ts";
import {
  BH1750,
  BME280,
  bh1750Tenths,
  bme280Calibration,
  bme280Values,
  INA219,
  INA260,
  ina219Bus,
  ina219Shunt,
  ina260Bus,
  ina260Current,
  ina260Maker,
  ina260Power,
} from "../../../protocols/sensors/index.ts";
import { exactNumber } from "../../numbers.ts";
import type { FirmataChip } from "../../sections/firmata.ts";
import type { DeviceValue } from "../engine.ts";

/** One step on the I2C bus: bytes to write, bytes to read (from a register, where there are some), ms to wait. */
export type I2cStep = { write: readonly number[] } | { read: number; at?: number } | { wait: number };

/** Bytes read from a register. @throws ProtocolError FS-SENSOR-DATA when they were not. */
export type Registers = (register: number) => Uint8Array;

/** An I2C sensor: what to do once, what to do for each reading, and what its registers say. */
export interface Chip {
  /** Usual address. */
  address: number;
  quantities: readonly string[];
  begin: readonly I2cStep[];
  measure: readonly I2cStep[];
  /**
   * By quantity.
   * @param shunt measuring resistor in milliohms.
   * @throws ProtocolError FS-SENSOR-DATA, FS-SENSOR-OTHER.
   */
  values(registers: Registers, shunt: number): ReadonlyMap<string, DeviceValue>;
}

const rounded = (value: number, digits: number): DeviceValue =>
  exactNumber(Math.round(value * 10 ** digits) / 10 ** digits);

function expectId(name: string, found: number | undefined, wanted: number): void {
  if (found === wanted) return;
  const id = found === undefined ? "none" : `0x${found.toString(16)}`;
  throw new ProtocolError("FS-SENSOR-OTHER", `what is at this address is no ${name} (id ${id})`, {
    fix: "check the sensor's type and its address",
  });
}

const bme280: Chip = {
  address: 0x76,
  quantities: ["temperature", "pressure", "humidity"],
  begin: [
    { read: 1, at: BME280.id },
    { read: 24, at: BME280.calibrationLow },
    { read: 1, at: BME280.calibrationH1 },
    { read: 7, at: BME280.calibrationHigh },
  ],
  // §5.4.3, §5.4.5: one measurement of each at once (forced mode), then asleep; §9.1: 9.3 ms at most.
  measure: [
    { write: [BME280.humidityControl, 0x01] },
    { write: [BME280.control, 0x25] },
    { wait: 10 },
    { read: 8, at: BME280.data },
  ],
  values(registers) {
    expectId("BME280", registers(BME280.id)[0], BME280.chipId);
    const [low, h1] = [registers(BME280.calibrationLow), registers(BME280.calibrationH1)];
    const calibration = bme280Calibration(low, h1, registers(BME280.calibrationHigh));
    const { temperature, pressure, humidity } = bme280Values(calibration, registers(BME280.data));
    const out = new Map<string, DeviceValue>([["temperature", rounded(temperature / 100, 2)]]);
    if (pressure !== undefined) out.set("pressure", rounded(pressure / 256, 2));
    if (humidity !== undefined) out.set("humidity", rounded(humidity / 1024, 2));
    return out;
  },
};

const bh1750: Chip = {
  address: 0x23,
  quantities: ["illuminance"],
  begin: [],
  measure: [{ write: [BH1750.once] }, { wait: BH1750.measureMs }, { read: 2 }],
  values: (registers) => new Map([["illuminance", rounded(bh1750Tenths(registers(0)) / 10, 1)]]),
};

const ina219: Chip = {
  address: 0x40,
  quantities: ["voltage", "current", "power"],
  begin: [{ write: [INA219.config, INA219.defaults >> 8, INA219.defaults & 0xff] }],
  measure: [
    { read: 2, at: INA219.shunt },
    { read: 2, at: INA219.bus },
  ],
  values(registers, shunt) {
    const volts = ina219Bus(registers(INA219.bus)) / 1000;
    const amperes = (ina219Shunt(registers(INA219.shunt)) * 10) / shunt / 1000;
    return new Map([
      ["voltage", rounded(volts, 3)],
      ["current", rounded(amperes, 6)],
      ["power", rounded(volts * amperes, 6)],
    ]);
  },
};

const ina260: Chip = {
  address: 0x40,
  quantities: ["voltage", "current", "power"],
  begin: [{ read: 2, at: INA260.maker }],
  measure: [
    { read: 2, at: INA260.current },
    { read: 2, at: INA260.bus },
    { read: 2, at: INA260.power },
  ],
  values(registers) {
    expectId("INA260", ina260Maker(registers(INA260.maker)), INA260.makerId);
    const current = ina260Current(registers(INA260.current));
    // The power register has no sign (§8.6.1.4); power flows the way the current does.
    const power = (current < 0 ? -1 : 1) * ina260Power(registers(INA260.power));
    return new Map([
      ["voltage", rounded(ina260Bus(registers(INA260.bus)) * 0.001_25, 5)],
      ["current", rounded(current * 0.001_25, 5)],
      ["power", rounded(power * 0.01, 2)],
    ]);
  },
};

export const CHIPS: Readonly<Record<FirmataChip, Chip>> = { bme280, bh1750, ina219, ina260 };

/** Milliohms of the resistor on the common INA219 boards. */
export const USUAL_SHUNT = 100;
