import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OcppOptions, PendingStation } from "../../devices/index.ts";
import { EnvironmentError, sha256, toHex, utf8 } from "../../protocols/bytes/index.ts";
import { replaceFileSync } from "../batch/sync-files.ts";
import type { Config } from "../config/index.ts";

export interface StationOptionsInput {
  config: Config;
  random(bytes: number): Uint8Array;
  onPending(station: PendingStation): void;
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new EnvironmentError("FS-OCPP-TLS", `${path} cannot be read`, { cause, fix: "check ocpp.tls" });
  }
}

/**
 * What the central system for charging stations needs of this gateway: its settings, and a folder where open sessions and
 * registers survive a restart. Undefined where no section `ocpp` and no such device is configured.
 */
export function stationOptions({ config, random, onPending }: StationOptionsInput): OcppOptions | undefined {
  const stations = Object.values(config.devices).filter(({ driver }) => driver.startsWith("ocpp/"));
  const { ocpp } = config;
  if (!ocpp && stations.length === 0) return undefined;
  const folder = join(config.gateway.data, "ocpp");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A salt, no identity: without it id tags could be found by trying them out.
  const salt = join(folder, "id-tags.salt");
  if (!existsSync(salt)) writeFileSync(salt, random(32), { mode: 0o600 });
  // An identity may hold characters that no file name has.
  const file = (station: string) => join(folder, `${toHex(sha256(utf8(station))).slice(0, 32)}.json`);
  const find = (station: string) => stations.find((device) => device.station === station);
  const { tls } = ocpp ?? {};
  return {
    ...(ocpp ? { listen: ocpp.listen, security: ocpp.security } : {}),
    ...(tls
      ? {
          tls: {
            key: readPem(tls.key),
            cert: readPem(tls.cert),
            ...(tls.ca === undefined ? {} : { ca: readPem(tls.ca) }),
          },
        }
      : {}),
    password: (station) => find(station)?.password,
    meterKey: (station) => find(station)?.meter_key,
    idTagKey: new Uint8Array(readFileSync(salt)),
    state: {
      load: (station) => (existsSync(file(station)) ? readFileSync(file(station), "utf8") : undefined),
      save: (station, text) => replaceFileSync(file(station), text),
    },
    onPending,
  };
}
