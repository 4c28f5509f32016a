import { ByteReader, ByteWriter, concatBytes, ProtocolError } from "../bytes/index.ts";

/** What a Ruuvi sensor broadcasts; absent where the sensor has no value. Decimal text, all digits. */
export interface RuuviValues {
  /** °C */
  temperature?: string;
  /** % relative humidity */
  humidity?: string;
  /** Pa */
  pressure?: string;
  /** V */
  voltage?: string;
  movements?: string;
  sequence?: string;
}

/** Company identifier of Ruuvi Innovations (0x0499), low byte first, after type 0xff "manufacturer specific". */
const MANUFACTURER = [0xff, 0x99, 0x04] as const;
const FORMAT = 5;

/** `mantissa · 10^-digits` as text. */
function fixed(mantissa: number, digits: number): string {
  const text = String(Math.abs(mantissa)).padStart(digits + 1, "0");
  const sign = mantissa < 0 ? "-" : "";
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/**
 * Data format 5 (RAWv2), big-endian, of a Bluetooth advertisement or from its format byte on.
 *
 *   05  12FC  5394  C37C  0004 FFFC 040C  AC36      42         00CD      CBB8334C884F
 *   |   |     |     |     acceleration    |         |          |         address
 *   |   |     |     Pa less 50,000        |         movements  sequence
 *   |   |     0.0025 %                    11 bits mV less 1600, 5 bits transmission power
 *   |   0.005 °C, signed
 *   format
 *
 * @throws ProtocolError FS-RUUVI-FORMAT for another format or length.
 */
export function decodeRuuvi(bytes: Uint8Array): RuuviValues {
  const body = bytes[0] === FORMAT ? bytes : manufacturerData(bytes);
  const reader = new ByteReader(body, "FS-RUUVI-FORMAT");
  if (reader.u8() !== FORMAT || body.length !== 24) {
    throw new ProtocolError(
      "FS-RUUVI-FORMAT",
      `a Ruuvi advertisement that is not data format 5 (${body.length} bytes)`,
    );
  }
  const raw = reader.u16();
  const temperature = raw > 0x7fff ? raw - 0x10000 : raw;
  const humidity = reader.u16();
  const pressure = reader.u16();
  reader.take(6);
  const millivolts = reader.u16() >> 5;
  const movements = reader.u8();
  const sequence = reader.u16();
  return {
    ...(temperature === -0x8000 ? {} : { temperature: fixed(5 * temperature, 3) }),
    ...(humidity === 0xffff ? {} : { humidity: fixed(25 * humidity, 4) }),
    ...(pressure === 0xffff ? {} : { pressure: fixed(pressure + 50_000, 0) }),
    ...(millivolts === 0x7ff ? {} : { voltage: fixed(millivolts + 1600, 3) }),
    ...(movements === 0xff ? {} : { movements: fixed(movements, 0) }),
    ...(sequence === 0xffff ? {} : { sequence: fixed(sequence, 0) }),
  };
}

/** Ruuvi's part of an advertisement: its structures are length, type, data (Bluetooth Core Supplement, part A §1). */
function manufacturerData(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    const end = at + 1 + bytes[at]!;
    if (MANUFACTURER.every((byte, i) => bytes[at + 1 + i] === byte)) return bytes.subarray(at + 4, end);
  }
  throw new ProtocolError("FS-RUUVI-FORMAT", "no Ruuvi data in a Bluetooth advertisement");
}

/** What a sensor measures now; what is left out is sent as "no value". */
export interface RuuviSample {
  /** °C */
  temperature?: number | undefined;
  /** % */
  humidity?: number | undefined;
  /** Pa */
  pressure?: number | undefined;
  /** V */
  voltage?: number | undefined;
  /** 0 to 65534, one more with each measurement. */
  sequence?: number;
}

/** Flags "general discoverable", then the length of the manufacturer's data (Bluetooth Core Supplement, part A §1.3). */
const ADVERTISEMENT = [0x02, 0x01, 0x06, 0x1b] as const;
/** Acceleration in three axes and the address: no value. */
const NO_MOTION = [0x80, 0, 0x80, 0, 0x80, 0] as const;
const NO_ADDRESS = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] as const;

/** The advertisement of a sensor in data format 5. Values beyond what the format holds are sent as its limits. */
export function encodeRuuvi({ temperature, humidity, pressure, voltage, sequence = 0 }: RuuviSample): Uint8Array {
  const steps = (value: number | undefined, step: number, [least, most]: readonly [number, number], none: number) =>
    value === undefined ? none : Math.min(Math.max(Math.round(value / step), least), most);
  const writer = new ByteWriter().u8(FORMAT);
  writer.u16(steps(temperature, 0.005, [-0x7fff, 0x7fff], -0x8000) & 0xffff);
  writer.u16(steps(humidity, 0.0025, [0, 0xfffe], 0xffff));
  writer.u16(steps(pressure === undefined ? undefined : pressure - 50_000, 1, [0, 0xfffe], 0xffff));
  writer.bytes(Uint8Array.from(NO_MOTION));
  // Transmission power unknown: 31.
  const millivolts = steps(voltage === undefined ? undefined : voltage - 1.6, 0.001, [0, 0x7fe], 0x7ff);
  writer
    .u16((millivolts << 5) | 0x1f)
    .u8(0xff)
    .u16(sequence % 0xffff)
    .bytes(Uint8Array.from(NO_ADDRESS));
  return concatBytes(Uint8Array.of(...ADVERTISEMENT, ...MANUFACTURER), writer.finish());
}
