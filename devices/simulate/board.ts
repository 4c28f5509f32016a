import type { DlmsKeys } from "../../protocols/meter/index.ts";
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
  /** With these it encrypts what it pushes, where its protocol can. */
  readonly keys: DlmsKeys | undefined;

  constructor(profile: Profile, model: MeterModel, unit: number, keys?: DlmsKeys) {
    this.profile = profile;
    this.model = model;
    this.unit = unit;
    this.keys = keys;
  }

  /** What the board would report now, in its own units (kWh where the profile scales to Wh). */
  reported(): Map<string, number> {
    const values = this.model.values();
    const out = new Map<string, number>();
    for (const { name, kind, scale = 0, bounds } of this.profile.measurements) {
      const value = values.get(name) ?? 0;
      const fallen = kind === "counter" && this.faults.has("register-fell");
      // One house model stands behind all boards: each shows of a gauge what it can.
      const shown = kind === "gauge" ? Math.min(Math.max(value, bounds[0]), bounds[1]) : value;
      out.set(name, fallen ? 0 : shown / 10 ** scale);
    }
    return out;
  }
}
