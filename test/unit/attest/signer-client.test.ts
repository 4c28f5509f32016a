import { afterAll, describe, expect, it } from "vitest";
import { type ManualClock, manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import { type Hello, SignerClient, SignerServer } from "../../../gateway/attest/index.ts";
import { decodeAttestation } from "../../../protocols/attestation/index.ts";
import { removeTempDirs, startSigner, testKeystore } from "../../support/keystore.ts";
import { memoryChannel } from "../../support/memory-channel.ts";
import { attestRequest, checkpointRequest, filled } from "../../support/signer-requests.ts";

afterAll(removeTempDirs);

/** A channel with a signer at its other end; a dead one has none, and swallows everything. */
function channelTo(dir: string) {
  const { ours, theirs } = memoryChannel();
  const ends: (string | undefined)[] = [];
  new SignerServer({ signer: startSigner(dir), channel: theirs, onEnd: (error) => ends.push(error?.code) }).start();
  return { ours, theirs, ends };
}

function deadChannel() {
  const channel = memoryChannel();
  channel.theirs.resume();
  return channel;
}

function setUp(options: { maxPending?: number } = {}) {
  const keys = testKeystore();
  const clock: ManualClock = manualClock();
  const events: string[] = [];
  const client = new SignerClient({
    clock,
    timeout: 5_000,
    ...options,
    onAttached: ({ boot }: Hello) => events.push(`boot ${boot}`),
    onDetached: (error) => events.push(`gone ${error?.code ?? ""}`),
  });
  return { ...keys, id: keys.device.id, clock, client, events };
}

describe("the signer's client", () => {
  it("greets, asks in order and matches answers", async () => {
    const { dir, client, id, events } = setUp();
    const hello = await client.attach(channelTo(dir).ours);
    expect(hello.boot).toBe(1);
    const answers = await Promise.all(
      [1n, 5n, 9n].map(async (first) => decodeAttestation(await client.attest(attestRequest(id, { first })))),
    );
    expect(answers.map(({ statement }) => statement.first)).toEqual([1n, 5n, 9n]);
    await expect(client.attest(attestRequest(id, { first: 2n }))).rejects.toMatchObject({ code: "FS-SIGNER-OVERLAP" });
    expect(client.pending).toBe(0);
    expect(events).toEqual(["boot 1"]);
  });

  it("asks again what was in flight when the signer ended, under the next boot number", async () => {
    const { dir, client, id, clock, events } = setUp();
    await client.attach(channelTo(dir).ours);
    const dead = deadChannel();
    const greeting = client.attach(dead.ours);
    const waiting = [1n, 5n].map((first) => client.attest(attestRequest(id, { first })));
    dead.theirs.destroy();
    await expect(greeting).rejects.toMatchObject({ code: "FS-SIGNER-GONE" });
    waiting.push(client.attest(attestRequest(id, { first: 9n })));
    await clock.advance(1_000);
    expect(client.pending).toBe(3);
    await client.attach(channelTo(dir).ours);
    const statements = (await Promise.all(waiting)).map((bytes) => decodeAttestation(bytes).statement);
    expect(statements.map(({ first, boot }) => [first, boot])).toEqual([
      [1n, 2],
      [5n, 2],
      [9n, 2],
    ]);
    expect(events).toEqual(["boot 1", "gone ", "boot 2"]);
  });

  it("ignores what an abandoned channel still says", async () => {
    const { dir, client, id } = setUp();
    const old = channelTo(dir);
    await client.attach(old.ours);
    const asked = client.attest(attestRequest(id));
    await client.attach(channelTo(dir).ours);
    expect(decodeAttestation(await asked).statement.boot).toBe(2);
  });

  it("gives up after its time, and the signer gives the same statement when asked again", async () => {
    const { dir, client, id, clock } = setUp();
    const asked = client.attest(attestRequest(id));
    const refused = expect(asked).rejects.toMatchObject({ code: "FS-SIGNER-TIMEOUT", blame: "timeout" });
    await clock.advance(5_000);
    await refused;
    expect([client.pending, clock.pending]).toEqual([0, 0]);
    await client.attach(channelTo(dir).ours);
    const first = await client.attest(attestRequest(id));
    expect(await client.attest(attestRequest(id))).toEqual(first);
  });

  it("bounds what waits", async () => {
    const { client, id } = setUp({ maxPending: 2 });
    const waiting = [client.attest(attestRequest(id)), client.attest(attestRequest(id))];
    await expect(client.attest(attestRequest(id))).rejects.toMatchObject({ code: "FS-SIGNER-BUSY" });
    const cancelled = waiting.map((asked) => expect(asked).rejects.toMatchObject({ code: "FS-SIGNER-CLOSED" }));
    client.close();
    await Promise.all(cancelled);
    await expect(client.attest(attestRequest(id))).rejects.toMatchObject({ code: "FS-SIGNER-CLOSED" });
  });

  it("refuses a signer that lost a key, and takes one that has more", async () => {
    const { dir, client, keystore } = setUp();
    const stranger = testKeystore(2);
    await client.attach(channelTo(dir).ours);
    await expect(client.attach(channelTo(stranger.dir).ours)).rejects.toMatchObject({ code: "FS-SIGNER-KEYS" });
    expect(client.signer).toBeUndefined();
    keystore.createKey({ purpose: "device", name: "second" });
    expect((await client.attach(channelTo(dir).ours)).keys).toHaveLength(4);
  });

  it("drops a channel that does not keep to the protocol", async () => {
    const { client, events } = setUp();
    const { ours, theirs } = deadChannel();
    const greeting = client.attach(ours);
    theirs.write(Buffer.from("ffffffff00", "hex"));
    await expect(greeting).rejects.toMatchObject({ code: "FS-SIGNER-FRAME" });
    expect(events).toEqual(["gone FS-SIGNER-FRAME"]);
  });
});

describe("the signer's server", () => {
  it("ends with its channel", async () => {
    const { dir, client, clock } = setUp();
    const channel = channelTo(dir);
    await client.attach(channel.ours);
    client.close();
    await clock.advance(0);
    expect(channel.ends).toEqual([undefined]);
  });

  it("tells why and ends when another signer has taken over", async () => {
    const { dir, client, clock } = setUp();
    const channel = channelTo(dir);
    await client.attach(channel.ours);
    startSigner(dir);
    await expect(client.checkpoint(checkpointRequest(1))).rejects.toMatchObject({ code: "FS-SIGNER-FENCED" });
    await clock.advance(0);
    expect(channel.ends).toEqual(["FS-SIGNER-FENCED"]);
  });

  it("ends on bytes that are no frames, and answers what is no request", async () => {
    const { dir, client, clock, id } = setUp();
    const channel = channelTo(dir);
    await client.attach(channel.ours);
    channel.ours.write(Buffer.from([0, 0, 0, 2, 0x61, 0x62]));
    expect(decodeAttestation(await client.attest(attestRequest(id))).statement.boot).toBe(1);
    channel.ours.write(filled(8, 0xff));
    await clock.advance(0);
    expect(channel.ends).toEqual(["FS-SIGNER-FRAME"]);
  });
});
