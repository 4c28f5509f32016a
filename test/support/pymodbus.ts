import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("./pymodbus-slave.py", import.meta.url));

export interface PymodbusSlave {
  end(): Promise<void>;
}

/** One value in a table: Python's struct packs it in its `form` ("f", "Q", "10s"), its bytes then stand in `order`. */
export type PymodbusValue = readonly [
  table: "input" | "holding" | "coil" | "discrete",
  at: number,
  form: string,
  value: number | string | boolean,
  order: "ABCD" | "CDAB" | "BADC" | "DCBA",
];

/** Starts python3-pymodbus with input registers (zero-based address to 32-bit float). Needs `pymodbus` (see `describeWith`). */
export async function pymodbusSlave(
  input: Readonly<Record<number, number>>,
  on: readonly ["rtu", string, string] | readonly ["tcp" | "rtu+tcp", string],
  values: readonly PymodbusValue[] = [],
): Promise<PymodbusSlave> {
  const child = spawn("/usr/bin/python3", [script, JSON.stringify({ unit: 1, input, values }), ...on], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const first = await Promise.race([once(child.stdout, "data"), ended.then(() => undefined)]);
  if (first === undefined) throw new Error("the pymodbus slave ended before it served");
  return {
    async end() {
      child.kill();
      await ended;
    },
  };
}

/** A TCP port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
