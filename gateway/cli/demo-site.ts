import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { dialCentral, SimulatedStation, type Simulator, simulate } from "../../devices/index.ts";
import { type Clock, systemClock } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, toBase64Url } from "../../protocols/bytes/index.ts";
import { addressOfPublicKey, toAddressText } from "../../protocols/evm/index.ts";
import { Keystore } from "../attest/keystore.ts";
import { deployCoordinator } from "../coordinator/deploy.ts";
import { localTransactionSigner } from "../coordinator/index.ts";
import { fundLocal, type LocalChain, startLocalChain } from "../coordinator/local-chain.ts";

export interface DemoSite {
  /** The configuration file, for the other verbs. */
  config: string;
  passphrase: Uint8Array;
  devices: readonly { name: string; what: string }[];
  broker: string;
  chain: LocalChain;
  ledger: string;
  /** The gateway listens: the charging station dials in, and a car is plugged in. */
  dialIn(): void;
  stop(): Promise<void>;
}

export interface DemoSiteOptions {
  ports: "fixed" | "free";
  /** Keep everything here; default: a temporary folder that `stop` removes. */
  dir?: string;
}

const MQTT_PORT = 1883;
/** Commitments of a demo stay in the contract's ring for a minute, in seconds: it makes far more of them than a site does. */
const TIMES = { epoch: 40, sealing: 10, dispute: 10 };

/** Takes the port for a moment, to say clearly that somebody has it. */
function probePort(port: number): Promise<void> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", (cause) =>
      fail(
        new EnvironmentError("FS-MQTT-PORT", `port ${port} on 127.0.0.1 is taken`, {
          cause,
          fix: "fieldseal demo --ports free, or stop the broker that has it",
        }),
      ),
    );
    server.listen(port, "127.0.0.1", () => server.close(() => done()));
  });
}

/** A port nobody has now. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function startMeters(clock: Clock): Promise<{ grid: Simulator; house: Simulator }> {
  const grid = await simulate({
    boards: [{ driver: "modbus/eastron-sdm630", unit: 1, seed: 630, startImport: 10_211_482 }],
    on: "tcp:0",
    clock,
  });
  const house = await simulate({
    boards: [{ driver: "p1/dsmr-p1", seed: 5, startImport: 4_410_077 }],
    on: "tcp:0",
    clock,
  });
  return { grid, house };
}

/** A charging station with a car at it. */
function makeStation(clock: Clock, port: number): SimulatedStation {
  const dial = () => dialCentral({ url: `ws://127.0.0.1:${port}`, station: "CP-0017", version: "1.6" });
  return new SimulatedStation({ clock, version: "1.6", dial, interval: 2_000, startWh: 1_204_310 });
}

/** Chain, contracts, and the gateway's account with something to pay gas with. */
async function startCoordinator(clock: Clock, dir: string, account: Uint8Array) {
  const chain = await startLocalChain({ blockTime: 1, stateFile: join(dir, "chain.json"), clock });
  const deployer = localTransactionSigner(new Uint8Array(randomBytes(32)));
  await fundLocal(chain.chain, deployer.address);
  await fundLocal(chain.chain, account);
  const { ledger, registry } = await deployCoordinator({
    chain: chain.chain,
    signer: deployer,
    clock,
    terms: { times: TIMES },
  });
  return { chain, ledger: toAddressText(ledger), registry: toAddressText(registry) };
}

function makeKeys(dir: string): { passphrase: Uint8Array; account: Uint8Array } {
  const text = toBase64Url(new Uint8Array(randomBytes(24)));
  writeFileSync(join(dir, "passphrase"), `${text}\n`, { mode: 0o600 });
  const passphrase = new TextEncoder().encode(text);
  const store = Keystore.create({ dir: join(dir, "keys"), passphrase });
  store.createKey({ purpose: "gateway" });
  const chain = store.createKey({ purpose: "chain" });
  store.createKey({ purpose: "device", name: "grid-meter" });
  store.createKey({ purpose: "device", name: "house-meter" });
  store.createKey({ purpose: "device", name: "bay-1" });
  store.close();
  return { passphrase, account: addressOfPublicKey(chain.publicKey) };
}

/** Sets up everything that the demo's gateway needs, on this machine and on loopback only. */
export async function startDemoSite({ ports, dir: kept }: DemoSiteOptions): Promise<DemoSite> {
  const clock = systemClock();
  const port = ports === "fixed" ? MQTT_PORT : await freePort();
  if (ports === "fixed") await probePort(port);
  const dir = kept === undefined ? mkdtempSync(join(tmpdir(), "fieldseal-demo-")) : resolve(kept);
  mkdirSync(dir, { recursive: true });
  const undo: (() => unknown)[] = [];
  if (kept === undefined) undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const stop = async () => {
    for (const step of undo.reverse()) await step();
    undo.length = 0;
  };
  try {
    const { passphrase, account } = makeKeys(dir);
    const meters = startMeters(clock);
    const { chain, ledger, registry } = await startCoordinator(clock, dir, account);
    undo.push(() => chain.stop());
    const { grid, house } = await meters;
    undo.push(() => Promise.all([grid.stop(), house.stop()]));
    const ocpp = await freePort();
    const station = makeStation(clock, ocpp);
    undo.push(() => station.stop());
    const config = join(dir, "config.yaml");
    writeFileSync(
      config,
      [
        "version: 1",
        "gateway: { name: demo, data: data, keys: keys, passphrase: file:passphrase }",
        `mqtt: { listen: "127.0.0.1:${port}" }`,
        "devices:",
        `  grid-meter: { driver: modbus/eastron-sdm630, port: "${grid.port}", unit: 1, every: 1s }`,
        `  house-meter: { driver: p1/dsmr-p1, port: "${house.port}", every: 1s, pack: { count: 8, within: 4s } }`,
        "  bay-1: { driver: ocpp/ocpp-16, station: CP-0017, every: 2s }",
        `ocpp: { listen: "127.0.0.1:${ocpp}" }`,
        "batch: { every: 4s, max: 4096 }",
        `coordinator: { rpc: ["${chain.url}"], chain: 31337, ledger: "${ledger}", registry: "${registry}", confirmations: 1 }`,
        "",
      ].join("\n"),
    );
    return {
      config,
      passphrase,
      devices: [
        { name: "grid-meter", what: "simulated Eastron SDM630 (Modbus TCP)" },
        { name: "house-meter", what: "simulated DSMR 5 meter (P1)" },
        { name: "bay-1", what: "simulated charging station (OCPP 1.6J)" },
      ],
      broker: `mqtt://127.0.0.1:${port}`,
      chain,
      ledger,
      dialIn() {
        // It dials again by itself while nobody answers.
        void station.start().then(() => station.plug());
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
