import {
  type DeviceConfig,
  type DeviceReading,
  type DeviceState,
  type Driver,
  DriverHost,
  type SimulatedBoardOptions,
  type Simulator,
  simulate,
} from "../../../devices/index.ts";
import { type ManualClock, type MemoryDevice, manualClock, memoryPort } from "../../../firmware-bridge/port/index.ts";

export interface Rig {
  clock: ManualClock;
  device: MemoryDevice;
  host: DriverHost;
  simulator: Simulator;
  readings: DeviceReading[];
  states: DeviceState[];
  driver(name: string, driver: string, config?: DeviceConfig, last?: { work: bigint; time: number }): Driver;
  /** Readings of one device. */
  of(name: string): DeviceReading[];
}

/** Drivers and simulated boards at the two ends of a memory port, in manual time. */
export async function rig(boards: readonly SimulatedBoardOptions[], interval?: number): Promise<Rig> {
  const clock = manualClock();
  const { host: port, device } = memoryPort("/dev/bus");
  const host = new DriverHost({ clock, openPort: () => port });
  const simulator = await simulate({ boards, on: device, clock, ...(interval === undefined ? {} : { interval }) });
  const readings: DeviceReading[] = [];
  const states: DeviceState[] = [];
  return {
    clock,
    device,
    host,
    simulator,
    readings,
    states,
    driver: (name, driver, config = {}, last) =>
      host.create({
        name,
        driver,
        config: { port: "/dev/bus", ...config },
        clock,
        onReading: (reading) => readings.push(reading),
        onState: (state) => states.push(state),
        ...(last ? { last } : {}),
      }),
    of: (name) => readings.filter(({ device }) => device === name),
  };
}
