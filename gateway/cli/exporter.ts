import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { addressOfPublicKey, fromAddressText } from "../../protocols/evm/index.ts";
import { encodeVkey, noteKey } from "../../protocols/log/index.ts";
import { listKeys } from "../attest/keystore.ts";
import type { Config } from "../config/index.ts";
import { ProofExporter } from "../proofs/export.ts";

/** An exporter of proofs over the configured gateway's data folder; needs no passphrase. */
export function exporterFor(config: Config): ProofExporter {
  const keys = listKeys(config.gateway.keys);
  const gateway = keys.find(({ purpose }) => purpose === "gateway");
  const chain = keys.find(({ purpose }) => purpose === "chain");
  if (!gateway || !chain) {
    throw new EnvironmentError("FS-KEY-MISSING", "the key store lacks the gateway or the chain key", {
      fix: "fieldseal init makes both",
    });
  }
  return new ProofExporter({
    data: config.gateway.data,
    vkey: encodeVkey(noteKey(config.gateway.name, gateway.publicKey)),
    coordinator: config.coordinator && {
      ledger: fromAddressText(config.coordinator.ledger),
      gateway: addressOfPublicKey(chain.publicKey),
    },
  });
}
