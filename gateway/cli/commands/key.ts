import type { Algorithm } from "../../../protocols/attestation/index.ts";
import { didKey, encodeCoseKey, formatDeviceId, shortDeviceId } from "../../../protocols/attestation/index.ts";
import { toBase64Url, UsageError } from "../../../protocols/bytes/index.ts";
import { addressOfPublicKey, toAddressText } from "../../../protocols/evm/index.ts";
import { encodeVkey, noteKey } from "../../../protocols/log/index.ts";
import { Keystore, listKeys } from "../../attest/keystore.ts";
import type { KeyInfo } from "../../attest/keystore-format.ts";
import { type CommonOptions, load, outputOf, passphraseFor } from "../context.ts";

function described(key: KeyInfo, gatewayName: string) {
  const publicKey = { alg: key.alg, bytes: key.publicKey };
  return {
    purpose: key.purpose,
    name: key.name,
    alg: key.alg,
    id: formatDeviceId(key.id),
    short: shortDeviceId(key.id),
    coseKey: toBase64Url(encodeCoseKey(publicKey)),
    did: didKey(publicKey),
    ...(key.purpose === "chain" ? { address: toAddressText(addressOfPublicKey(key.publicKey)) } : {}),
    ...(key.purpose === "gateway" ? { vkey: encodeVkey(noteKey(gatewayName, key.publicKey)) } : {}),
  };
}

/** `fieldseal key list`: the public side of every key; needs no passphrase. */
export function keyList(options: CommonOptions): void {
  const out = outputOf(options);
  const { config } = load(options);
  const keys = listKeys(config.gateway.keys).map((key) => described(key, config.gateway.name));
  out.data(keys, 2);
  for (const key of keys) {
    out.line(`${key.purpose.padEnd(8)} ${key.name.padEnd(20)} ${key.short}  ${key.alg.padEnd(6)} ${key.address ?? ""}`);
  }
}

/** `fieldseal key export-public NAME`: what others need to verify. */
export function keyExportPublic(name: string, options: CommonOptions): void {
  const { config } = load(options);
  const key = listKeys(config.gateway.keys).find((candidate) => candidate.name === name);
  if (!key) throw new UsageError("FS-KEY-MISSING", `there is no key named ${name}`, { fix: "fieldseal key list" });
  const shown = described(key, config.gateway.name);
  const out = outputOf(options);
  out.data(shown, 2);
  for (const [field, value] of Object.entries(shown)) out.line(`${field.padEnd(8)} ${value}`);
}

/** `fieldseal key create NAME`: a device key that the gateway holds. */
export async function keyCreate(
  name: string,
  options: CommonOptions & { alg: Algorithm; passphraseFd?: string },
): Promise<void> {
  const loaded = load(options);
  const passphrase = await passphraseFor(loaded, options.passphraseFd);
  const store = Keystore.open({ dir: loaded.config.gateway.keys, passphrase });
  try {
    const key = described(store.createKey({ purpose: "device", name, alg: options.alg }), loaded.config.gateway.name);
    const out = outputOf(options);
    out.data(key, 2);
    out.line(`device key for ${name}: ${key.short}  ${key.alg}`);
  } finally {
    store.close();
    passphrase.fill(0);
  }
}
