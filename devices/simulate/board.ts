import type { Profile } from "../profile.ts";
import type { MeterModel } from "./meter-model.ts";

/** What a simulated board does wrong while it is set. */
export const FAULTS = ["silent", "garbage", "bad-crc", "register-fell"] as const;
export type Fault = (typeof FAULTS)[number];

/** A board as it stands in the field: a profile, what it measures, and what is wrong with it. */
export class SimulatedBoard {
  readonly profile: Profile;
  readonly model: MeterModel;
  /** Modbus unit; 1 elsewhere. */
  readonly unit: number;
  readonly faults = new Set<Fault>();
  /** What it was told: the words of registers, by table and address. Whoever connects finds them. */
  readonly written = new Map<string, number>();

  constructor(profile: Profile, model: MeterModel, unit: number) {
    this.profile = profile;
    this.model = model;
    this.unit = unit;
  }

  /** What the board would report now, in its own units (kWh where the profile scales to Wh). */
  reported(): Map<string, number> {
    const values = this.model.values();
    const out = new Map<string, number>();
    for (const { name, kind, scale = 0 } of this.profile.measurements) {
      const value = values.get(name) ?? 0;
      const fallen = kind === "counter" && this.faults.has("register-fell");
      out.set(name, fallen ? 0 : value / 10 ** scale);
    }
    return out;
  }
}
