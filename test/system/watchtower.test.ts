import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { coordinatorAt, runOfOne } from "../../gateway/coordinator/coordinator.ts";
import { encodeDeployment } from "../../gateway/coordinator/deployment.ts";
import { stakeCall } from "../../gateway/coordinator/ledger-calls.ts";
import { toHex } from "../../protocols/bytes/index.ts";
import { toAddressText } from "../../protocols/evm/index.ts";
import { CHEATS } from "../sim/cheats.ts";
import { type Account, SimChain } from "../sim/sim-chain.ts";
import { SimDevice, SimGateway } from "../sim/sim-gateway.ts";
import { cli } from "../support/cli.ts";

const dir = mkdtempSync(join(tmpdir(), "fieldseal-watchtower-cli-"));
const place = join(dir, "published");
const keyFile = join(dir, "challenger.key");

let sim: SimChain;
let gateway: SimGateway;
let server: Server;
beforeAll(async () => {
  sim = await SimChain.start();
  const challenger = await sim.account("a challenger");
  writeFileSync(keyFile, toHex(challenger.secret), { mode: 0o600 });
  writeFileSync(join(dir, "deployment.json"), encodeDeployment(sim.deployment));
  gateway = await enrolled(await sim.account("a gateway"), await sim.account("an owner"));
  server = createServer((request, response) => {
    const path = (request.url ?? "").slice(1);
    const found = [...gateway.publishedFiles()].find(([name]) => name === path);
    response.writeHead(found ? 200 : 404).end(found?.[1]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await sim?.local.stop();
  rmSync(dir, { recursive: true });
});

async function enrolled(account: Account, owner: Account): Promise<SimGateway> {
  const made = new SimGateway(sim, account);
  await made.log.open();
  const coordinator = coordinatorAt(sim.local.chain, sim.deployment.ledger);
  const device = new SimDevice(1, owner, 0, 10_000n, 50n);
  const { attestation, body } = device.enrol(made.scope, await sim.now());
  const entry = runOfOne(account.address, device.board.id, 0, 10_000n);
  const { payload: statement, signature } = attestation.sign1;
  const registration = { entry, path: [], gateway: account.address, statement, body, signature };
  await sim.send([
    [account, stakeCall(sim.deployment.ledger, 10n ** 18n)],
    [account, await coordinator.admitCall(entry)],
    [account, await coordinator.registerCall(registration)],
  ]);
  made.devices.push(device);
  await made.append([attestation.bytes]);
  return made;
}

async function commit(): Promise<void> {
  const { seq, size, root } = await gateway.commitment();
  const call = coordinatorAt(sim.local.chain, sim.deployment.ledger).commitCall(seq, size, root);
  await sim.send([[gateway.account, call]]);
  for (const [path, bytes] of gateway.publishedFiles()) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), bytes);
  }
}

const tower = (state: string, ...more: string[]) =>
  cli([
    "watchtower",
    ...(more.some((one) => one.includes("=")) ? [] : [`${toAddressText(gateway.account.address)}=${place}`]),
    ...["--rpc", sim.local.url, "--deployment", join(dir, "deployment.json"), "--once"],
    ...["--state", join(dir, state), ...more],
  ]);
const lines = (stdout: string) =>
  stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { event: string });
const frozen = async () =>
  (await coordinatorAt(sim.local.chain, sim.deployment.ledger).head(gateway.account.address)).frozen;

describe("fieldseal watchtower", () => {
  it("an honest gateway: exit 0, the same over HTTP, and nothing to tell the second time", async () => {
    await commit();
    const first = await tower("one");
    expect(first, first.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/^0x.{8} {2}commitment 1: 1 entries, one log; 1 signed\n$/);
    expect(await tower("one", "--json")).toMatchObject({ code: 0, stdout: "" });
    const { port } = server.address() as AddressInfo;
    const web = await tower("web", `${toAddressText(gateway.account.address)}=http://127.0.0.1:${port}`, "--json");
    expect(web.code, web.stderr).toBe(0);
    expect(lines(web.stdout)).toMatchObject([{ event: "log", seq: "1", size: "1", counts: { good: 1 } }]);
  });

  it.each([
    ["a place without an address", ["folder"], 2, "FS-USAGE"],
    ["no place", ["0x0000000000000000000000000000000000000001="], 2, "FS-USAGE"],
    ["an address that is none", ["0x01=folder"], 1, "FS-ADDRESS"],
    ["a challenge without a key", ["--challenge", "--key-file", "missing"], 78, "FS-KEY"],
  ])("%s is refused", async (_, args, code, prefix) => {
    const extra = args[0] === "folder" ? ["folder", "x=y"] : args;
    const result = await tower("none", ...extra);
    expect(result.stderr).toContain(prefix);
    expect(result.code).toBe(code);
  });

  it("what is missing: exit 1, and a demand on request", async () => {
    gateway.devices[0]!.register += 10n;
    await gateway.append([gateway.devices[0]!.attest(gateway.scope, await sim.now()).bytes]);
    const { seq, size, root } = await gateway.commitment();
    const call = coordinatorAt(sim.local.chain, sim.deployment.ledger).commitCall(seq, size, root);
    await sim.send([[gateway.account, call]]);
    const told = await tower("one");
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/missing: entries of commitment 2 from 1 on/);
    await sim.until((await sim.now()) + 5n);
    await sim.local.chain.request({ method: "evm_setAutomine", params: [true] });
    const args = ["--demand", "--grace", "1s", "--key-file", keyFile, "--json"];
    const asked = await tower("one", ...args);
    await sim.local.chain.request({ method: "evm_setAutomine", params: [false] });
    expect(
      lines(asked.stdout).map(({ event }) => event),
      asked.stderr,
    ).toEqual(["missing", "demanded"]);
    expect(asked.code).toBe(1);
  });

  it("a false one: exit 3; with --challenge its stake is taken", async () => {
    await CHEATS.find(({ fault }) => fault === "invalid")!.log!(gateway, await sim.now());
    await commit();
    const told = await tower("two", "--json");
    expect(told.code, told.stderr).toBe(3);
    const fault = lines(told.stdout).find(({ event }) => event === "fault");
    expect(fault).toMatchObject({
      suspicion: { fault: "invalid", call: { to: toAddressText(sim.deployment.faults) } },
    });
    expect(await frozen()).toBe(false);
    await sim.local.chain.request({ method: "evm_setAutomine", params: [true] });
    const sent = await tower("two", "--challenge", "--key-file", keyFile);
    expect(sent.code, sent.stderr).toBe(3);
    expect(sent.stdout).toMatch(/challenged: invalid; the stake is taken/);
    expect(await frozen()).toBe(true);
    expect((await tower("two")).stdout).toMatch(/frozen by a proven fault/);
  });
});
