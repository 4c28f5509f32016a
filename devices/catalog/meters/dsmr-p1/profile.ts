import { type MeasurementProfile, type ObisSource, profile } from "../../../profile.ts";

const p1 = (code: string) => `P1 Companion Standard 5.0.2, §6.12 representation of P1 telegram: ${code}`;

function watts(name: string, digits: ObisSource["digits"], sum: string, less?: string): MeasurementProfile {
  const obis: ObisSource = { sum: [sum], ...(less && { less: [less] }), unit: "kW", digits };
  const least = less ? -100_000 : 0;
  return { name, unit: "W", kind: "gauge", bounds: [least, 100_000], scale: 3, source: p1(sum), obis };
}

// 3 x 80 A at 253 V, the largest connection a P1 meter is built for, is 61 kW: 17 Wh a second.
function energy(name: string, ...sum: string[]): MeasurementProfile {
  const obis: ObisSource = { sum, unit: "kWh", digits: [6, 3] };
  return {
    name,
    unit: "Wh",
    kind: "counter",
    bounds: [0, 2_000_000_000],
    step: 18,
    scale: 3,
    source: p1(sum.join(", ")),
    obis,
  };
}

function phases(name: string, unit: string, most: number, digits: ObisSource["digits"], group: number) {
  return [1, 2, 3].map((phase): MeasurementProfile => {
    const code = `1-0:${20 * phase + group}.7.0`;
    const obis = { sum: [code], unit, digits };
    return { name: `${name}_l${phase}`, unit, kind: "gauge", bounds: [0, most], source: p1(code), obis };
  });
}

const KW = [2, 3] as const;

export default profile({
  id: "dsmr-p1",
  vendor: "any",
  model: "DSMR 2.2 to 5.0.2 smart meter, P1 port",
  link: "p1",
  source: "Dutch Smart Meter Requirements, P1 Companion Standard 5.0.2 (2016)",
  work: "energy_import",
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: [
    watts("power", KW, "1-0:1.7.0", "1-0:2.7.0"),
    watts("power_import", KW, "1-0:1.7.0"),
    watts("power_export", KW, "1-0:2.7.0"),
    energy("energy_import", "1-0:1.8.1", "1-0:1.8.2"),
    energy("energy_export", "1-0:2.8.1", "1-0:2.8.2"),
    energy("energy_import_t1", "1-0:1.8.1"),
    energy("energy_import_t2", "1-0:1.8.2"),
    energy("energy_export_t1", "1-0:2.8.1"),
    energy("energy_export_t2", "1-0:2.8.2"),
    ...phases("voltage", "V", 300, [4, 1], 12),
    ...phases("current", "A", 120, [3, 2], 11),
    watts("power_import_l1", KW, "1-0:21.7.0"),
    watts("power_import_l2", KW, "1-0:41.7.0"),
    watts("power_import_l3", KW, "1-0:61.7.0"),
    watts("power_export_l1", KW, "1-0:22.7.0"),
    watts("power_export_l2", KW, "1-0:42.7.0"),
    watts("power_export_l3", KW, "1-0:62.7.0"),
  ],
});
