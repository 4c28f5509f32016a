/**
 * SHA-256 (FIPS 180-4) as a WebAssembly module that is written at load: one function for a single message, and one
 * that hashes four messages at once, one in each 32-bit lane of a 128-bit vector.
 *
 * Memory of the module:
 *
 *     0x0000  K, 64 words                         0x0800  W, 64 × 4 lanes
 *     0x0100  initial state, 8 words              0x0c00  W of an interior node's second block, 64 × 4 lanes
 *     0x0120  state of the single message         0x2000  schedules of that block, 256 × 48 words
 *     0x0180  state, 8 × 4 lanes                  0xe000  input and output
 *     0x0200  an interior node's two blocks
 */
export const Layout = {
  k: 0,
  initial: 0x100,
  state: 0x120,
  lanes: 0x180,
  node: 0x200,
  w: 0x800,
  w2: 0xc00,
  schedules: 0x2000,
  io: 0xe000,
} as const;

/** Selection for i8x16.swizzle that turns round the bytes of each 32-bit word: messages are big-endian, memory is not. */
export const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];

export const FOUR = [0, 1, 2, 3] as const;

/** The working variables of FIPS 180-4 §6.2.2. */
export const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;

/** The names of the working variables in round `i`: each round moves them on by one. */
export const turned = (i: number): string[] => NAMES.map((_, n) => NAMES[(n + 8 - i) % 8]!);
