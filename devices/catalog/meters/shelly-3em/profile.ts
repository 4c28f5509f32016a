import { profile } from "../../../profile.ts";
import { energy, gauge } from "../../message-measurements.ts";

const doc = "Shelly Gen1 API reference, Shelly 3EM: MQTT";
const emeter = (phase: number, name: string) => ({ topic: `{topic}/emeter/${phase}/${name}` });
const sum = (name: string) => ({ ...emeter(0, name), plus: [emeter(1, name), emeter(2, name)] });
const phases = (name: string, unit: string, bounds: readonly [number, number], key: string) =>
  [0, 1, 2].map((phase) => gauge(`${name}_l${phase + 1}`, unit, bounds, emeter(phase, key), doc));

export default profile({
  id: "shelly-3em",
  vendor: "Shelly",
  model: "3EM (first generation)",
  link: "mqtt",
  source: "Shelly Gen1 API reference: Shelly 3EM",
  work: "energy_import",
  stuckAfter: 86_400_000,
  mqtt: { availability: { topic: "{topic}/online", online: "true", offline: "false" } },
  measurements: [
    gauge("power", "W", [-91_000, 91_000], sum("power"), doc),
    ...phases("power", "W", [-30_400, 30_400], "power"),
    ...phases("voltage", "V", [0, 300], "voltage"),
    ...phases("current", "A", [0, 125], "current"),
    ...phases("power_factor", "/", [-1, 1], "pf"),
    // Three clamps of 120 A at 253 V: 25.3 Wh a second.
    energy("energy_import", 26, sum("total"), doc),
    energy("energy_export", 26, sum("total_returned"), doc),
  ],
});
