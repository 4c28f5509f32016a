import { UsageError } from "../../protocols/bytes/index.ts";
import { nearest } from "../nearest.ts";
import type { Profile } from "../profile.ts";
import dsmrP1 from "./meters/dsmr-p1/profile.ts";
import eastronSdm120 from "./meters/eastron-sdm120/profile.ts";
import eastronSdm630 from "./meters/eastron-sdm630/profile.ts";

/** Every board model that ships, in the order lists show them. */
export const catalog: readonly Profile[] = [eastronSdm120, eastronSdm630, dsmrP1];

export interface CatalogEntry {
  /** What stands behind `driver:` in the configuration: engine and profile. */
  id: string;
  vendor: string;
  model: string;
}

export function driverId(profile: Profile): string {
  return `${profile.link}/${profile.id}`;
}

/** The device list. */
export const DRIVERS: readonly CatalogEntry[] = catalog.map((profile) => ({
  id: driverId(profile),
  vendor: profile.vendor,
  model: profile.model,
}));

const byId = new Map(catalog.map((profile) => [driverId(profile), profile]));

/**
 * The profile behind a driver's name: `modbus/eastron-sdm630`, `p1/dsmr-p1`.
 * @throws UsageError FS-DEVICE-DRIVER, with what it may have meant in `fix` and `context.suggestions`.
 */
export function findDriver(text: string): Profile {
  const found = byId.get(text);
  if (found) return found;
  const suggestions = nearest(text, byId.keys());
  throw new UsageError("FS-DEVICE-DRIVER", `there is no driver "${text.slice(0, 64)}"`, {
    context: { suggestions },
    fix:
      suggestions.length > 0
        ? `did you mean ${suggestions.join(" or ")}?`
        : "fieldseal devices drivers lists what there is",
  });
}
