import { type MeasurementProfile, profile } from "../../../profile.ts";
import type { FixField } from "../../../sections/nmea.ts";

const sentence = (text: string) => `NMEA 0183 v4.11: ${text}`;
const gauge = (
  name: string,
  unit: string,
  fix: FixField,
  bounds: readonly [number, number],
  source: string,
): MeasurementProfile => ({ name, unit, kind: "gauge", bounds, fix, optional: true, source: sentence(source) });

const measurements: MeasurementProfile[] = [
  { ...gauge("latitude", "lat", "latitude", [-90, 90], "RMC, GGA, GNS: latitude"), optional: false },
  { ...gauge("longitude", "lon", "longitude", [-180, 180], "RMC, GGA, GNS: longitude"), optional: false },
  gauge("altitude", "m", "altitude", [-500, 20_000], "GGA, GNS: altitude above mean sea level"),
  // 515 m/s is the export limit of civil receivers.
  gauge("speed", "m/s", "speed", [0, 515], "RMC: speed over ground, VTG"),
  gauge("course", "deg", "track", [0, 360], "RMC: course over ground, VTG"),
  gauge("satellites", "count", "satellites", [0, 99], "GGA, GNS: satellites in use"),
  gauge("hdop", "/", "hdop", [0, 100], "GGA, GNS: horizontal dilution of precision"),
  gauge("fix_mode", "", "mode", [1, 3], "GSA: 2 two-dimensional, 3 three-dimensional"),
  gauge("fix_quality", "", "quality", [0, 8], "GGA: quality indicator, 1 autonomous, 2 differential, 4 and 5 RTK"),
];

export default profile({
  id: "nmea-gnss",
  vendor: "any",
  model: "GNSS receiver, NMEA 0183",
  link: "nmea",
  source: "NMEA 0183 v4.11; u-blox M8 receiver description (sentences as sold receivers send them)",
  work: "readings",
  // A receiver that stands still on a roof tells the same position for hours.
  stuckAfter: 0,
  measurements,
});
