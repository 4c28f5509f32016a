import type { Timer } from "../../firmware-bridge/port/index.ts";
import { utf8 } from "../../protocols/bytes/index.ts";
import { encodeNmea } from "../../protocols/nmea/index.ts";
import type { SimulatedBoard } from "./board.ts";
import type { PeerKind } from "./peer.ts";

/** A drive around the block: a circle of 500 m at 12 m/s. */
const CENTRE = { latitude: 52.52, longitude: 13.405, altitude: 34 };
const RADIUS = 500;
const SPEED = 12;
const METRES_PER_DEGREE = 111_320;
const KNOT = 1852 / 3600;

const two = (value: number) => String(value).padStart(2, "0");

/** Degrees as ddmm.mmmmm with the hemisphere. */
function angle(degrees: number, width: number, [positive, negative]: readonly [string, string]): string[] {
  const minutes = Math.round(Math.abs(degrees) * 60 * 1e5) / 1e5;
  const whole = Math.floor(minutes / 60);
  const rest = (minutes - 60 * whole).toFixed(5).padStart(8, "0");
  return [`${String(whole).padStart(width, "0")}${rest}`, degrees < 0 ? negative : positive];
}

/** One epoch, as a receiver with fix says it. */
function epoch(now: number, elapsed: number): string[] {
  const turn = (SPEED * elapsed) / RADIUS;
  const latitude = CENTRE.latitude + (RADIUS * Math.cos(turn)) / METRES_PER_DEGREE;
  const metres = METRES_PER_DEGREE * Math.cos((CENTRE.latitude * Math.PI) / 180);
  const longitude = CENTRE.longitude + (RADIUS * Math.sin(turn)) / metres;
  const course = ((((turn * 180) / Math.PI + 90) % 360) + 360) % 360;
  const date = new Date(now);
  const clock = `${two(date.getUTCHours())}${two(date.getUTCMinutes())}${two(date.getUTCSeconds())}.00`;
  const day = `${two(date.getUTCDate())}${two(date.getUTCMonth() + 1)}${two(date.getUTCFullYear() % 100)}`;
  const position = [...angle(latitude, 2, ["N", "S"]), ...angle(longitude, 3, ["E", "W"])];
  const sentence = (type: string, ...fields: string[]) => encodeNmea({ talker: "GN", type, fields });
  return [
    sentence("RMC", clock, "A", ...position, (SPEED / KNOT).toFixed(3), course.toFixed(2), day, "", "", "A"),
    sentence(
      "VTG",
      course.toFixed(2),
      "T",
      "",
      "M",
      (SPEED / KNOT).toFixed(3),
      "N",
      (3.6 * SPEED).toFixed(3),
      "K",
      "A",
    ),
    sentence("GGA", clock, ...position, "1", "09", "0.95", CENTRE.altitude.toFixed(1), "M", "39.5", "M", "", ""),
    sentence("GSA", "A", "3", ..."04,05,09,12,24,25,29,31,02,,,".split(","), "1.73", "0.95", "1.45"),
  ];
}

/** What the receiver sends for this epoch, spoiled as its faults say. */
export function simulatedEpoch(board: SimulatedBoard, now: number, elapsed: number): Uint8Array | undefined {
  if (board.faults.has("silent")) return undefined;
  let text = `${epoch(now, elapsed).join("\r\n")}\r\n`;
  if (board.faults.has("bad-crc")) text = text.replace(/\*(.)/g, (_, digit: string) => `*${digit === "0" ? "1" : "0"}`);
  const bytes = utf8(text);
  return board.faults.has("garbage") ? bytes.slice(bytes.length >> 1).map((byte) => byte ^ 0x80) : bytes;
}

/** A receiver that tells its position every second. */
export const nmeaPeer: PeerKind = {
  shared: false,
  baudRate: ({ nmea }) => nmea!.baudRate,
  attach({ boards, clock, interval = 1000, send }) {
    const started = clock.monotonic();
    let timer: Timer;
    const push = () => {
      timer = clock.after(interval, push);
      const bytes = simulatedEpoch(boards[0]!, clock.now(), (clock.monotonic() - started) / 1000);
      if (bytes) send(bytes);
    };
    timer = clock.after(interval, push);
    return { receive: () => undefined, end: () => timer.cancel() };
  },
};
