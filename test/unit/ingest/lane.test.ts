import { afterEach, describe, expect, it } from "vitest";
import type { Signer } from "../../../gateway/attest/index.ts";
import type { AttestRequest } from "../../../gateway/attest/signer-protocol.ts";
import { Lane, type LaneOptions } from "../../../gateway/ingest/lane.ts";
import { type DiskOperation, SimulatedDisk } from "../../../gateway/journal/index.ts";
import { decodeAttestation, packRoot } from "../../../protocols/attestation/index.ts";
import { EnvironmentError, type FieldsealError, TimeoutError } from "../../../protocols/bytes/index.ts";
import { decodeReading, Quality, type Reading } from "../../../protocols/reading/index.ts";
import { removeTempDirs, startSigner, testKeystore } from "../../support/keystore.ts";
import { openPath, type PathRig } from "../../support/path-rig.ts";
import { SCOPE } from "../../support/statements.ts";

afterEach(removeTempDirs);

interface Rig extends PathRig {
  lane: Lane;
  signer: Signer;
  durable: bigint[];
  attested: { index: number; first: bigint; count: number }[];
  troubles: { error: FieldsealError; what: string }[];
  asked: AttestRequest[];
}

const keys = () => testKeystore(3);
type Keys = ReturnType<typeof keys>;

async function rig(
  store: Keys,
  { disk, pendingBytes, ...changes }: Partial<LaneOptions> & { disk?: SimulatedDisk; pendingBytes?: number } = {},
): Promise<Rig> {
  const path = await openPath(disk, pendingBytes === undefined ? {} : { pendingBytes });
  const signer = startSigner(store.dir);
  const durable: bigint[] = [];
  const attested: Rig["attested"] = [];
  const troubles: Rig["troubles"] = [];
  const asked: AttestRequest[] = [];
  const lane = new Lane({
    name: "meter",
    device: store.device.id,
    pack: { count: 3, within: 5_000 },
    log: path.log,
    clock: path.clock,
    context: () => ({ clock: 1, scope: SCOPE, anchorBlock: 0n, anchorHash: new Uint8Array(16) }),
    clockState: () => 1,
    sign: async (request) => {
      asked.push(request);
      return signed(signer, request);
    },
    onDurable: (_, seq) => durable.push(seq),
    onAttested: (_, { first, count }, index) => attested.push({ index, first, count }),
    onTrouble: (error, what) => troubles.push({ error, what }),
    ...changes,
  });
  return { ...path, lane, signer, durable, attested, troubles, asked };
}

function signed(signer: Signer, request: AttestRequest): Uint8Array {
  const result = signer.handle({ op: "attest", ...request });
  if (result.op !== "attest") throw new Error(result.op);
  return result.value;
}

const reading = (i: number): Reading => ({
  time: 1_795_000_000_000 + 1000 * i,
  quality: 0,
  measurements: [{ name: "power", unit: "W", value: i }],
});

async function submit({ lane, clock }: Rig, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) lane.submit(reading(i), BigInt(100 + i));
  await clock.advance(40);
}

/** Statements in the log, in order. */
const statements = ({ entries }: PathRig) => entries.map(({ sign1 }) => decodeAttestation(sign1).statement);

/** What a fold of the disk says of pending readings and the log. */
async function replayed(disk: SimulatedDisk, device: Uint8Array) {
  const { log } = await openPath(disk);
  return {
    pending: log.state.pendingOf(device).map(({ seq }) => seq),
    unstored: log.state.unstored.map(({ sign1 }) => decodeAttestation(sign1).statement),
  };
}

describe("lane", () => {
  it("acknowledges a reading when it survives a power cut, not before", async () => {
    const store = keys();
    const r = await rig(store);
    r.lane.submit(reading(0), 100n);
    await r.clock.advance(0);
    expect(r.durable).toEqual([]);
    await r.clock.advance(40);
    expect(r.durable).toEqual([0n]);
    const survived = await replayed(new SimulatedDisk(r.disk.crash(() => 0.99)), store.device.id);
    expect(survived.pending).toEqual([0n]);
  });

  it("signs packs that follow each other in one commit", async () => {
    const r = await rig(keys(), { pack: { count: 1, within: 5_000 } });
    const { groups } = r.journal.metrics;
    await submit(r, 0, 5);
    await r.clock.advance(40);
    expect(r.attested.map(({ first }) => first)).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(r.journal.metrics.groups).toBe(groups + 2);
    expect(r.lane.waiting).toBe(0);
  });

  it("packs by count and by deadline; each pack is one entry over its readings", async () => {
    const r = await rig(keys());
    await submit(r, 0, 7);
    await r.clock.advance(40);
    expect(r.attested.map(({ first, count }) => [first, count])).toEqual([
      [0n, 3],
      [3n, 3],
    ]);
    await r.clock.advance(5_100);
    expect(r.attested.at(-1)).toEqual({ index: 2, first: 6n, count: 1 });
    for (const { sign1, bodies } of r.entries) {
      expect(packRoot(bodies)).toEqual(decodeAttestation(sign1).statement.root);
    }
    expect(r.troubles).toEqual([]);
    expect(r.log.state.pendingReadings).toBe(0);
  });

  it("carries the work register on where a driver's falls", async () => {
    const r = await rig(keys(), { pack: { count: 1, within: 1_000 } });
    for (const work of [50n, 40n, 60n]) r.lane.submit(reading(0), work);
    await r.clock.advance(100);
    expect(statements(r).map(({ work }) => work)).toEqual([50n, 50n, 60n]);
  });

  it("marks a reading taken while the clock is not set", async () => {
    const r = await rig(keys(), { clockState: () => 0 });
    await submit(r, 0, 3);
    await r.clock.advance(40);
    expect(r.entries[0]!.bodies.map((body) => decodeReading(body).quality)).toEqual([16, 16, 16]);
  });

  it("tells of a reading that a full journal refuses, and marks the next one", async () => {
    const r = await rig(keys(), { pendingBytes: 300 });
    for (let i = 0; i < 6; i++) r.lane.submit(reading(i), BigInt(100 + i));
    const refused = r.troubles.length;
    expect(refused).toBeGreaterThan(0);
    expect(r.troubles[0]!.error.code).toBe("FS-JOURNAL-BUSY");
    await r.clock.advance(100);
    await submit(r, 6, 9);
    await r.clock.advance(5_100);
    const marks = r.entries.flatMap(({ bodies }) => bodies.map((body) => decodeReading(body).quality));
    expect(marks).toHaveLength(9 - refused);
    expect(marks.filter((quality) => quality === Quality.GapBefore)).toHaveLength(1);
    expect(marks[6 - refused]).toBe(Quality.GapBefore);
    // No number was used up by what was refused.
    expect(r.durable).toEqual(r.durable.map((_, i) => BigInt(i)));
  });

  it("asks again as it was while the signer is gone, tells it, and signs when it is back", async () => {
    const store = keys();
    let gone = true;
    const holder: { signer?: Signer } = {};
    const asked: AttestRequest[] = [];
    const r = await rig(store, {
      sign: async (request) => {
        asked.push(request);
        if (gone) throw new TimeoutError("FS-SIGNER-TIMEOUT", "no answer");
        return signed(holder.signer!, request);
      },
    });
    holder.signer = r.signer;
    await submit(r, 0, 3);
    await r.clock.advance(3_500);
    expect(r.attested).toEqual([]);
    expect(r.troubles.map(({ error }) => error.code)).toContain("FS-SIGNER-TIMEOUT");
    await submit(r, 3, 6);
    gone = false;
    await r.clock.advance(1_100);
    expect(r.attested.map(({ first }) => first)).toEqual([0n, 3n]);
    const [first] = asked;
    for (const again of asked.filter((one) => one.first === 0n)) expect(again).toEqual(first);
  });

  it("logs a pack once, whatever its listener does", async () => {
    const r = await rig(keys(), {
      onAttested: () => {
        throw new Error("the listener fails");
      },
    });
    await submit(r, 0, 6);
    await r.clock.advance(3_000);
    expect(r.entries).toHaveLength(2);
    expect(r.asked).toHaveLength(2);
    expect(r.troubles.map(({ error }) => error.code)).toEqual(["FS-LANE-BUG", "FS-LANE-BUG"]);
  });

  it("goes on when what belongs to a statement cannot be had at once", async () => {
    let fails = 2;
    const r = await rig(keys(), {
      context: () => {
        if (fails-- > 0) throw new EnvironmentError("FS-LOG-FULL", "no space left");
        return { clock: 1, scope: SCOPE, anchorBlock: 0n, anchorHash: new Uint8Array(16) };
      },
    });
    await submit(r, 0, 3);
    await r.clock.advance(2_500);
    expect(r.attested).toHaveLength(1);
    expect(r.troubles).toHaveLength(2);
  });

  it("signs what is open when it stops, and takes nothing more", async () => {
    const r = await rig(keys());
    await submit(r, 0, 2);
    const stopped = r.lane.stop();
    r.lane.submit(reading(2), 200n);
    await r.clock.advance(100);
    await stopped;
    expect(r.attested).toEqual([{ index: 0, first: 0n, count: 2 }]);
    expect(r.log.state.pendingReadings).toBe(0);
  });

  it("does not wait for a signer that is silent when it stops: the readings are pending", async () => {
    const store = keys();
    const r = await rig(store, { sign: () => new Promise(() => undefined) });
    await submit(r, 0, 3);
    const stopped = r.lane.stop();
    await r.clock.advance(2_100);
    await stopped;
    expect(r.log.state.pendingOf(store.device.id)).toHaveLength(3);
    expect(r.entries).toEqual([]);
  });

  it("recovers what was pending and never gives a number twice", async () => {
    const store = keys();
    let disk: SimulatedDisk | undefined;
    const seen: bigint[] = [];
    for (let life = 0; life < 4; life++) {
      const r = await rig(store, disk ? { disk } : {});
      r.lane.recover();
      r.lane.recover();
      await submit(r, 10 * life, 10 * life + 4);
      seen.push(...r.durable);
      if (life < 3) disk = r.disk.kill();
      else {
        await r.clock.advance(6_000);
        const said = r.log.state.unstored.map(({ sign1 }) => decodeAttestation(sign1).statement);
        const covered = said.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + BigInt(i)));
        expect(covered).toEqual(Array.from({ length: 16 }, (_, i) => BigInt(i)));
      }
    }
    expect(seen).toEqual(Array.from({ length: 16 }, (_, i) => BigInt(i)));
  });

  it("a crash anywhere between signature and journal leads to one logged statement", async () => {
    const store = keys();
    for (let at = 1; at < 8; at++) {
      const disk = new SimulatedDisk();
      let operations = 0;
      let image: SimulatedDisk | undefined;
      disk.onOperation = (_: DiskOperation) => {
        if (++operations === at + 6) image = new SimulatedDisk(copyImage(disk.crash(() => (at % 2 ? 0.1 : 0.9))));
      };
      const before = await rig(store, { disk, pack: { count: 1, within: 1_000 } });
      for (let i = 0; i < 6; i++) await submit(before, i, i + 1);
      if (!image) continue;
      const after = await rig(store, { disk: image, pack: { count: 1, within: 1_000 } });
      after.lane.recover();
      await after.clock.advance(2_000);
      const said = after.log.state.unstored.map(({ sign1 }) => decodeAttestation(sign1).statement.first);
      expect(said).toEqual(said.map((_, i) => BigInt(i)));
      expect(after.log.state.pendingReadings).toBe(0);
    }
  });

  it("speaks for the scope that its device has enrolled for", async () => {
    const store = keys();
    const r = await rig(store);
    const old = new Uint8Array(16).fill(1);
    const enrolment = r.signer.handle({
      op: "enrol",
      device: store.device.id,
      owner: new Uint8Array(20),
      grade: 1,
      profile: new Uint8Array(32),
      nonce: new Uint8Array(16),
      first: 0n,
      time: 1,
      work: 0n,
      clock: 1,
      scope: old,
      anchorBlock: 0n,
      anchorHash: new Uint8Array(16),
    });
    if (enrolment.op !== "enrol") throw new Error(enrolment.op);
    r.log.attest(enrolment.value.sign1, [enrolment.value.body]);
    await submit(r, 0, 2);
    const settled = r.lane.settle();
    await r.clock.advance(100);
    await settled;
    expect(statements(r).map(({ scope }) => scope)).toEqual([old, old]);
  });
});

const copyImage = (image: ReadonlyMap<string, Uint8Array>) =>
  new Map([...image].map(([name, bytes]) => [name, bytes.slice()]));
