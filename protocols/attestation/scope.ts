import { ByteWriter, sha256, UsageError, utf8 } from "../bytes/index.ts";

/** Separates our scopes from every other use of SHA-256; a new incompatible format takes a new number. */
const DOMAIN = utf8("fieldseal/1");

/**
 * What an attestation is good for: first 16 bytes of SHA-256("fieldseal/1" ‖ chain id u64 ‖ coordinator 20 ‖ gateway 20).
 * @param chainId EIP-155 chain id, u64
 * @param coordinator address of the coordinator contract, 20 bytes
 * @param gateway the gateway's address on that chain, 20 bytes
 * @throws UsageError FS-SCOPE
 */
export function scopeOf(chainId: bigint, coordinator: Uint8Array, gateway: Uint8Array): Uint8Array {
  if (chainId < 0n || chainId >= 1n << 64n) throw new UsageError("FS-SCOPE", "the chain id does not fit 64 bits");
  if (coordinator.length !== 20 || gateway.length !== 20) {
    throw new UsageError("FS-SCOPE", "coordinator and gateway are addresses of 20 bytes");
  }
  const writer = new ByteWriter(64).bytes(DOMAIN).u64(chainId).bytes(coordinator).bytes(gateway);
  return sha256(writer.view()).slice(0, 16);
}
