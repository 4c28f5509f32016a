import { Keystore, nodeBackend } from "../../gateway/attest/index.ts";
import { FieldsealError, utf8 } from "../../protocols/bytes/index.ts";
import { CHEAP_SCRYPT, PASSPHRASE } from "./keystore.ts";

/** `node … DIR key|store`: makes a key, or a key store, and prints `made` or the code of the error. */
const [dir = "", what] = process.argv.slice(2);
const options = { dir, passphrase: utf8(PASSPHRASE), backend: nodeBackend() };
try {
  if (what === "key") Keystore.open(options).createKey({ purpose: "device", name: "raced" });
  else Keystore.create({ ...options, scrypt: CHEAP_SCRYPT });
  console.log("made");
} catch (error) {
  console.log(error instanceof FieldsealError ? error.code : String(error));
}
