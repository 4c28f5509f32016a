import * as crypto from "node:crypto";

type OneShot = (algorithm: string, data: Uint8Array, encoding: "buffer") => Buffer;

/** `crypto.hash` (Node 20.12), the quickest way to OpenSSL for one small message. */
function oneShot(): OneShot {
  const found = (crypto as unknown as { hash?: OneShot }).hash;
  return found ?? ((algorithm, data) => crypto.createHash(algorithm).update(data).digest());
}
const hash = oneShot();

export const nativeSha256 = (data: Uint8Array): Uint8Array => hash("sha256", data, "buffer");

/** The RFC 6962 root over leaf hashes, by a call of `crypto.hash` for each node. */
export function merkleRoot(hashes: Uint8Array): Uint8Array {
  const level = hashes.slice();
  const message = Buffer.alloc(65, 1);
  for (let count = level.length / 32; count > 1; count = Math.ceil(count / 2)) {
    const pairs = count >> 1;
    for (let i = 0; i < pairs; i++) {
      message.set(level.subarray(64 * i, 64 * i + 64), 1);
      level.set(nativeSha256(message), 32 * i);
    }
    if (count % 2 === 1) level.copyWithin(32 * pairs, 64 * pairs, 64 * pairs + 32);
  }
  return level.slice(0, 32);
}
