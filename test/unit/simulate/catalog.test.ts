import { describe, expect, it } from "vitest";
import {
  catalog,
  type DeviceReading,
  type DeviceState,
  type Driver,
  DriverHost,
  driverId,
  type Fault,
  MessageHub,
  type Profile,
  READINGS,
  simulateMqttBoard,
} from "../../../devices/index.ts";
import { type ManualClock, manualClock } from "../../../firmware-bridge/port/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";
import { ocppRig, STATION } from "../devices/ocpp-rig.ts";
import { rig } from "../devices/rig.ts";

/** A board of the catalog, its driver, and what the driver reads. */
interface Stand {
  clock: ManualClock;
  device: Driver;
  faults: Set<Fault>;
  readings: DeviceReading[];
  states: DeviceState[];
  /** What the board shows now, in the vocabulary's units; undefined where it has no house behind it. */
  shown(): ReadonlyMap<string, number> | undefined;
}

const EVERY = 10_000;
/** The house stands still, so that what is read and what is shown can be compared, whenever they are. */
const STILL = { step: 86_400, watts: [1234.5] };
/** Boards that measure a world of their own: a drive around the block, a car, a room. Their own tests know their values. */
const OWN_WORLD = new Set(["nmea", "obd", "firmata", "ocpp"]);
/** What a board measures beside the house: a station's own temperature, and what it charged since it was plugged in. */
const OWN_VALUES = new Set(["rapi temperature", "rapi session_energy"]);
/**
 * Nothing on their lines falls: a receiver has no register; pulses are counted by the gateway; a station's register is judged
 * by its sessions, which the tests of OCPP show.
 */
const NO_REGISTER = new Set(["nmea", "firmata", "ocpp"]);

async function onLine(profile: Profile): Promise<Stand> {
  const driver = driverId(profile);
  const { clock, driver: make, readings, states, simulator } = await rig([{ driver, series: STILL }], EVERY);
  const [board] = simulator.boards;
  const device = make("m", driver, { every: EVERY });
  return { clock, device, readings, states, faults: board!.faults, shown: () => board!.model.values() };
}

function overMqtt(profile: Profile): Stand {
  const clock = manualClock();
  const messages = new MessageHub();
  const host = new DriverHost({ clock, messages });
  const driver = driverId(profile);
  const { board } = simulateMqttBoard({ driver, topic: "board", messages, clock, interval: EVERY, series: STILL });
  const readings: DeviceReading[] = [];
  const states: DeviceState[] = [];
  const device = host.create({
    name: "m",
    driver,
    config: { topic: "board", every: EVERY },
    clock,
    onReading: (reading) => readings.push(reading),
    onState: (state) => states.push(state),
  });
  return { clock, device, readings, states, faults: board.faults, shown: () => board.model.values() };
}

function overOcpp(profile: Profile): Stand {
  const { clock, driver, readings, states, station } = ocppRig();
  const device = driver({ station: STATION, every: EVERY }, undefined, driverId(profile));
  const simulated = station(profile.ocpp!.versions[0]!, { interval: EVERY });
  void simulated.start().then(() => simulated.plug());
  return { clock, device, readings, states, faults: simulated.faults, shown: () => undefined };
}

async function stand(profile: Profile): Promise<Stand> {
  const made =
    profile.link === "mqtt" ? overMqtt(profile) : profile.link === "ocpp" ? overOcpp(profile) : await onLine(profile);
  made.device.start();
  return made;
}

/** Lets time pass until it is true; half a day is longer than any board or driver waits. */
async function within(clock: ManualClock, what: string, condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += EVERY) {
    if (waited > 43_200_000) throw new Error(`${what}: not within half a day`);
    await clock.advance(EVERY);
  }
}

/** How far a value may be from what the house shows: digits of the board, flicker of voltage and frequency in between. */
function tolerance({ resolution = 0, kind }: Profile["measurements"][number], value: number): number {
  return Math.max(2 * resolution, kind === "counter" ? 60 : 0, 0.02 * Math.abs(value), 0.6);
}

describe.each(catalog.map((profile) => [driverId(profile), profile] as const))("%s, simulated", (_driver, profile) => {
  const { measurements, work } = profile;

  it("is read with the values that it shows", async () => {
    const { clock, readings, states, shown, device } = await stand(profile);
    await within(clock, "sound readings", () => readings.filter(({ reading }) => reading.quality === 0).length >= 12);
    expect(states.at(-1)).toEqual({ device: expect.any(String) as string, state: "online" });
    const seen = new Map<string, unknown>();
    for (const { reading } of readings) for (const { name, value } of reading.measurements) seen.set(name, value);
    // Simulated boards send no pairs that are to be taken from each other.
    const sent = measurements.filter(({ optional, obis, cosem }) => !optional && !obis?.less && !cosem?.less);
    for (const { name } of sent) expect([...seen.keys()]).toContain(name);
    const house = OWN_WORLD.has(profile.link) ? undefined : shown();
    for (const measurement of measurements) {
      const { name, kind, bounds } = measurement;
      const value = house?.get(name);
      if (value === undefined || kind === "state" || !seen.has(name) || OWN_VALUES.has(`${profile.link} ${name}`))
        continue;
      const expected = kind === "gauge" ? Math.min(Math.max(value, bounds[0]), bounds[1]) : value;
      expect(
        Math.abs(Number(String(seen.get(name))) - expected),
        `${name} ${seen.get(name)} for ${expected}`,
      ).toBeLessThan(tolerance(measurement, expected));
    }
    const works = readings.map((reading) => reading.work);
    expect(works).toEqual([...works].sort((a, b) => (a < b ? -1 : 1)));
    await device.stop();
  });

  it("gives the next good frame after garbage, silence and wrong checks, and a mark when its register fell", async () => {
    const { clock, readings, faults, device } = await stand(profile);
    const good = () => readings.filter(({ reading }) => reading.quality === 0).length;
    await within(clock, "the first readings", () => good() >= 3);
    for (const fault of ["garbage", "silent", "bad-crc"] as const) {
      faults.add(fault);
      await clock.advance(5 * EVERY);
      faults.clear();
      const before = good();
      await within(clock, `the next good frame after ${fault}`, () => good() > before);
    }
    if (work !== READINGS && !NO_REGISTER.has(profile.link)) {
      const paid = readings.at(-1)!.work;
      faults.add("register-fell");
      const from = readings.length;
      const marked = () => readings.slice(from).some(({ reading }) => (reading.quality & Quality.RegisterFell) !== 0);
      await within(clock, "the mark of a fallen register", marked);
      expect(Number(readings.at(-1)!.work - paid)).toBeLessThan(2000);
      faults.clear();
      const before = good();
      await within(clock, "the next good frame after a fallen register", () => good() > before);
    }
    const works = readings.map((reading) => reading.work);
    expect(works).toEqual([...works].sort((a, b) => (a < b ? -1 : 1)));
    await device.stop();
  });
});
