import { readdirSync, readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { type Hello, SignerClient, SignerServer } from "../../gateway/attest/index.ts";
import { decodeAttestation, nobleVerifier, verifyAttestation } from "../../protocols/attestation/index.ts";
import { decodeTransaction } from "../../protocols/evm/index.ts";
import { noteKey, verifyCheckpoint } from "../../protocols/log/index.ts";
import { bundled } from "../support/bundle.ts";
import { removeTempDirs, startSigner, testKeystore } from "../support/keystore.ts";
import { memoryChannel } from "../support/memory-channel.ts";
import { SignerChild } from "../support/signer-child.ts";
import { attestRequest, checkpointRequest, commitRequest, enrolRequest, filled } from "../support/signer-requests.ts";

afterAll(removeTempDirs);

interface Started {
  channel: Duplex;
  /** Ends the signer at once, whatever it is doing. */
  kill(): Promise<void>;
}

let entry = "";
const children: SignerChild[] = [];

/** The same suite over the twin (a signer in this process) and the signer's own process. */
const implementations: readonly { name: string; start(dir: string): Started }[] = [
  {
    name: "in this process",
    start(dir) {
      const { ours, theirs } = memoryChannel();
      new SignerServer({ signer: startSigner(dir), channel: theirs, onEnd: () => undefined }).start();
      return {
        channel: ours,
        kill: async () => {
          theirs.destroy();
        },
      };
    },
  },
  {
    name: "its own process",
    start(dir) {
      const child = new SignerChild({ entry, dir });
      children.push(child);
      return { channel: child.channel, kill: () => child.kill() };
    },
  },
];

beforeAll(() => {
  entry = bundled("gateway/attest/signer-process.ts");
});

const clients: SignerClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const child of children.splice(0)) await child.kill();
});

function newClient(onAttached: (hello: Hello) => void = () => undefined): SignerClient {
  const client = new SignerClient({ clock: systemClock(), timeout: 60_000, onAttached });
  clients.push(client);
  return client;
}

describe.each(implementations)("signer: $name", ({ start }) => {
  it("greets with its keys and signs each typed thing", async () => {
    const { dir, device, gateway, chain } = testKeystore();
    const client = newClient();
    const hello = await client.attach(start(dir).channel);
    expect(hello).toEqual({ boot: 1, backend: "node:crypto", keys: [chain, device, gateway] });
    const enrolled = await client.enrol(enrolRequest(device.id));
    const attested = await client.attest(attestRequest(device.id));
    for (const bytes of [enrolled.sign1, attested]) {
      const key = { alg: device.alg, bytes: device.publicKey };
      expect(verifyAttestation(decodeAttestation(bytes), key, nobleVerifier)).toBe("ok");
    }
    const note = await client.checkpoint(checkpointRequest(36));
    expect(verifyCheckpoint(note, noteKey("gateway.example/log", gateway.publicKey)).size).toBe(36);
    const raw = await client.transaction(commitRequest(36));
    expect(decodeTransaction(raw).fields).toMatchObject({ nonce: 3n, value: 0n });
  });

  it("signs nothing that is forbidden", async () => {
    const { dir, device, gateway } = testKeystore();
    const client = newClient();
    await client.attach(start(dir).channel);
    await client.attest(attestRequest(device.id));
    await client.checkpoint(checkpointRequest(36));
    for (const [asked, code] of [
      [client.attest(attestRequest(device.id, { root: filled(32, 9) })), "FS-SIGNER-OVERLAP"],
      [client.attest(attestRequest(device.id, { first: 5n, work: 0n })), "FS-SIGNER-WORK"],
      [client.attest(attestRequest(gateway.id, { first: 5n })), "FS-SIGNER-KEY"],
      [client.enrol(enrolRequest(device.id, { first: 5n, grade: 4, work: 10_211_482n })), "FS-SIGNER-GRADE"],
      [client.checkpoint(checkpointRequest(35)), "FS-SIGNER-FORK"],
      [client.checkpoint(checkpointRequest(36, 9)), "FS-SIGNER-FORK"],
      [client.transaction(commitRequest(36, 9)), "FS-SIGNER-UNSIGNED"],
    ] as const) {
      await expect(asked).rejects.toMatchObject({ code, blame: "peer" });
    }
    // It is none the worse for it.
    await client.attest(attestRequest(device.id, { first: 5n }));
  });

  it("resumes by itself when killed with requests in flight; boot numbers only rise and nothing is forked", async () => {
    const { dir, device } = testKeystore();
    const boots: number[] = [];
    const client = newClient(({ boot }) => boots.push(boot));
    let size = 0;
    let first = 1n;
    for (let round = 0; round < 4; round++) {
      const signer = start(dir);
      await client.attach(signer.channel);
      const asked = Array.from({ length: 20 }, () => {
        const attested = client.attest(attestRequest(device.id, { first, count: 1 }));
        first++;
        return attested;
      });
      size++;
      const noted = client.checkpoint(checkpointRequest(size));
      await asked[5 * round]!;
      await signer.kill();
      await client.attach(start(dir).channel);
      const statements = (await Promise.all(asked)).map((bytes) => decodeAttestation(bytes).statement);
      expect(statements.map((s) => s.first)).toEqual(statements.map((_, i) => first - 20n + BigInt(i)));
      for (const { boot } of statements) expect(boots.slice(-2)).toContain(boot);
      await noted;
      await expect(client.checkpoint(checkpointRequest(size, 0xee))).rejects.toMatchObject({ code: "FS-SIGNER-FORK" });
    }
    expect(boots).toEqual(boots.map((_, i) => i + 1));
    expect(boots).toHaveLength(8);
  });
});

describe("signer: the process", () => {
  it("ends when its channel closes", async () => {
    const { dir } = testKeystore();
    const child = new SignerChild({ entry, dir });
    children.push(child);
    await child.ready;
    child.channel.destroy();
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it("ends when its parent is gone", async () => {
    const { dir } = testKeystore();
    const child = new SignerChild({ entry, dir });
    children.push(child);
    await child.ready;
    child.process.disconnect();
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it("outlives what the terminal sends to all, and ends when told to", async () => {
    const { dir, device } = testKeystore();
    const child = new SignerChild({ entry, dir });
    children.push(child);
    const client = newClient();
    await client.attach(child.channel);
    for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1"] as const) child.process.kill(signal);
    await client.attest(attestRequest(device.id));
    expect(child.output).toBe("");
    child.process.kill("SIGTERM");
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it("says why it does not start, once, and does not use up a boot number", async () => {
    const { dir } = testKeystore();
    for (const [options, code] of [
      [{ dir, passphrase: "wrong" }, "FS-KEY-PASSPHRASE"],
      [{ dir, passphrase: "" }, "FS-KEY-PASSPHRASE"],
      [{ dir: `${dir}-none` }, "FS-KEY-MISSING"],
    ] as const) {
      const child = new SignerChild({ entry, ...options });
      expect(await child.exited).toEqual({ code: 78, signal: null });
      expect(child.messages).toEqual([expect.objectContaining({ type: "error", code })]);
    }
    expect(readdirSync(dir)).toContain("signer-000000000000.state");
  });

  it("never shows the passphrase: not in arguments, environment, messages or output, at the chattiest level", async () => {
    const { dir, device } = testKeystore();
    const passphrase = "correct horse battery staple";
    const env = { FIELDSEAL_LOG__LEVEL: "debug", NODE_DEBUG: "net,stream,child_process,module", DEBUG: "*" };
    const child = new SignerChild({ entry, dir, env, nodeOptions: ["--trace-uncaught", "--trace-warnings"] });
    const wrong = new SignerChild({ entry, dir, env, passphrase: `${passphrase}!` });
    children.push(child, wrong);
    const client = newClient();
    await client.attach(child.channel);
    await client.attest(attestRequest(device.id));
    await expect(client.checkpoint({ ...checkpointRequest(1), origin: "a b" })).rejects.toThrow();
    const proc = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, "latin1");
    const seen = [proc("cmdline"), proc("environ"), JSON.stringify([child.messages, wrong.messages])];
    await wrong.exited;
    client.close();
    await child.exited;
    seen.push(child.output, wrong.output);
    // Descriptor contents are printed as hex by some tools.
    const hex = Buffer.from(passphrase).toString("hex");
    for (const text of seen) {
      expect(text).not.toContain(passphrase);
      expect(text.replaceAll(" ", "")).not.toContain(hex);
    }
    expect(child.output.length).toBeGreaterThan(0);
  });
});
