import type { Timer } from "../../firmware-bridge/port/index.ts";
import { encodeTelegram } from "../../protocols/meter/index.ts";
import type { SimulatedBoard } from "./board.ts";
import type { PeerKind } from "./peer.ts";

function fixed(value: number, [whole, fraction]: readonly [number, number]): string {
  // Cut, not rounded: a register never shows more than was counted.
  const scaled = Math.floor(Math.abs(value) * 10 ** fraction + 1e-6);
  const digits = String(scaled).padStart(whole + fraction, "0");
  return fraction === 0 ? digits : `${digits.slice(0, -fraction)}.${digits.slice(-fraction)}`;
}

/** YYMMDDhhmmssW: Dutch winter time, also in summer. */
function meterTime(now: number): string {
  const text = new Date(now + 3_600_000).toISOString();
  return `${text.slice(2, 19).replace(/[-T:]/g, "")}W`;
}

/** The telegram a board pushes now (ms since 1970), damaged as its faults say; undefined is silence. */
export function simulatedTelegram(board: SimulatedBoard, now: number): Uint8Array | undefined {
  if (board.faults.has("silent")) return undefined;
  const reported = board.reported();
  const lines = ["1-3:0.2.8(50)", `0-0:1.0.0(${meterTime(now)})`, "0-0:96.14.0(0002)"];
  const types = new Set<number>();
  for (const { name, obis } of board.profile.measurements) {
    if (!obis) continue;
    const unit = obis.unit === undefined ? "" : `*${obis.unit}`;
    const number = `(${fixed(reported.get(name) ?? 0, obis.digits)}${unit})`;
    if (obis.channel) {
      // Heat is counted in one unit, and in one place.
      if (types.has(obis.channel[0]!)) continue;
      types.add(obis.channel[0]!);
      const channel = `0-${types.size}`;
      lines.push(`${channel}:24.1.0(00${obis.channel[0]})`, `${channel}:24.2.1(${meterTime(now)})${number}`);
    } else if (obis.sum.length === 1 && !obis.less) lines.push(`${obis.sum[0]}${number}`);
  }
  const telegram = encodeTelegram("FSL5\\2SIMULATED", lines);
  if (board.faults.has("bad-crc")) telegram[30]! ^= 1;
  if (!board.faults.has("garbage")) return telegram;
  return telegram.slice(telegram.length >> 1);
}

/** A meter that pushes a telegram every second, as DSMR 5 says. */
export const p1Peer: PeerKind = {
  shared: false,
  baudRate: ({ p1 }) => p1!.baudRate,
  attach({ boards, clock, interval = 1000, send }) {
    let timer: Timer;
    const push = () => {
      timer = clock.after(interval, push);
      const telegram = simulatedTelegram(boards[0]!, clock.now());
      if (telegram) send(telegram);
    };
    timer = clock.after(interval, push);
    return { receive: () => undefined, end: () => timer.cancel() };
  },
};
