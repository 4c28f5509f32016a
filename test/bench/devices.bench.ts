import { type FleetDevice, mixedFleet, startFleet } from "../support/fleet.ts";
import { removeTempDirs } from "../support/keystore.ts";
import { type Bench, type BenchContext, cpuMicros, median, type Row } from "./bench.ts";

const MANY = 32;

/** The same meter so many times, each on a line of its own: what is compared differs in nothing but number. */
const meters = (count: number): FleetDevice[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `meter-${i + 1}`,
    driver: "modbus/eastron-sdm120",
    port: `/dev/meter-${i + 1}`,
  }));

/** CPU microseconds that one reading takes from its board to the log, signed and batched, in the running gateway. */
async function microsPerReading(devices: readonly FleetDevice[], seconds: number): Promise<number> {
  const fleet = await startFleet(devices, { pack: 1 });
  // Enrolments, first questions and the compiler's work are over by then.
  await fleet.clock.advance(10_000);
  const before = fleet.events.filter(({ event }) => event === "reading").length;
  const micros = await cpuMicros(() => fleet.clock.advance(seconds * 1000));
  const readings = fleet.events.filter(({ event }) => event === "reading").length - before;
  await fleet.stop();
  if (readings < (seconds - 2) * devices.length) throw new Error(`${readings} readings of ${devices.length} devices`);
  return micros / readings;
}

export const bench: Bench = {
  name: "devices",
  async run({ quick }: BenchContext): Promise<Row[]> {
    const rounds = quick ? 1 : 3;
    const [one, many, mix]: [number[], number[], number[]] = [[], [], []];
    await microsPerReading(meters(4), 30);
    for (let round = 0; round < rounds; round++) {
      one.push(await microsPerReading(meters(1), quick ? 200 : 600));
      many.push(await microsPerReading(meters(MANY), 60));
      mix.push(await microsPerReading(mixedFleet(), 60));
    }
    removeTempDirs();
    const alone = median(one);
    const together = median(many);
    return [
      {
        row: `${MANY} devices at 1 Hz on one gateway: CPU of one reading, board to log`,
        ours: together,
        unit: "µs",
        peers: [{ name: "one device, same path", value: alone }],
        ratio: alone / together,
        goal: "flat: 0.9 or more",
        note: `${MANY} boards of twelve kinds, buses and pushing boards: ${Math.round(median(mix))} µs; simulators and their clock included in all`,
      },
    ];
  },
};
