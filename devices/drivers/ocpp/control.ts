import { UsageError } from "../../../protocols/bytes/index.ts";
import type { StationCommand } from "../../../protocols/ocpp/index.ts";
import type { OcppSection } from "../../sections/ocpp.ts";
import type { DeviceCommand } from "../driver.ts";

const ID_TAG = "FIELDSEAL";

function bad(device: string, why: string): UsageError {
  return new UsageError("FS-DEVICE-CONTROL", `${device}: ${why}`, {
    fix: "set current_limit (A), enabled (true or false), start or stop (a connector), or reset (soft or hard)",
  });
}

/**
 * The calls a command amounts to, in their order.
 * @throws UsageError FS-DEVICE-CONTROL.
 */
export function controlCommands(
  device: string,
  command: DeviceCommand,
  { current, connectors }: OcppSection,
  sessions: readonly { transaction: string; connector: string }[],
): StationCommand[] {
  const connectorOf = (value: unknown): number => {
    if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= connectors) return value;
    throw bad(device, `a connector is a number of 1 to ${connectors}`);
  };
  const commands = Object.entries(command).map(([key, value]): StationCommand => {
    switch (key) {
      case "current_limit": {
        const [least, most] = current;
        // 0 pauses; between 0 and the least no vehicle charges (IEC 61851-1, Annex A).
        if (typeof value !== "number" || !(value === 0 || (value >= least && value <= most))) {
          throw bad(device, `current_limit is 0 or ${least} to ${most} A`);
        }
        // One digit: the schemas allow no more (1.6 §7.14).
        return { do: "limit", amperes: Math.floor(value * 10) / 10 };
      }
      case "enabled":
        if (typeof value !== "boolean") throw bad(device, "enabled is true or false");
        return { do: "availability", operative: value };
      case "start":
        return { do: "start", connector: connectorOf(value), idTag: ID_TAG, remoteStartId: connectorOf(value) };
      case "stop": {
        const connector = String(connectorOf(value));
        const session = sessions.findLast((one) => one.connector === connector);
        if (!session) throw bad(device, `connector ${connector} has no session`);
        return { do: "stop", transaction: session.transaction };
      }
      case "reset":
        if (value !== "soft" && value !== "hard") throw bad(device, "reset is soft or hard");
        return { do: "reset", how: value };
      default:
        throw bad(device, `"${key.slice(0, 40)}" cannot be set`);
    }
  });
  if (commands.length === 0) throw bad(device, "nothing is to be set");
  return commands;
}
