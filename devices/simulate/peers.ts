import type { LinkKind } from "../profile.ts";
import { hanPeer, smlPeer } from "./cosem-boards.ts";
import { firmataPeer } from "./firmata-board.ts";
import { mbusPeer } from "./mbus-slave.ts";
import { modbusPeer } from "./modbus-slave.ts";
import { nmeaPeer } from "./nmea-board.ts";
import { obdPeer } from "./obd-board.ts";
import { p1Peer } from "./p1-board.ts";
import type { PeerKind } from "./peer.ts";
import { rapiPeer } from "./rapi-board.ts";
import { textPeer } from "./text-board.ts";

/** Boards on a byte stream, by link. */
export const peers: Readonly<Partial<Record<LinkKind, PeerKind>>> = {
  nmea: nmeaPeer,
  obd: obdPeer,
  modbus: modbusPeer,
  sunspec: modbusPeer,
  p1: p1Peer,
  han: hanPeer,
  sml: smlPeer,
  mbus: mbusPeer,
  text: textPeer,
  rapi: rapiPeer,
  firmata: firmataPeer,
};
