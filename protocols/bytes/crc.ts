/** A reflected (least significant bit first) CRC's lookup table. */
function reflectedTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc >>> 0;
  });
}

const CRC16_TABLE = reflectedTable(0xa001);
const CRC32C_TABLE = reflectedTable(0x82f63b78);
const CCITT_TABLE = Uint16Array.from({ length: 256 }, (_, i) => {
  let crc = i << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  return crc;
});

function crc16Reflected(bytes: Uint8Array, start: number, end: number, initial: number): number {
  let crc = initial;
  for (let i = start; i < end; i++) crc = (crc >>> 8) ^ CRC16_TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return crc;
}

/** CRC-16/MODBUS: poly 0x8005 reflected, init 0xffff (Modbus over Serial Line V1.02 §2.5.1.2). Sent low byte first. */
export function crc16Modbus(bytes: Uint8Array, start = 0, end = bytes.length): number {
  return crc16Reflected(bytes, start, end, 0xffff);
}

/** CRC-16/ARC: poly 0x8005 reflected, init 0 (DSMR P1 companion standard 5.0.2 §5.2: x16+x15+x2+1). */
export function crc16Arc(bytes: Uint8Array, start = 0, end = bytes.length): number {
  return crc16Reflected(bytes, start, end, 0);
}

/** CRC-16/CCITT-FALSE (IBM-3740): poly 0x1021, init 0xffff, not reflected. The link protocol's check. */
export function crc16Ccitt(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff;
  for (let i = start; i < end; i++) crc = ((crc << 8) & 0xffff) ^ CCITT_TABLE[(crc >>> 8) ^ bytes[i]!]!;
  return crc;
}

/**
 * CRC-32C (Castagnoli, RFC 3720 §12.1), as unsigned 32-bit.
 * @param previous the result over the bytes before these, to continue a running check.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, previous = 0): number {
  let crc = ~previous;
  for (let i = start; i < end; i++) crc = (crc >>> 8) ^ CRC32C_TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
