/**
 * A copy of a range, always a plain `Uint8Array`. `bytes.slice()` is not that: on a Buffer it is a view, so what was decoded
 * from a socket's buffer would change when the buffer is used again.
 */
export function copyOf(bytes: Uint8Array, from = 0, to = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to));
}
