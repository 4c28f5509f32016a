import { profile } from "../../../profile.ts";
import { energy, gauge } from "../../message-measurements.ts";

const doc = (component: string) => `Shelly Gen2 API, ${component}: status; MQTT: status_ntf, rpc_ntf`;

/** The component's own topic, and the notification that carries what has changed. */
function status(component: string, path: string) {
  const notified = { topic: "{topic}/events/rpc", path: `params.${component}.${path}` };
  return { topic: `{topic}/status/${component}`, path, or: [notified] };
}

const phases = (name: string, unit: string, bounds: readonly [number, number], key: string) =>
  ["a", "b", "c"].map((phase, i) =>
    gauge(`${name}_l${i + 1}`, unit, bounds, status("em:0", `${phase}_${key}`), doc("EM"), { optional: true }),
  );

export default profile({
  id: "shelly-pro-3em",
  vendor: "Shelly",
  model: "Pro 3EM, 3EM Gen3 (second generation API)",
  link: "mqtt",
  source: "Shelly Gen2 API: EM, EMData, MQTT",
  work: "energy_import",
  stuckAfter: 86_400_000,
  mqtt: { availability: { topic: "{topic}/online", online: "true", offline: "false" } },
  measurements: [
    gauge("power", "W", [-91_000, 91_000], status("em:0", "total_act_power"), doc("EM")),
    gauge("apparent_power", "VA", [0, 91_000], status("em:0", "total_aprt_power"), doc("EM"), { optional: true }),
    ...phases("power", "W", [-30_400, 30_400], "act_power"),
    ...phases("voltage", "V", [0, 300], "voltage"),
    ...phases("current", "A", [0, 125], "current"),
    gauge("frequency", "Hz", [40, 70], status("em:0", "a_freq"), doc("EM"), { optional: true }),
    energy("energy_import", 26, status("emdata:0", "total_act"), doc("EMData")),
    energy("energy_export", 26, status("emdata:0", "total_act_ret"), doc("EMData")),
  ],
});
