import type { MeasurementProfile } from "../../profile.ts";
import type { PointSource } from "../../sections/sunspec.ts";

const INTEGERS = [103, 102, 101];
const FLOATS = [113, 112, 111];
const INVERTER = [...FLOATS, ...INTEGERS];
/** IEEE 1547-2018 devices name their points differently. */
const DER = [701];
const METER_INTEGERS = [203, 204, 202, 201];
const METER_FLOATS = [213, 214, 212, 211];
const METER = [...METER_FLOATS, ...METER_INTEGERS];

const at = (models: readonly number[], point: string, less?: string): PointSource =>
  less === undefined ? { models, point } : { models, point, less };

const cite = (sources: readonly PointSource[]) =>
  sources.map(({ models, point }) => `SunSpec model ${models.join(", ")}: ${point}`).join("; ");

function gauge(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  sources: readonly PointSource[],
  scale = 0,
): MeasurementProfile {
  return { name, unit, kind: "gauge", bounds, optional: true, source: cite(sources), sunspec: sources, scale };
}

/** A plant of 1 MW counts 278 Wh a second. */
function counter(name: string, sources: readonly PointSource[]): MeasurementProfile {
  const bounds = [0, 1e13] as const;
  return { name, unit: "Wh", kind: "counter", bounds, step: 300, source: cite(sources), sunspec: sources };
}

const state = (name: string, sources: readonly PointSource[]): MeasurementProfile => ({
  name,
  unit: "",
  kind: "state",
  bounds: [0, 1],
  optional: true,
  source: cite(sources),
  sunspec: sources,
});

const MEGAWATT = [-1_000_000, 1_000_000] as const;
const PHASES = ["A", "B", "C"] as const;

/** Inverters: what they produce, whatever of the models they have. */
export const inverterMeasurements: readonly MeasurementProfile[] = [
  { ...gauge("power_produced", "W", MEGAWATT, [at(INVERTER, "W"), at(DER, "W")]), optional: false },
  counter("energy_produced", [at(INVERTER, "WH"), at(DER, "TotWhInj")]),
  gauge("pv_power", "W", MEGAWATT, [at(INVERTER, "DCW")]),
  ...PHASES.map((phase, i) =>
    gauge(`voltage_l${i + 1}`, "V", [0, 1000], [at(INVERTER, `PhVph${phase}`), at(DER, `VL${i + 1}`)]),
  ),
  gauge("current", "A", [-5000, 5000], [at(INVERTER, "A"), at(DER, "A")]),
  gauge("frequency", "Hz", [0, 70], [at(INVERTER, "Hz"), at(DER, "Hz")]),
  gauge("apparent_power", "VA", MEGAWATT, [at(INVERTER, "VA"), at(DER, "VA")]),
  gauge("reactive_power", "var", MEGAWATT, [at(INVERTER, "VAr"), at(DER, "Var")]),
  // In per cent; model 701 gives it as a fraction, which has no place here.
  gauge("power_factor", "/", [-1, 1], [at(INVERTER, "PF")], -2),
  gauge("temperature", "Cel", [-60, 150], [at(INVERTER, "TmpCab"), at(DER, "TmpCab")]),
  state("inverter_state", [at(INVERTER, "St"), at(DER, "InvSt")]),
];

/** Meters: what flows from the grid is positive. */
export const meterMeasurements: readonly MeasurementProfile[] = [
  { ...gauge("power", "W", MEGAWATT, [at(METER, "W")]), optional: false },
  ...PHASES.map((phase, i) => gauge(`power_l${i + 1}`, "W", MEGAWATT, [at(METER, `Wph${phase}`)])),
  counter("energy_import", [at(METER, "TotWhImp")]),
  { ...counter("energy_export", [at(METER, "TotWhExp")]), optional: true },
  ...PHASES.map((phase, i) => gauge(`voltage_l${i + 1}`, "V", [0, 1000], [at(METER, `PhVph${phase}`)])),
  ...PHASES.map((phase, i) => gauge(`current_l${i + 1}`, "A", [-5000, 5000], [at(METER, `Aph${phase}`)])),
  gauge("frequency", "Hz", [0, 70], [at(METER, "Hz")]),
  gauge("apparent_power", "VA", MEGAWATT, [at(METER, "VA")]),
  gauge("reactive_power", "var", MEGAWATT, [at(METER, "VAR")]),
  // The integer models give it in per cent. What the floating-point ones give differs from maker to maker.
  gauge("power_factor", "/", [-1, 1], [at(METER_INTEGERS, "PF")], -2),
];

/** Batteries. */
export const storageMeasurements: readonly MeasurementProfile[] = [
  {
    ...gauge("soc", "%EL", [0, 100], [at([802], "SoC"), at([713], "SoC"), at([124], "ChaState")]),
    optional: false,
  },
  gauge("soh", "/100", [0, 100], [at([802], "SoH"), at([713], "SoH")]),
  gauge("battery_voltage", "V", [0, 2000], [at([802], "V"), at([124], "InBatV")]),
  gauge("battery_current", "A", [-5000, 5000], [at([802], "A")]),
  gauge("battery_power", "W", MEGAWATT, [at([802], "W")]),
  state("battery_state", [at([802], "ChaSt"), at([124], "ChaSt"), at([713], "Sta")]),
];
