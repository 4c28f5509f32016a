import { type ChildProcess, spawn } from "node:child_process";
import { createServer, Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type Simulator, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { ptyPair } from "../support/pty-pair.ts";
import { describeWith } from "../support/requires.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

/** Connects as soon as somebody listens. */
async function connect(port: number, child: ChildProcess): Promise<Socket> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`gpsd ended with ${child.exitCode}`);
    const socket = await new Promise<Socket | undefined>((resolve) => {
      const trial = new Socket();
      trial.once("error", () => resolve(undefined));
      trial.connect(port, "127.0.0.1", () => resolve(trial));
    });
    if (socket) return socket;
    await new Promise(setImmediate);
  }
}

describeWith(["gpsd", "socat"], "our GNSS simulator", () => {
  it("is read by gpsd: position, speed, three dimensions", async () => {
    const pair = await ptyPair();
    ends.push(() => pair.end());
    const simulator: Simulator = await simulate({
      boards: [{ driver: "nmea/nmea-gnss" }],
      on: pair.a,
      clock: systemClock(),
      interval: 200,
    });
    ends.push(() => simulator.stop());
    const port = await freePort();
    const gpsd = spawn("gpsd", ["-N", "-n", "-b", "-S", String(port), pair.b], { stdio: "ignore" });
    const ended = new Promise((resolve) => gpsd.once("exit", resolve));
    ends.push(async () => {
      gpsd.kill("SIGTERM");
      await ended;
    });
    const socket = await connect(port, gpsd);
    ends.push(() => socket.destroy());
    socket.write('?WATCH={"enable":true,"json":true};\n');
    const fix = await new Promise<Record<string, number>>((resolve, reject) => {
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString("utf8");
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) {
          const report = JSON.parse(line) as Record<string, number> & { class: string };
          if (report.class === "TPV" && report["mode"] === 3 && report["speed"] !== undefined) resolve(report);
        }
      });
      socket.once("close", () => reject(new Error("gpsd closed the connection")));
    });
    expect(fix["lat"]).toBeGreaterThan(52.51);
    expect(fix["lat"]).toBeLessThan(52.53);
    expect(fix["lon"]).toBeGreaterThan(13.39);
    expect(fix["lon"]).toBeLessThan(13.42);
    expect(fix["speed"]).toBeCloseTo(12, 2);
    expect(fix["altMSL"] ?? fix["alt"]).toBeCloseTo(34, 1);
  });
});
