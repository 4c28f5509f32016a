export { BME280, type Bme280Calibration, type Bme280Values, bme280Calibration, bme280Values } from "./bme280.ts";
export {
  BH1750,
  bh1750Tenths,
  INA219,
  INA260,
  ina219Bus,
  ina219Shunt,
  ina260Bus,
  ina260Current,
  ina260Maker,
  ina260Power,
} from "./bus-monitors.ts";
export { checkRom, crc8Maxim, DS18B20, ds18b20Temperature } from "./ds18b20.ts";
