import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { epochGuard, type StaleGuard } from "../../gateway/journal/format.ts";
import { Journal } from "../../gateway/journal/journal.ts";
import { recoverJournal } from "../../gateway/journal/recovery.ts";
import type { Damage, Recovery, RecoveryReport } from "../../gateway/journal/report.ts";
import { type DiskImage, diskError, SimulatedDisk } from "../../gateway/journal/simulated-disk.ts";
import { seededBytes, seededRandom } from "./random.ts";

export interface CrashOptions {
  seed: number;
  /** Crash states to try. */
  states: number;
  guard?: StaleGuard;
  liesAboutSync?: boolean;
}

export interface CrashResult {
  states: number;
  /** Runs of the journal between the crashes, kills and failed syncs that ended them. */
  generations: number;
  /** Crash states in which a commit was cut off. */
  torn: number;
  /** Crash states that a second power cut, during recovery, left. */
  twice: number;
  /** Records appended, through how many uses of segments. */
  records: number;
  segments: number;
  failures: string[];
}

const SEGMENT = 4096;
/** Per operation of the journal. */
const STATES_PER_OPERATION = 24;

/** Record `id`: its number, then as many bytes as follow from it. */
function payloadOf(id: number): Uint8Array {
  const length = 4 + (((id * 2654435761) >>> 0) % 400);
  const bytes = new Uint8Array(length).fill(id);
  new DataView(bytes.buffer).setUint32(0, id);
  return bytes;
}

const idOf = (payload: Uint8Array): number =>
  ((payload[0]! << 24) | (payload[1]! << 16) | (payload[2]! << 8) | payload[3]!) >>> 0;

interface Recovered {
  first: number;
  last: number;
  /** Places reported as damaged, which a mere crash does not leave. */
  damage: readonly Damage[];
  recovery: Recovery;
}

/** What must hold in every state: nothing acknowledged is lost, nothing is twice, order is kept. */
class Oracle {
  /** Ids up to here: acknowledged, handed to the journal. */
  acknowledged = 0;
  appended = 0;
  /** Ids below: asked to be released, known to be. */
  releaseAsked = 1;
  released = 1;
  /** Last ids of the calls that appended them: a call's records stand or fall together. */
  ends = new Set<number>([0]);

  judge({ first, last, damage }: Omit<Recovered, "recovery">): string | undefined {
    const [place] = damage;
    if (place)
      return `${place.kind} damaged at ${place.position} of ${place.file}, ${place.bytes} bytes, after a mere crash`;
    if (first < this.released) return `record ${first} came back though ${this.released - 1} was released`;
    if (first > this.releaseAsked) return `records ${this.releaseAsked}…${first - 1} are lost`;
    if (last < this.acknowledged) return `record ${this.acknowledged} was acknowledged, ${last} is the last found`;
    if (last > this.appended) return `record ${last} was never appended`;
    if (!this.ends.has(last)) return `record ${last} survived without those appended with it`;
    return undefined;
  }
}

/** A lost sector that held one byte of the last group looks like a flipped byte: put right, which is as good. */
function damageOf({ damage, end }: RecoveryReport): Damage[] {
  return damage.filter(({ kind, position, bytes }) => kind !== "repaired" || position + BigInt(bytes) !== end);
}

class Broken extends Error {}

/** Recovers from an image, in whose memory one flipped byte may be put right. Throws Broken when records are out of order or altered. */
function recoverImage(image: DiskImage, guard: StaleGuard, released: number): Recovered {
  let first = 0;
  let last = 0;
  const files = [...image.keys()].filter((name) => name.endsWith(".seg")).sort();
  const steps = recoverJournal(files, guard, ({ payload }) => {
    const id = idOf(payload);
    if (last === 0) first = id;
    else if (id !== last + 1) throw new Broken(`record ${id} follows record ${last}`);
    const expected = 4 + (((id * 2654435761) >>> 0) % 400);
    if (payload.length !== expected || (expected > 4 && payload[expected - 1] !== (id & 0xff))) {
      throw new Broken(`record ${id} is altered`);
    }
    last = id;
  });
  let step = steps.next();
  while (!step.done) step = steps.next(image.get(step.value.file)!.subarray(0, step.value.bytes));
  const recovery = step.value;
  if (last === 0) {
    first = released;
    last = released - 1;
  }
  return { first, last, damage: damageOf(recovery.report), recovery };
}

const copyOf = (image: DiskImage): DiskImage => new Map([...image].map(([name, bytes]) => [name, bytes.slice()]));

/** Does the recovery's writes; each of their sectors arrives with probability `chance`. */
function write(image: DiskImage, { writes }: Recovery, chance: number, random: () => number): void {
  for (const { file, at, bytes } of writes) {
    const content = image.get(file)!;
    for (let sector = 0; sector < bytes.length; sector += 512) {
      if (chance < 1 && random() >= chance) continue;
      content.set(bytes.subarray(sector, sector + 512), at + sector);
    }
  }
}

/** Runs a journal through random appends, releases, crashes, kills and failed syncs, and judges every state a power cut could leave. */
export async function tryCrashes(options: CrashOptions): Promise<CrashResult> {
  const { guard = epochGuard } = options;
  const random = seededRandom(options.seed);
  const oracle = new Oracle();
  const result: CrashResult = { states: 0, generations: 0, torn: 0, twice: 0, records: 0, segments: 0, failures: [] };
  let disk = new SimulatedDisk();

  const judge = (image: DiskImage, what: string): Recovered | undefined => {
    try {
      const recovered = recoverImage(image, guard, oracle.released);
      const why = oracle.judge(recovered);
      if (why === undefined) return recovered;
      result.failures.push(`seed ${options.seed}, state ${result.states}, ${what}: ${why}`);
    } catch (error) {
      result.failures.push(`seed ${options.seed}, state ${result.states}, ${what}: ${(error as Error).message}`);
    }
    return undefined;
  };

  const tryStates = (): void => {
    for (let i = 0; i < STATES_PER_OPERATION && result.states < options.states && result.failures.length < 3; i++) {
      result.states++;
      const image = disk.crash(random);
      const before = random() < 0.25 ? copyOf(image) : undefined;
      const once = judge(image, "after a crash");
      if (once?.recovery.report.torn) result.torn++;
      if (!once || !before) continue;
      // Again, with power cut at some point of the first recovery's own writes: the answer must be the same.
      const chance = random() < 0.5 ? 1 : random();
      if (chance < 1) {
        result.states++;
        result.twice++;
      }
      write(before, once.recovery, chance, random);
      const again = judge(before, "recovered twice");
      if (again && (again.first !== once.first || again.last !== once.last)) {
        const answers = `${once.first}…${once.last}, then ${again.first}…${again.last}`;
        result.failures.push(`seed ${options.seed}, state ${result.states}: recovery is not idempotent: ${answers}`);
      }
    }
  };

  while (result.states < options.states && result.failures.length === 0) {
    result.generations++;
    disk.liesAboutSync = options.liesAboutSync ?? false;
    disk.onOperation = tryStates;
    const journal = new Journal({
      disk,
      guard,
      clock: systemClock(),
      random: seededBytes(random),
      commitMs: 0,
      segmentBytes: SEGMENT,
      groupBytes: 1200,
      spareSegments: 1,
    });
    const found: number[] = [];
    let report: RecoveryReport;
    try {
      report = await journal.open(({ payload }) => void found.push(idOf(payload)));
    } catch (error) {
      result.failures.push(`seed ${options.seed}, generation ${result.generations}: ${(error as Error).message}`);
      break;
    }
    const [first, last] = found.length > 0 ? [found[0]!, found.at(-1)!] : [oracle.released, oracle.released - 1];
    const why = oracle.judge({ first, last, damage: damageOf(report) });
    if (why !== undefined) result.failures.push(`seed ${options.seed}, generation ${result.generations}, open: ${why}`);
    // What a recovery handed out has been made durable by it.
    oracle.acknowledged = last;
    oracle.appended = last;
    oracle.released = Math.max(oracle.released, first);
    oracle.releaseAsked = Math.max(oracle.releaseAsked, first);
    oracle.ends = new Set([last]);

    await runGeneration(journal, disk, oracle, random);
    result.records = oracle.appended;
    result.segments = Number(report.end / BigInt(SEGMENT));
    const kind = random();
    // A third each: power cut; the process ends and the machine runs on; clean end.
    if (kind < 0.34) {
      const image = disk.crash(random);
      disk.kill();
      disk = new SimulatedDisk(image);
    } else {
      if (kind < 0.67 && journal.state === "open") await journal.close();
      disk = disk.kill();
    }
  }
  return result;
}

/** Appends and releases until the budget of calls is spent or an injected fault has ended the journal. */
async function runGeneration(
  journal: Journal,
  disk: SimulatedDisk,
  oracle: Oracle,
  random: () => number,
): Promise<void> {
  if (random() < 0.5) {
    // The disk goes away at some operation, or one sync fails: both end the run where it stands.
    let operations = Math.floor(random() * 60);
    const goes = random() < 0.5;
    disk.fault = (operation) => {
      operations--;
      const fails = operations < 0 && (goes || operation.kind === "sync");
      if (!fails) return undefined;
      operations = 0;
      return { error: diskError(), written: operation.kind === "write" ? Math.floor(random() * operation.length) : 0 };
    };
  }
  const positions = new Map<number, bigint>();
  let pending: Promise<void> = Promise.resolve();
  const calls = 10 + Math.floor(random() * 40);
  for (let call = 0; call < calls && journal.state === "open"; call++) {
    if (random() < 0.25 && oracle.acknowledged > oracle.releaseAsked) {
      const span = oracle.acknowledged - oracle.releaseAsked;
      const id = oracle.acknowledged - Math.floor(random() ** 3 * span);
      const position = positions.get(id);
      if (position === undefined) continue;
      oracle.releaseAsked = id;
      pending = journal.release(position).then(
        () => {
          oracle.released = id;
        },
        () => undefined,
      );
    } else {
      const ids = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ++oracle.appended);
      const last = oracle.appended;
      oracle.ends.add(last);
      const { positions: at, durable } = journal.put(ids.map((id) => ({ kind: 1, payload: payloadOf(id) })));
      for (const [i, id] of ids.entries()) positions.set(id, at[i]!);
      pending = durable.then(
        () => {
          oracle.acknowledged = Math.max(oracle.acknowledged, last);
        },
        () => undefined,
      );
    }
    if (random() < 0.6) await pending;
  }
  await pending;
  // A failed journal may still be making a segment ready: let that meet the fault too.
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
