import { p256 } from "@noble/curves/nist.js";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeBoardPack } from "../../../gateway/attest/index.ts";
import { Boards } from "../../../gateway/ingest/boards.ts";
import { diskError, type SimulatedDisk } from "../../../gateway/journal/simulated-disk.ts";
import {
  decodeAttestation,
  deviceId,
  encodeAttestation,
  encodeEnrolment,
  encodeStatement,
  nobleVerifier,
  type PublicKey,
  packRoot,
  SignerGrade,
  type Statement,
  statementId,
  toBeSigned,
} from "../../../protocols/attestation/index.ts";
import { sha256, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import { encodeReading } from "../../../protocols/reading/index.ts";
import { openPath, type PathRig } from "../../support/path-rig.ts";
import { SCOPE } from "../../support/statements.ts";

const secret = sha256(utf8("a board's key"));
const key: PublicKey = { alg: "ES256", bytes: p256.getPublicKey(secret, false).slice(1) };
const device = deviceId(key);
const id = toHex(device);
const START = 1_795_000_000_000;

function sign(fields: Partial<Statement>): Uint8Array {
  const statement = encodeStatement({
    kind: 0,
    clock: 1,
    boot: 1,
    first: 0n,
    count: 1,
    from: START,
    to: START,
    work: 0n,
    anchorBlock: 0n,
    anchorHash: new Uint8Array(16),
    scope: SCOPE,
    device,
    root: new Uint8Array(32),
    ...fields,
  });
  return encodeAttestation("ES256", statement, p256.sign(toBeSigned("ES256", statement), secret));
}

function enrolment(fields: Partial<Statement> = {}, nonce = 1): Uint8Array {
  const body = encodeEnrolment({
    key,
    owner: new Uint8Array(20).fill(2),
    grade: SignerGrade.board,
    profile: new Uint8Array(32),
    nonce: new Uint8Array(16).fill(nonce),
  });
  return encodeBoardPack(sign({ kind: 1, root: sha256(body), ...fields }), [body]);
}

/** Readings `first … first + count - 1`. */
function pack(first: number, count: number, { value = 0, ...fields }: Partial<Statement> & { value?: number } = {}) {
  const readings = Array.from({ length: count }, (_, i) =>
    encodeReading({ time: START + first + i, quality: 0, measurements: [{ name: "power", value: value + i }] }),
  );
  const span = { from: START + first, to: START + first + count - 1 };
  const at = { first: BigInt(first), count, ...span, work: BigInt(first), root: packRoot(readings) };
  const sign1 = sign({ ...at, ...fields });
  return { sign1, payload: encodeBoardPack(sign1, readings) };
}

interface Rig extends PathRig {
  boards: Boards;
  told: string[];
  take(payload: Uint8Array, topic?: string): Promise<void>;
}

async function rig(disk?: SimulatedDisk): Promise<Rig> {
  const path = await openPath(disk);
  const told: string[] = [];
  const { log } = path;
  const boards = new Boards({
    log,
    verifier: nobleVerifier,
    scope: SCOPE,
    recent: async () =>
      log.state.unstored.map(({ sign1 }) => sign1).filter((sign1) => decodeAttestation(sign1).statement.kind === 0),
    enrolment: async () => log.state.unstored.find(({ index }) => index === log.state.cursor(device).enrolment)?.sign1,
    onAttested: (_, sign1) => told.push(`attested ${decodeAttestation(sign1).statement.first}`),
    onEnrolled: (_, __, ___, index) => told.push(`enrolled ${index}`),
    onGap: (_, { first, count }) => told.push(`gap ${first}+${count}`),
    onRefused: (board, code) => told.push(`${board?.name ?? "?"} ${code}`),
  });
  boards.add({ name: "greenhouse", key });
  await boards.start();
  const take = async (payload: Uint8Array, topic = id) => {
    const taken = boards.receive(topic, payload);
    taken.catch(() => undefined);
    await path.clock.advance(40);
    await taken;
  };
  return { ...path, boards, told, take };
}

const logged = ({ log }: PathRig) => log.state.unstored.map(({ sign1 }) => decodeAttestation(sign1).statement.first);

describe("boards that sign for themselves", () => {
  let r: Rig;
  beforeEach(async () => {
    r = await rig();
    await r.take(enrolment());
    expect(r.told.splice(0)).toEqual(["enrolled 0"]);
  });

  it("takes packs, and acknowledges when they are durable", async () => {
    let acknowledged = false;
    const taken = r.boards.receive(id, pack(1, 4).payload).then(() => {
      acknowledged = true;
    });
    await r.clock.advance(0);
    expect(acknowledged).toBe(false);
    await r.clock.advance(40);
    await taken;
    expect(r.told).toEqual(["attested 1"]);
    expect((await openPath(r.disk.kill())).log.state.cursor(device).next).toBe(5n);
  });

  it("knows a pack and an enrolment sent again, after a restart as well", async () => {
    await r.take(pack(1, 4).payload);
    await r.take(pack(1, 4).payload);
    expect(logged(r)).toEqual([0n, 1n]);
    const again = await rig(r.disk.kill());
    await again.take(pack(1, 4).payload);
    await again.take(enrolment());
    expect(again.told).toEqual([]);
    expect(logged(again)).toEqual([0n, 1n]);
    await again.take(pack(5, 1).payload);
    expect(again.told).toEqual(["attested 5"]);
  });

  it("tells of a gap, and takes what comes late, also after a restart", async () => {
    await r.take(pack(1, 2).payload);
    await r.take(pack(5, 2).payload);
    expect(r.told).toEqual(["attested 1", "gap 3+2", "attested 5"]);
    const again = await rig(r.disk.kill());
    await again.take(pack(3, 2, { work: 3n }).payload);
    expect(again.told).toEqual(["attested 3"]);
    const third = await rig(again.disk.kill());
    for (const [first, count] of [
      [1, 2],
      [3, 2],
      [5, 2],
    ] as const)
      await third.take(pack(first, count, { work: BigInt(first) }).payload);
    expect(third.told).toEqual([]);
  });

  it("keeps both statements of a contradiction, once, and not without limit", async () => {
    await r.take(pack(1, 2).payload);
    const other = pack(1, 2, { value: 7 });
    await r.take(other.payload);
    await r.take(other.payload);
    expect(r.told).toEqual(["attested 1", "greenhouse FS-GUARD-EQUIVOCATION", "greenhouse FS-GUARD-EQUIVOCATION"]);
    for (let value = 100; value < 140; value++) await r.take(pack(1, 2, { value }).payload);
    const { log } = await openPath(r.disk.kill());
    expect(log.state.evidence).toHaveLength(16);
    const [first] = log.state.evidence;
    expect(decodeAttestation(first!.later).sign1.payload).toEqual(decodeAttestation(other.sign1).sign1.payload);
    expect(statementId(decodeAttestation(first!.earlier).sign1.payload)).toEqual(
      statementId(decodeAttestation(pack(1, 2).sign1).sign1.payload),
    );
    expect(logged(r)).toEqual([0n, 1n]);
  });

  it.each<[string, () => Uint8Array, string]>([
    ["a falling work register", () => pack(3, 1, { work: 0n }).payload, "FS-GUARD-WORK"],
    ["a falling boot counter", () => pack(3, 1, { boot: 0 }).payload, "FS-GUARD-BOOT"],
    ["another scope", () => pack(3, 1, { scope: new Uint8Array(16) }).payload, "FS-GUARD-SCOPE"],
    ["another root", () => pack(3, 1, { root: new Uint8Array(32) }).payload, "FS-PACK-ROOT"],
    ["another device's statement", () => pack(3, 1, { device: new Uint8Array(32) }).payload, "FS-PACK-DEVICE"],
    ["an enrolment over taken numbers", () => enrolment({}, 9), "FS-BOARD-ENROLMENT"],
    ["an enrolment for another scope", () => enrolment({ first: 9n, scope: new Uint8Array(16) }), "FS-BOARD-ENROLMENT"],
    ["an enrolment with a falling register", () => enrolment({ first: 9n, work: 0n, boot: 0 }), "FS-BOARD-ENROLMENT"],
    ["bytes that are no pack", () => utf8("hello"), "FS-CBOR"],
    ["an empty message", () => new Uint8Array(0), "FS-CBOR"],
  ])("refuses %s, tells it, and acknowledges: again would not mend it", async (_, payload, code) => {
    await r.take(pack(1, 2).payload);
    r.told.length = 0;
    await r.take(payload());
    expect(r.told).toHaveLength(1);
    expect(r.told[0]).toContain(`greenhouse ${code}`);
    expect(logged(r)).toEqual([0n, 1n]);
  });

  it("refuses a message for a board that is not configured, and remembers nothing of it", async () => {
    await r.take(pack(1, 1).payload, "00".repeat(32));
    expect(r.told).toEqual(["? FS-BOARD-UNKNOWN"]);
  });

  it("takes packs that follow each other in one commit, and acknowledges a repetition no sooner than the pack", async () => {
    const { groups } = r.journal.metrics;
    const acknowledged: string[] = [];
    const send = (name: string, { payload }: { payload: Uint8Array }) =>
      r.boards.receive(id, payload).then(() => acknowledged.push(name));
    const all = [send("first", pack(1, 4)), send("second", pack(5, 4)), send("first again", pack(1, 4))];
    await r.clock.advance(0);
    expect(acknowledged).toEqual([]);
    await r.clock.advance(40);
    await Promise.all(all);
    expect(acknowledged).toHaveLength(3);
    expect(r.told).toEqual(["attested 1", "attested 5"]);
    expect(r.journal.metrics.groups).toBe(groups + 1);
  });

  it("does not acknowledge what the journal did not take", async () => {
    r.disk.fault = () => ({ error: diskError() });
    await expect(r.take(pack(1, 1).payload)).rejects.toThrow();
    expect(r.told).toEqual([]);
  });
});

it("takes nothing of a board that has not enrolled", async () => {
  const r = await rig();
  await r.take(pack(0, 1).payload);
  expect(r.told).toEqual(["greenhouse FS-GUARD-UNENROLLED"]);
  expect(logged(r)).toEqual([]);
});
