import type { Timer } from "../../firmware-bridge/port/index.ts";
import type { Profile } from "../profile.ts";
import type { SimulatedBoard } from "./board.ts";
import type { PeerKind } from "./peer.ts";

export interface PushPeerOptions {
  baudRate(profile: Profile): number;
  /** Between two pushes, in ms. */
  interval: number;
  /** The bytes of the n-th push since the line was there (from 0), at this time (ms since 1970). */
  message(board: SimulatedBoard, now: number, count: number): Uint8Array;
}

/** Damages what is pushed as the board's faults say; undefined is silence. */
function spoil(board: SimulatedBoard, message: Uint8Array): Uint8Array | undefined {
  if (board.faults.has("silent")) return undefined;
  if (board.faults.has("bad-crc")) message[message.length >> 1]! ^= 1;
  return board.faults.has("garbage") ? message.slice(message.length >> 1) : message;
}

/** A board that pushes by itself and hears nothing. */
export function pushPeer({ baudRate, interval: usual, message }: PushPeerOptions): PeerKind {
  return {
    shared: false,
    baudRate,
    attach({ boards, clock, interval = usual, send }) {
      let timer: Timer;
      let count = 0;
      const push = () => {
        timer = clock.after(interval, push);
        const bytes = spoil(boards[0]!, message(boards[0]!, clock.now(), count++));
        if (bytes) send(bytes);
      };
      timer = clock.after(interval, push);
      return { receive: () => undefined, end: () => timer.cancel() };
    },
  };
}
