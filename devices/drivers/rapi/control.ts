import { EnvironmentError, UsageError } from "../../../protocols/bytes/index.ts";
import type { RapiFrame } from "../../../protocols/rapi/index.ts";
import type { DeviceCommand } from "../driver.ts";

/** One command of the station: its name, its words, and what a good answer has to begin with. */
export interface Order {
  key: string;
  name: string;
  parameters: readonly string[];
  confirms?: string;
}

/** Whole A; the pilot signal knows no less than 6 (SAE J1772), and the firmware no more than 80. */
const LEAST = 6;
const MOST = 80;

/**
 * What a command means in RAPI. The limit is set volatile (`V`): it is gone after a restart of the station, and wears no
 * EEPROM.
 * @throws UsageError FS-DEVICE-CONTROL.
 */
export function ordersOf(device: string, command: DeviceCommand): Order[] {
  return Object.entries(command).map(([key, value]): Order => {
    const refuse = (why: string) =>
      new UsageError("FS-DEVICE-CONTROL", `${device}: ${key.slice(0, 40)} ${why}`, {
        fix: "this station knows current_limit (A), enabled and asleep (true or false)",
      });
    if (key === "current_limit") {
      if (typeof value !== "number" || !Number.isInteger(value) || value < LEAST || value > MOST) {
        throw refuse(`must be a whole number from ${LEAST} to ${MOST}`);
      }
      return { key, name: "SC", parameters: [String(value), "V"], confirms: String(value) };
    }
    if (key !== "enabled" && key !== "asleep") throw refuse("cannot be set");
    if (typeof value !== "boolean") throw refuse("must be true or false");
    const name = key === "enabled" ? (value ? "FE" : "FD") : value ? "FS" : "FE";
    return { key, name, parameters: [] };
  });
}

/** @throws EnvironmentError FS-DEVICE-REFUSED when the answer is not the acknowledgement of the order. */
export function checkAnswer(device: string, { key, name, confirms }: Order, answer: RapiFrame): void {
  const [said] = answer.parameters;
  if (answer.name === "OK" && (confirms === undefined || said === confirms)) return;
  const what = said === undefined ? "" : `; it stays at ${said}`;
  throw new EnvironmentError("FS-DEVICE-REFUSED", `${device} refused ${key} ($${name})${what}`, {
    fix: "the station's own limits and state count: see its display",
  });
}
