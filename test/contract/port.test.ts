import { createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryPort, type Port, serialPort, tcpPort } from "../../firmware-bridge/port/index.ts";
import { concatBytes, utf8 } from "../../protocols/bytes/index.ts";
import { ptyPair } from "../support/pty-pair.ts";
import { describeWith } from "../support/requires.ts";

/** The port under test and the far end of its line. */
interface Rig {
  host: Port;
  send(bytes: Uint8Array): Promise<void>;
  received(): Uint8Array;
  lose(): Promise<void>;
  end(): Promise<void>;
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function memoryRig(): Promise<Rig> {
  const { host, device } = memoryPort();
  const got: Uint8Array[] = [];
  device.onBytes = (bytes) => got.push(bytes);
  return {
    host,
    async send(bytes) {
      device.send(bytes);
    },
    received: () => concatBytes(...got),
    async lose() {
      device.lose("unplugged");
    },
    async end() {
      await host.close();
    },
  };
}

async function tcpRig(): Promise<Rig> {
  const got: Uint8Array[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", (bytes) => got.push(Uint8Array.from(bytes)));
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const host = tcpPort({ host: "127.0.0.1", port: address.port });
  return {
    host,
    async send(bytes) {
      await until(() => sockets.size > 0);
      for (const socket of sockets) socket.write(bytes);
    },
    received: () => concatBytes(...got),
    async lose() {
      await until(() => sockets.size > 0);
      for (const socket of sockets) socket.end();
    },
    async end() {
      await host.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serialRig(): Promise<Rig> {
  const pair = await ptyPair();
  const got: Uint8Array[] = [];
  const far = serialPort({ path: pair.b, baudRate: 115_200 });
  far.onBytes = (bytes) => got.push(bytes.slice());
  await far.open();
  const host = serialPort({ path: pair.a, baudRate: 115_200 });
  return {
    host,
    send: (bytes) => far.write(bytes),
    received: () => concatBytes(...got),
    lose: () => pair.end(),
    async end() {
      await host.close();
      await far.close();
      await pair.end();
    },
  };
}

function portContract(make: () => Promise<Rig>): void {
  let rig: Rig;
  beforeEach(async () => {
    rig = await make();
  });
  afterEach(() => rig.end());

  it("carries bytes of every value both ways, in order", async () => {
    const all = Uint8Array.from({ length: 1024 }, (_, i) => i & 0xff);
    const got: Uint8Array[] = [];
    rig.host.onBytes = (bytes) => got.push(bytes.slice());
    await rig.host.open();
    await rig.host.write(all.subarray(0, 500));
    await rig.host.write(all.subarray(500));
    await until(() => rig.received().length >= all.length);
    expect(rig.received()).toEqual(all);
    await rig.send(all);
    await until(() => concatBytes(...got).length >= all.length);
    expect(concatBytes(...got)).toEqual(all);
  });

  it("takes modem lines, whether it has them or not", async () => {
    await rig.host.open();
    await rig.host.setLines({ dtr: false, rts: true });
    await rig.host.setLines({ dtr: true, rts: false });
  });

  it("says once that it is closed, and can be opened again", async () => {
    const reasons: string[] = [];
    rig.host.onClose = (reason) => reasons.push(reason.kind);
    await rig.host.open();
    await rig.host.close();
    expect(reasons).toEqual(["closed"]);
    await rig.host.close();
    await rig.host.open();
    await rig.host.write(utf8("again"));
    await until(() => rig.received().length >= 5);
    await rig.host.close();
    expect(reasons).toEqual(["closed", "closed"]);
  });

  it("refuses to open twice and to write while closed", async () => {
    await expect(rig.host.write(utf8("x"))).rejects.toMatchObject({ code: "FS-PORT-WRITE" });
    await rig.host.open();
    await expect(rig.host.open()).rejects.toMatchObject({ code: "FS-PORT-OPEN" });
  });

  it("says that it was lost", async () => {
    const reasons: string[] = [];
    rig.host.onClose = (reason) => reasons.push(reason.kind);
    await rig.host.open();
    await rig.lose();
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(["lost"]);
    await expect(rig.host.write(utf8("x"))).rejects.toMatchObject({ code: "FS-PORT-WRITE" });
  });
}

describe("memory port", () => portContract(memoryRig));
describe("TCP port", () => portContract(tcpRig));
describeWith(["socat"], "serial port on a pty", () => portContract(serialRig));

describe("opening what is not there", () => {
  it("names a missing device", async () => {
    const port = serialPort({ path: "/dev/fieldseal-none", baudRate: 9600 });
    await expect(port.open()).rejects.toMatchObject({ code: "FS-PORT-MISSING", fix: expect.any(String) });
  });

  it("names a file that is no serial device", async () => {
    await expect(serialPort({ path: "/etc/hostname", baudRate: 9600 }).open()).rejects.toMatchObject({
      code: "FS-PORT-OPEN",
    });
  });

  it("names an address where nothing listens", async () => {
    const port = tcpPort({ host: "127.0.0.1", port: 1 });
    await expect(port.open()).rejects.toMatchObject({ code: "FS-PORT-MISSING" });
    expect(port.name).toBe("tcp://127.0.0.1:1");
  });
});

describeWith(["socat"], "a serial port held by another program", () => {
  it("is named with its holder", async () => {
    const { spawn } = await import("node:child_process");
    const pair = await ptyPair();
    const script = `const {SerialPort}=require("serialport");new SerialPort({path:process.argv[1],baudRate:9600},()=>console.log("open"));setInterval(()=>{},1e6)`;
    const holder = spawn(process.execPath, ["-e", script, pair.a], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await new Promise((resolve) => holder.stdout.once("data", resolve));
      await expect(serialPort({ path: pair.a, baudRate: 9600 }).open()).rejects.toMatchObject({
        code: "FS-PORT-BUSY",
        message: expect.stringContaining(`pid ${holder.pid}`),
      });
    } finally {
      holder.kill();
      await pair.end();
    }
  });
});
