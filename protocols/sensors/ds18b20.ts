import { ProtocolError } from "../bytes/index.ts";

/** Commands and family of a DS18B20 (Maxim 19-7487 rev 6, "DS18B20 Function Commands"). */
export const DS18B20 = {
  family: 0x28,
  convert: 0x44,
  readScratchpad: 0xbe,
  scratchpadBytes: 9,
  convertMs: 750,
} as const;

/** CRC of one-wire devices: x^8 + x^5 + x^4 + 1, low bit first ("CRC Generation"). */
export function crc8Maxim(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8c : crc >> 1;
  }
  return crc;
}

/** @throws ProtocolError FS-SENSOR-DATA when the check byte of a one-wire address is wrong. */
export function checkRom(rom: Uint8Array): void {
  if (rom.length !== 8 || rom[0] === 0 || crc8Maxim(rom.subarray(0, 7)) !== rom[7]) {
    throw new ProtocolError("FS-SENSOR-DATA", "a one-wire address with a wrong check byte");
  }
}

/**
 * Temperature in sixteenths of a degree Celsius.
 * @throws ProtocolError FS-SENSOR-DATA when it is not nine bytes, or the check byte is wrong.
 */
export function ds18b20Temperature(scratchpad: Uint8Array): number {
  // All zeros have a right check byte: a bus that is held low.
  const right =
    scratchpad.length === 9 && scratchpad[4] !== 0 && crc8Maxim(scratchpad.subarray(0, 8)) === scratchpad[8];
  if (!right) throw new ProtocolError("FS-SENSOR-DATA", "a scratchpad with a wrong check byte");
  // "Configuration register": below 12 bits the lowest bits are undefined.
  const unused = 3 - ((scratchpad[4]! >> 5) & 3);
  const raw = ((scratchpad[0]! | (scratchpad[1]! << 8)) << 16) >> 16;
  return (raw >> unused) << unused;
}
