import type { Clock } from "../../firmware-bridge/port/index.ts";
import type { Profile } from "../profile.ts";
import type { SimulatedBoard } from "./board.ts";

export interface PeerContext {
  boards: readonly SimulatedBoard[];
  clock: Clock;
  /** What surrounds the frames: those of a serial line, or a protocol's own over TCP where it has one. */
  framing: "serial" | "tcp";
  /** Between two telegrams of a board that pushes, in ms; absent: as the board does. */
  interval: number | undefined;
  send(bytes: Uint8Array): void;
}

/** The far end of a line: bytes of the host in, bytes of the boards out. */
export interface Peer {
  receive(bytes: Uint8Array): void;
  end(): void;
}

/** How the boards of one link behave on a byte stream. */
export interface PeerKind {
  /** Whether several boards share one line. */
  shared: boolean;
  baudRate(profile: Profile): number;
  attach(context: PeerContext): Peer;
}
