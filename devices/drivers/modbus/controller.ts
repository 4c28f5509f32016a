import type { Timer } from "../../../firmware-bridge/port/index.ts";
import { CancelledError, FieldsealError } from "../../../protocols/bytes/index.ts";
import type { Profile } from "../../profile.ts";
import type { DeviceCommand, DriverOptions } from "../driver.ts";
import { type ControlWrite, plannedWrites, writeControl } from "./control.ts";
import type { ModbusBus } from "./shared-bus.ts";

export interface ModbusControllerOptions {
  driver: Pick<DriverOptions, "name" | "config" | "clock">;
  profile: Profile;
  bus: Pick<ModbusBus, "run">;
  unit: number;
  timeout: number;
}

/** What one device is told: a command writes its registers in one go, and those a board forgets are written again. */
export class ModbusController {
  readonly counters = { timeouts: 0, refusals: 0 };
  readonly #options: ModbusControllerOptions;
  readonly #kept = new Map<string, Timer>();
  #running = false;

  constructor(options: ModbusControllerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
  }

  /** The board keeps what it was told last, or forgets it by its own rules. */
  stop(): void {
    this.#running = false;
    for (const timer of this.#kept.values()) timer.cancel();
    this.#kept.clear();
  }

  /**
   * @throws UsageError FS-DEVICE-CONTROL; EnvironmentError FS-DEVICE-ACKNOWLEDGE, FS-PORT-LOST, FS-MODBUS-BUSY; TimeoutError
   * FS-MODBUS-TIMEOUT; ProtocolError FS-MODBUS-EXCEPTION.
   */
  async set(command: DeviceCommand): Promise<DeviceCommand> {
    const { driver, profile } = this.#options;
    const writes = plannedWrites(driver, profile, command);
    for (const { key } of writes) this.#forget(key);
    await this.#write(writes);
    for (const write of writes) this.#keep(write);
    return command;
  }

  async #write(writes: readonly ControlWrite[]): Promise<void> {
    const { driver, bus, unit, timeout } = this.#options;
    try {
      await bus.run(async (line) => {
        for (const write of writes) {
          if (!this.#running) throw new CancelledError("FS-DEVICE-STOPPED", `${driver.name} was stopped`);
          await writeControl(driver.name, write, (request) => line.exchange(unit, request, timeout));
        }
      });
    } catch (error) {
      if (error instanceof FieldsealError && error.blame === "timeout") this.counters.timeouts++;
      else if (error instanceof FieldsealError && error.blame === "peer") this.counters.refusals++;
      throw error;
    }
  }

  #forget(key: string): void {
    this.#kept.get(key)?.cancel();
    this.#kept.delete(key);
  }

  #keep(write: ControlWrite): void {
    const { refresh } = write.source;
    if (refresh === undefined || !this.#running) return;
    const again = this.#options.driver.clock.after(refresh, () => {
      // A repetition that fails is counted; the next one comes all the same.
      this.#write([write])
        .catch((error: unknown) => {
          if (!(error instanceof FieldsealError)) throw error;
        })
        .finally(() => {
          if (this.#kept.get(write.key) === again) this.#keep(write);
        });
    });
    this.#kept.set(write.key, again);
  }
}
