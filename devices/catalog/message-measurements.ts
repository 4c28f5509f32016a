import type { MeasurementProfile, MessageValue } from "../profile.ts";

/** A gauge of an MQTT board. */
export function gauge(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  message: MessageValue,
  source: string,
  more: Partial<MeasurementProfile> = {},
): MeasurementProfile {
  return { name, unit, kind: "gauge", bounds, message, source, ...more };
}

/** An energy register of an MQTT board. `step`: Wh a second at most. `scale`: 3 where the board counts kWh. */
export function energy(
  name: string,
  step: number,
  message: MessageValue,
  source: string,
  more: Partial<MeasurementProfile> = {},
): MeasurementProfile {
  return { name, unit: "Wh", kind: "counter", bounds: [0, 2_000_000_000], step, message, source, ...more };
}

/** A word or a switch position. Bounds say nothing there. */
export function state(name: string, message: MessageValue, source: string): MeasurementProfile {
  return { name, unit: "", kind: "state", bounds: [0, 1], message, source, optional: true };
}
