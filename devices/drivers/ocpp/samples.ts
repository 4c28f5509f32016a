import type { OcppMeterValue, OcppSample } from "../../../protocols/ocpp/index.ts";
import { addNumbers, Decimal, type SenmlNumber } from "../../../protocols/reading/index.ts";
import { decimal } from "../../numbers.ts";
import type { Profile } from "../../profile.ts";
import type { OcppSource } from "../../sections/ocpp.ts";

const PHASES = ["L1", "L2", "L3"] as const;

/** Whether a sample is of one line: stations write `L1` or `L1-N` for it. */
const isOf = (phase: string | undefined) => (sample: OcppSample) =>
  phase === undefined ? sample.phase === undefined : sample.phase === phase || sample.phase === `${phase}-N`;

function exact(value: Decimal): SenmlNumber {
  return decimal(value.mantissa, value.exponent);
}

function pick(samples: readonly OcppSample[], measurand: string, phase?: string): OcppSample | undefined {
  const own = samples.filter((sample) => sample.measurand === measurand && isOf(phase)(sample));
  // Where several places are measured, the one that is billed.
  return own.findLast(({ location }) => location === "Outlet") ?? own.at(-1);
}

/** The energy register in Wh: that of the whole, or all of its lines added up. */
export function registerOf({ samples }: OcppMeterValue): Decimal | undefined {
  const measurand = "Energy.Active.Import.Register";
  const whole = pick(samples, measurand);
  if (whole) return whole.unit === "Wh" ? whole.value : undefined;
  const lines = PHASES.map((phase) => pick(samples, measurand, phase)).filter((sample) => sample !== undefined);
  if (lines.length === 0 || lines.some(({ unit }) => unit !== "Wh")) return undefined;
  const sum = lines.map(({ value }) => value as SenmlNumber).reduce(addNumbers);
  return sum instanceof Decimal ? sum : undefined;
}

type SampleSource = Extract<OcppSource, { sample: string }>;

/** A measurement's value in one connector's samples. */
function measured(samples: readonly OcppSample[], source: SampleSource): SenmlNumber | undefined | "malformed" {
  const one = pick(samples, source.sample, source.phase);
  if (one) return one.unit === source.unit ? exact(one.value) : "malformed";
  // A power told line by line only is the sum of its lines.
  if (source.phase !== undefined || !source.sample.startsWith("Power.Active")) return undefined;
  const lines = PHASES.map((phase) => pick(samples, source.sample, phase)).filter((sample) => sample !== undefined);
  if (lines.length === 0) return undefined;
  if (lines.some(({ unit }) => unit !== source.unit)) return "malformed";
  return lines.map(({ value }) => exact(value)).reduce(addNumbers);
}

/** What the connectors sampled last, by the profile's measurement names. */
export class ConnectorSamples {
  readonly #profile: Profile;
  /** Oldest first: the one heard last is the last. */
  readonly #values = new Map<string, Map<string, SenmlNumber>>();

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  /** @returns whether something came in a unit it must not have, or as no number. */
  take(connector: string, values: readonly OcppMeterValue[]): boolean {
    const own = this.#values.get(connector) ?? new Map<string, SenmlNumber>();
    let malformed = false;
    for (const entry of values) {
      if (entry.malformed > 0) malformed = true;
      for (const { name, ocpp } of this.#profile.measurements) {
        if (!ocpp || !("sample" in ocpp)) continue;
        const value = measured(entry.samples, ocpp);
        if (value === "malformed") malformed = true;
        else if (value !== undefined) own.set(name, value);
      }
    }
    this.#values.delete(connector);
    this.#values.set(connector, own);
    return malformed;
  }

  /** Nothing is known of a connector's present any more. */
  clear(connector: string): void {
    this.#values.delete(connector);
  }

  clearAll(): void {
    this.#values.clear();
  }

  /** One value for the station. */
  into(out: Map<string, SenmlNumber | string | boolean>): void {
    for (const { name, ocpp } of this.#profile.measurements) {
      if (!ocpp || !("sample" in ocpp)) continue;
      const all = [...this.#values.values()].map((own) => own.get(name)).filter((value) => value !== undefined);
      if (all.length === 0) continue;
      out.set(name, ocpp.of === "sum" ? all.reduce(addNumbers) : all.at(-1)!);
    }
  }
}
