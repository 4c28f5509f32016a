import type { Profile } from "../profile.ts";
import { Catalog, driverId } from "./catalog.ts";
import aidonHan from "./meters/aidon-han/profile.ts";
import ocppGeneric from "./chargers/generic/profile.ts";
import ocpp16 from "./chargers/ocpp-16/profile.ts";
import ocpp201 from "./chargers/ocpp-201/profile.ts";
import dsmrP1 from "./meters/dsmr-p1/profile.ts";
import eastronSdm120 from "./meters/eastron-sdm120/profile.ts";
import eastronSdm630 from "./meters/eastron-sdm630/profile.ts";
import emucsP1 from "./meters/emucs-p1/profile.ts";
import kaifaHan from "./meters/kaifa-han/profile.ts";
import kamstrupHan from "./meters/kamstrup-han/profile.ts";
import smlMeter from "./meters/sml-meter/profile.ts";
import swedishP1 from "./meters/swedish-p1/profile.ts";
import nmeaGnss from "./positioning/nmea-gnss/profile.ts";
import obd2Distance from "./vehicles/obd2-distance/profile.ts";
import obd2Odometer from "./vehicles/obd2-odometer/profile.ts";

/** Every board model that ships, in the order lists show them: one line a model. */
export const catalog: readonly Profile[] = [
  // meters
  eastronSdm120,
  eastronSdm630,
  dsmrP1,
  emucsP1,
  swedishP1,
  aidonHan,
  kaifaHan,
  kamstrupHan,
  smlMeter,
  // positioning and vehicles
  nmeaGnss,
  obd2Odometer,
  obd2Distance,
  // charging stations that dial in
  ocppGeneric,
  ocpp16,
  ocpp201,
];

/** The profiles that ship. */
export const builtIn = new Catalog(catalog);

export interface CatalogEntry {
  /** What stands behind `driver:` in the configuration: engine and profile. */
  id: string;
  vendor: string;
  model: string;
}

/** The device list. */
export const DRIVERS: readonly CatalogEntry[] = catalog.map((profile) => ({
  id: driverId(profile),
  vendor: profile.vendor,
  model: profile.model,
}));

/**
 * A profile that ships.
 * @throws UsageError FS-DEVICE-DRIVER.
 */
export const findDriver = (text: string): Profile => builtIn.find(text);
