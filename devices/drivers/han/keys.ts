import { fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import { type DlmsKeys, DlmsOpener } from "../../../protocols/meter/index.ts";
import type { DeviceConfig, DriverOptions } from "../driver.ts";

const KEY = /^[0-9A-Fa-f]{32}$/;

function key(name: string, option: string, text: string): Uint8Array {
  if (KEY.test(text)) return fromHex(text.toLowerCase());
  throw new UsageError("FS-DEVICE-KEY", `${name}: ${option} is not a key`, {
    fix: "write the 32 hex digits that the grid operator gave, by !secret",
  });
}

/**
 * A meter's keys as its section says them; undefined where it has none.
 * @throws UsageError FS-DEVICE-KEY; the message never shows the key.
 */
export function dlmsKeysOf(name: string, config: DeviceConfig): DlmsKeys | undefined {
  const { encryptionKey, authenticationKey } = config;
  if (encryptionKey === undefined) {
    if (authenticationKey === undefined) return undefined;
    throw new UsageError("FS-DEVICE-KEY", `${name}: authentication_key without encryption_key`, {
      fix: "add encryption_key: the tag is made with both",
    });
  }
  const keys = { encryption: key(name, "encryption_key", encryptionKey) };
  if (authenticationKey === undefined) return keys;
  return { ...keys, authentication: key(name, "authentication_key", authenticationKey) };
}

/** Deciphers what the device's meter sends; undefined where it has no keys. @throws UsageError FS-DEVICE-KEY. */
export function openerOf({ name, config }: DriverOptions): DlmsOpener | undefined {
  const keys = dlmsKeysOf(name, config);
  return keys && new DlmsOpener(keys);
}
