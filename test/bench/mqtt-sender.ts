import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connectPacket } from "../support/raw-mqtt.ts";

/** A board as a process of its own, so that what it costs is not counted: sends PUBLISH packets, waits for the PUBACKs. */
export interface Job {
  port: number;
  clientId: string;
  packets: Uint8Array[];
  /** Messages on their way at once. */
  window: number;
}

/** Sends all, never more than the window unacknowledged; resolves when the last PUBACK (4 bytes each) is there. */
function exchange(socket: Socket, { packets, window }: Job): Promise<void> {
  let sent = 0;
  let bytes = 0;
  const fill = (): void => {
    const until = Math.min(packets.length, Math.floor(bytes / 4) + window);
    if (sent < until) socket.write(Buffer.concat(packets.slice(sent, until)));
    sent = until;
  };
  return new Promise((resolve, reject) => {
    socket.on("close", () => reject(new Error("the broker closed the connection")));
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes < packets.length * 4) fill();
      else resolve();
    });
    fill();
  });
}

async function connected({ port, clientId }: Job): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.write(connectPacket({ clientId }));
  await once(socket, "data");
  return socket;
}

let ready: { job: Job; socket: Socket } | undefined;

/** A job is loaded first, and done at "go": handing it over is not part of what is measured. */
process.on("message", async (message: Job | "go") => {
  if (message !== "go") ready = { job: message, socket: await connected(message) };
  else if (ready) {
    await exchange(ready.socket, ready.job);
    ready.socket.removeAllListeners("close");
    ready.socket.destroy();
  }
  process.send?.("done");
});
process.on("disconnect", () => process.exit(0));
process.send?.("up");
