import { EnvironmentError, equalBytes, UsageError } from "../../../protocols/bytes/index.ts";
import {
  encodeRegisters,
  type ModbusRequest,
  type ModbusResponse,
  registerWords,
} from "../../../protocols/modbus/index.ts";
import type { Profile } from "../../profile.ts";
import type { ControlSource } from "../../sections/modbus.ts";
import type { DeviceCommand, DriverOptions } from "../driver.ts";
import { readRequest, registersOf } from "./image.ts";

/** One register to write. */
export interface ControlWrite {
  key: string;
  source: ControlSource;
  value: number | string | boolean;
  /** As it stands on the wire. */
  registers: Uint8Array;
}

type Exchange = (request: ModbusRequest) => Promise<ModbusResponse>;

function refusal(device: string, why: string, fix: string): UsageError {
  return new UsageError("FS-DEVICE-CONTROL", `${device}: ${why}`, { fix });
}

/**
 * What a command means for a board; nothing is written unless all of it may be.
 * @throws UsageError FS-DEVICE-CONTROL.
 */
export function plannedWrites(
  { name, config }: Pick<DriverOptions, "name" | "config">,
  { model, modbus }: Profile,
  command: DeviceCommand,
): ControlWrite[] {
  if (config.control !== true) {
    throw refusal(name, "is not to be controlled", "write control: true in the device's section to allow it");
  }
  const controls = modbus!.control;
  return Object.entries(command).map(([key, value]) => {
    const source = Object.hasOwn(controls, key) ? controls[key] : undefined;
    if (!source) {
      const known = Object.keys(controls).join(", ");
      throw refusal(name, `a ${model} has no "${key.slice(0, 64)}" to set`, known === "" ? "" : `it has: ${known}`);
    }
    return { key, source, value, registers: encoded(name, key, source, value) };
  });
}

function encoded(device: string, key: string, source: ControlSource, value: number | string | boolean): Uint8Array {
  const { type, bounds, scale = 0, texts, unit } = source;
  if (type === "bit") {
    if (typeof value !== "boolean") throw refusal(device, `${key} is true or false`, "give it a boolean");
    return encodeRegisters(source, value);
  }
  if (typeof value === "string") {
    const found = Object.entries(texts ?? {}).find(([, text]) => text === value);
    if (!found) throw refusal(device, `${key} is none of its texts`, `use ${Object.values(texts ?? {}).join(", ")}`);
    return encodeRegisters(source, Number(found[0]));
  }
  if (typeof value !== "number" || !bounds || !(value >= bounds[0] && value <= bounds[1])) {
    const range = bounds ? `${bounds[0]} to ${bounds[1]} ${unit}`.trim() : Object.values(texts ?? {}).join(", ");
    throw refusal(device, `${key} is out of range`, `use ${range}`);
  }
  // Rounded down: a limit is never above what was asked for.
  const raw = value / 10 ** scale;
  return encodeRegisters(source, type === "f32" || type === "f64" ? raw : Math.floor(raw + 1e-9));
}

function writeRequest({ source, registers }: ControlWrite): ModbusRequest {
  const { at: address, table, write } = source;
  if (table === "coil") return { fn: 5, address, on: registers[1] === 1 };
  if (registers.length > 2 || write === "multiple") return { fn: 16, address, registers };
  return { fn: 6, address, value: (registers[0]! << 8) | registers[1]! };
}

/**
 * Writes one register and reads it back.
 * @throws EnvironmentError FS-DEVICE-ACKNOWLEDGE when the board acknowledged something else or holds another value, and
 * what the exchange throws.
 */
export async function writeControl(device: string, write: ControlWrite, exchange: Exchange): Promise<void> {
  const { key, source, registers } = write;
  const request = writeRequest(write);
  const answer = await exchange(request);
  const echoed =
    answer.fn === request.fn &&
    "address" in answer &&
    answer.address === source.at &&
    (!("value" in request) || ("value" in answer && answer.value === request.value)) &&
    (!("on" in request) || ("on" in answer && answer.on === request.on));
  if (!echoed) throw unacknowledged(device, key, "acknowledged something else");
  const { readBack = source.at } = source;
  if (readBack === "none") return;
  const count = registerWords(source);
  const held = registersOf(await exchange(readRequest(source.table, readBack, count)), count);
  if (!held || !equalBytes(held, registers)) throw unacknowledged(device, key, "holds another value than was written");
}

function unacknowledged(device: string, key: string, what: string): EnvironmentError {
  return new EnvironmentError("FS-DEVICE-ACKNOWLEDGE", `${device}: the board ${what} for ${key}`, {
    fix: "look at the board's own settings: something else may control it, or its limit may be lower",
  });
}
