import { ProtocolError } from "../bytes/index.ts";

function word(bytes: Uint8Array): number {
  if (bytes.length < 2) throw new ProtocolError("FS-SENSOR-DATA", "a register of 16 bits came short");
  return (bytes[0]! << 8) | bytes[1]!;
}

const signed = (value: number): number => (value << 16) >> 16;

/** Registers of an INA219 (TI SBOS448G table 2). */
export const INA219 = { config: 0x00, shunt: 0x01, bus: 0x02, defaults: 0x399f } as const;

/** Voltage across the shunt in steps of 10 µV (§8.6.3.1). @throws ProtocolError FS-SENSOR-DATA. */
export const ina219Shunt = (register: Uint8Array): number => signed(word(register));

/**
 * Bus voltage in mV (§8.6.3.2: steps of 4 mV from bit 3).
 * @throws ProtocolError FS-SENSOR-DATA.
 */
export const ina219Bus = (register: Uint8Array): number => (word(register) >> 3) * 4;

/** Registers of an INA260 (TI SBOS656C table 4); `maker` is "TI". */
export const INA260 = { config: 0x00, current: 0x01, bus: 0x02, power: 0x03, maker: 0xfe, makerId: 0x5449 } as const;

/** Current in steps of 1.25 mA (§8.6.1.2). @throws ProtocolError FS-SENSOR-DATA. */
export const ina260Current = (register: Uint8Array): number => signed(word(register));

/** Bus voltage in steps of 1.25 mV (§8.6.1.3). @throws ProtocolError FS-SENSOR-DATA. */
export const ina260Bus = (register: Uint8Array): number => word(register);

/** Power in steps of 10 mW, without sign (§8.6.1.4). @throws ProtocolError FS-SENSOR-DATA. */
export const ina260Power = (register: Uint8Array): number => word(register);

/** Manufacturer's id. @throws ProtocolError FS-SENSOR-DATA. */
export const ina260Maker = (register: Uint8Array): number => word(register);

/** Commands of a BH1750FVI (Rohm 2010.04 rev. C, "Instruction Set Architecture"); one measurement takes 180 ms at most. */
export const BH1750 = { once: 0x20, measureMs: 180 } as const;

/**
 * Illuminance in tenths of a lux, rounded: the count is 1.2 times the lux ("the calculation when the data is …").
 * @throws ProtocolError FS-SENSOR-DATA.
 */
export const bh1750Tenths = (data: Uint8Array): number => Math.round((word(data) * 100) / 12);
