/** Sensors that are read over the board's I2C bus. */
export type FirmataChip = "bme280" | "bh1750" | "ina219" | "ina260";

/** What a measurement hangs on. Pins are numbered as on the board; 14 is A0 of an Uno as a digital pin. */
export type FirmataSource =
  | {
      /** Analog channel: 0 is A0. */
      analog: number;
      /** Raw value and measured value, in rising order of the raw one; straight lines between, constant outside. */
      points: readonly (readonly [raw: number, value: number])[];
      /** Digits behind the point. */
      decimals: number;
    }
  | {
      /** Pin whose level is the measurement, as a boolean. */
      digital: number;
      /** With the board's own pull-up resistor. */
      pullup?: boolean;
      /** True at low level. */
      invert?: boolean;
    }
  | {
      /** Pin whose pulses are counted: one for each change from passive to active. */
      pulses: number;
      /** Pulses for one unit, as printed on the meter (per kWh); the measurement's `scale` makes Wh of it. */
      impulses: number;
      /** With the board's own pull-up resistor, active when low. Default: active when high. */
      pullup?: boolean;
      /** A pulse counts when the pin was passive for this long before it, in ms. Default 10. */
      debounce?: number;
    }
  | {
      chip: FirmataChip;
      /** I2C address; default: the usual one of the chip. */
      address?: number;
      /** Which of the chip's values: `temperature`. */
      quantity: string;
      /** Of the measuring resistor of an INA219, in milliohms. Default 100. */
      shunt?: number;
    }
  | {
      /** Pin of a one-wire bus with a DS18B20. */
      oneWire: number;
      /** Its address, 16 hex digits; needed where there are several. */
      rom?: string;
    }
  | {
      /** Pin of a DHT11 or DHT22. */
      dht: number;
      model: 11 | 22;
      quantity: "temperature" | "humidity";
    };

export interface FirmataSection {
  baudRate: number;
  every: number;
  /** How long the board may take for one answer, in ms. */
  timeout: number;
  /** Between two samples of an analog channel, in ms. */
  sampling: number;
}

// StandardFirmata: Firmata.begin(57600).
export const FIRMATA: FirmataSection = { baudRate: 57_600, every: 10_000, timeout: 1_000, sampling: 100 };
