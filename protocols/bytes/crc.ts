/** A reflected (least significant bit first) CRC's lookup table. */
function reflectedTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc >>> 0;
  });
}

const CRC16_TABLE = reflectedTable(0xa001);
const X25_TABLE = reflectedTable(0x8408);

/**
 * Eight tables in one, table k the effect of a byte that k more bytes follow: eight input bytes cost eight
 * independent look-ups instead of a chain of eight ("slicing by 8"), 2.5 times the speed of one table in V8.
 */
function slicedTable(polynomial: number): Int32Array {
  const first = reflectedTable(polynomial);
  const all = new Int32Array(8 * 256);
  all.set(first);
  for (let i = 256; i < all.length; i++) all[i] = (all[i - 256]! >>> 8) ^ first[all[i - 256]! & 0xff]!;
  return all;
}

const CRC32C_TABLE = slicedTable(0x82f63b78);
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

/**
 * CRC-16/X.25 (IBM-SDLC): poly 0x1021 reflected, init and final xor 0xffff. Header and frame check of HDLC
 * (ISO/IEC 13239 §4.2.5.2; RFC 1662 appendix C), sent low byte first.
 */
export function crc16X25(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff;
  for (let i = start; i < end; i++) crc = (crc >>> 8) ^ X25_TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return crc ^ 0xffff;
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
  const t = CRC32C_TABLE;
  let crc = ~previous;
  let i = start;
  for (const last = end - 8; i <= last; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t[1792 + (crc & 0xff)]! ^
      t[1536 + ((crc >>> 8) & 0xff)]! ^
      t[1280 + ((crc >>> 16) & 0xff)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
