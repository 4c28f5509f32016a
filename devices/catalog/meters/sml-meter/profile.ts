import { type CosemSource, type MeasurementProfile, profile } from "../../../profile.ts";

const fnn = (codes: readonly string[]) =>
  `VDE-FNN Lastenheft Basiszähler, optical information interface, OBIS references: ${codes.join(", ")}`;

function gauge(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  scaler: number,
  ...codes: string[]
): MeasurementProfile {
  const cosem: CosemSource = { codes, unit, scaler };
  return { name, unit, kind: "gauge", bounds, optional: true, source: fnn(codes), cosem };
}

// 3 x 80 A at 253 V is 61 kW: 17 Wh a second. Without its PIN a meter shows whole kWh.
function energy(name: string, code: string, optional: boolean): MeasurementProfile {
  const cosem: CosemSource = { codes: [code], unit: "Wh", scaler: -1 };
  return {
    name,
    unit: "Wh",
    kind: "counter",
    bounds: [0, 2_000_000_000],
    step: 18,
    resolution: 1000,
    optional,
    source: fnn([code]),
    cosem,
  };
}

export default profile({
  id: "sml-meter",
  vendor: "any",
  model: "German electronic meter (eHZ, mME) with SML: EMH, Iskra, EasyMeter, Holley, Itron, DZG",
  link: "sml",
  source: "SML 1.04 (BSI TR-03109-1 annex IVb); VDE-FNN Lastenheft Basiszähler",
  work: "energy_import",
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: [
    // Signed sum of the phases; some older meters use the reference of the sum without regard to direction.
    gauge("power", "W", [-100_000, 100_000], -1, "1-0:16.7.0", "1-0:15.7.0"),
    gauge("power_l1", "W", [-40_000, 40_000], -1, "1-0:36.7.0"),
    gauge("power_l2", "W", [-40_000, 40_000], -1, "1-0:56.7.0"),
    gauge("power_l3", "W", [-40_000, 40_000], -1, "1-0:76.7.0"),
    gauge("voltage_l1", "V", [0, 300], -1, "1-0:32.7.0"),
    gauge("voltage_l2", "V", [0, 300], -1, "1-0:52.7.0"),
    gauge("voltage_l3", "V", [0, 300], -1, "1-0:72.7.0"),
    gauge("current_l1", "A", [-120, 120], -2, "1-0:31.7.0"),
    gauge("current_l2", "A", [-120, 120], -2, "1-0:51.7.0"),
    gauge("current_l3", "A", [-120, 120], -2, "1-0:71.7.0"),
    gauge("frequency", "Hz", [40, 70], -1, "1-0:14.7.0"),
    energy("energy_import", "1-0:1.8.0", false),
    energy("energy_export", "1-0:2.8.0", true),
    energy("energy_import_t1", "1-0:1.8.1", true),
    energy("energy_import_t2", "1-0:1.8.2", true),
    energy("energy_export_t1", "1-0:2.8.1", true),
    energy("energy_export_t2", "1-0:2.8.2", true),
  ],
});
