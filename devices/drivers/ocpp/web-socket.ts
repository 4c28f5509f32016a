import type { WebSocket } from "ws";
import type { OcppSocket } from "./socket.ts";

/** A socket of ws as the connection sees it. */
export function webSocket(ws: WebSocket): OcppSocket {
  const socket: OcppSocket = {
    onText: undefined,
    onPong: undefined,
    onClose: undefined,
    send: (text) => ws.send(text, () => undefined),
    ping: () => {
      if (ws.readyState === ws.OPEN) ws.ping();
    },
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  };
  ws.on("message", (data, isBinary) => {
    // OCPP-J 1.6 §3.2: text messages only.
    if (isBinary) ws.close(1003, "text only");
    else socket.onText?.((data as Buffer).toString("utf8"));
  });
  ws.on("pong", () => socket.onPong?.());
  // The close that follows says what there is to say.
  ws.on("error", () => undefined);
  ws.on("close", (code) => socket.onClose?.(code));
  return socket;
}
