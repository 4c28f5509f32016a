import { utf8 } from "../../protocols/bytes/index.ts";
import { encodeCanLine, PIDS, type Pid, type PidName, segment } from "../../protocols/obd/index.ts";
import type { PeerKind } from "./peer.ts";

/** What the simulated car tells, in the units of the standard's table. */
function carState(elapsed: number, fallen: boolean): Readonly<Record<PidName, number>> {
  const metres = 16 * elapsed;
  const register = (value: number) => (fallen ? 0 : value);
  return {
    engine_load: 34,
    coolant_temperature: Math.min(90, 20 + elapsed / 10),
    engine_speed: 1850,
    speed: 57,
    intake_temperature: 24,
    throttle: 21,
    run_time: Math.floor(elapsed),
    fuel_level: 63,
    distance: register(4_321_000 + metres),
    module_voltage: 14.1,
    ambient_temperature: 18,
    battery_soc: 71,
    odometer: register(48_211_300 + metres),
  };
}

function rawOf({ length, mul = 1, div = 1, add = 0 }: Pid, value: number): Uint8Array {
  const raw = Math.floor(((value - add) * div) / mul + 1e-6);
  return Uint8Array.from({ length: length / 8 }, (_, i) => Math.floor(raw / 256 ** (length / 8 - 1 - i)) & 0xff);
}

const VIN = "WFSSIMULATED00001".replaceAll("I", "1").replaceAll("O", "0");

/** Answer of the engine's control unit; undefined where it has none. */
function answerOf(service: number, pid: number, state: ReturnType<typeof carState>): Uint8Array | undefined {
  if (service === 9 && pid === 2) return Uint8Array.of(0x49, 2, 1, ...utf8(VIN));
  if (service !== 1) return undefined;
  const known: Pid[] = Object.values(PIDS);
  if (pid % 0x20 === 0) {
    const bits = new Uint8Array(4);
    const set = (at: number) => {
      bits[at >> 3]! |= 0x80 >> (at & 7);
    };
    for (const { pid: has } of known) if (has > pid && has <= pid + 0x20) set(has - pid - 1);
    // The next question is answered as long as something comes after it.
    if (known.some(({ pid: has }) => has > pid + 0x20)) set(31);
    return Uint8Array.of(0x41, pid, ...bits);
  }
  const found = Object.entries(PIDS).find(([, one]) => one.pid === pid) as [PidName, Pid] | undefined;
  return found && Uint8Array.of(0x41, pid, ...rawOf(found[1], state[found[0]]));
}

/** An ELM327 with a car behind it. Its faults: a car that is asleep, lost bytes, wrong bytes, an odometer at 0. */
export const obdPeer: PeerKind = {
  shared: false,
  baudRate: ({ obd }) => obd!.baudRate,
  attach({ boards, clock, send }) {
    const [board] = boards;
    const started = clock.monotonic();
    let line = "";
    let echo = true;
    let found = false;
    const settings: Record<string, () => string> = {
      ATZ() {
        echo = true;
        found = false;
        return "\r\rELM327 v1.5\r\r";
      },
      ATE0() {
        echo = false;
        return "OK\r\r";
      },
    };
    const reply = (command: string): string => {
      if (command === "") return "";
      const setting = settings[command];
      if (setting) return setting();
      if (command.startsWith("AT")) return /^AT(?:L0|S0|H1|AT1|SP0|I)$/.test(command) ? "OK\r\r" : "?\r\r";
      if (!/^(?:[0-9A-F]{2}){2,3}$/.test(command)) return "?\r\r";
      const search = found ? "" : "SEARCHING...\r";
      if (board!.faults.has("silent")) return found ? "NO DATA\r\r" : `${search}UNABLE TO CONNECT\r\r`;
      const state = carState((clock.monotonic() - started) / 1000, board!.faults.has("register-fell"));
      const data = answerOf(Number.parseInt(command.slice(0, 2), 16), Number.parseInt(command.slice(2), 16), state);
      found = true;
      if (!data) return `${search}NO DATA\r\r`;
      const lines = segment(0x7e8, data).map(encodeCanLine);
      if (board!.faults.has("bad-crc")) lines[0] = `${lines[0]} <DATA ERROR`;
      if (board!.faults.has("garbage")) lines[0] = lines[0]!.replace(/[0-9]/g, "#");
      return `${search}${lines.join("\r")}\r\r`;
    };
    return {
      receive(bytes) {
        for (const byte of bytes) {
          if (byte !== 0x0d) {
            if (line.length < 64) line += String.fromCharCode(byte & 0x7f);
            continue;
          }
          const command = line.replaceAll(" ", "").toUpperCase();
          line = "";
          const echoed = echo ? `${command}\r` : "";
          send(utf8(`${echoed}${reply(command)}>`));
        }
      },
      end: () => undefined,
    };
  },
};
