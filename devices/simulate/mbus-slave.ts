import {
  encodeMbusAnswer,
  encodeMbusFrame,
  MBUS_POINT_TO_POINT,
  MBUS_SELECTED,
  MbusDecoder,
  type MbusFrame,
  mbusCommand,
} from "../../protocols/mbus/index.ts";
import { MBUS_DIVISORS } from "../drivers/mbus/values.ts";
import type { SimulatedBoard } from "./board.ts";
import type { PeerKind } from "./peer.ts";

/** First VIF of a quantity in a unit, and the power of ten it stands for (EN 13757-3 table 10). */
const VIFS: Readonly<Record<string, readonly [vif: number, exponent: number]>> = {
  "energy Wh": [0x00, -3],
  "energy J": [0x08, 0],
  "volume m3": [0x10, -6],
  "power W": [0x28, -3],
  "volumeFlow m3/h": [0x38, -6],
  "flowTemperature Cel": [0x58, -3],
  "returnTemperature Cel": [0x5c, -3],
  "temperatureDifference K": [0x60, -3],
};
/** Records in one telegram: a meter with more says so and is asked again. */
const PER_TELEGRAM = 4;
const HEAT = 4;
const GARBAGE = Uint8Array.of(0x00, 0x68, 0x05, 0xff);

/** One slave: what it remembers between requests. */
class Slave {
  readonly #board: SimulatedBoard;
  #telegram = 0;
  #frameCount: boolean | undefined;
  selected = false;

  constructor(board: SimulatedBoard) {
    this.#board = board;
  }

  get address(): number {
    return this.#board.unit;
  }

  /** Eight digits as they would be printed on it. */
  get id(): string {
    return String(12_340_000 + this.#board.unit);
  }

  get silent(): boolean {
    return this.#board.faults.has("silent");
  }

  reset(): void {
    this.#frameCount = undefined;
    this.#telegram = 0;
  }

  /** The next telegram when the bit has changed, the last one again when it has not. */
  answer(frameCount: boolean): Uint8Array {
    const records = this.#records();
    const telegrams = Math.ceil(records.length / PER_TELEGRAM);
    if (this.#frameCount !== undefined && frameCount !== this.#frameCount) {
      this.#telegram = (this.#telegram + 1) % telegrams;
    }
    this.#frameCount = frameCount;
    const from = this.#telegram * PER_TELEGRAM;
    const data = encodeMbusAnswer({
      id: this.id,
      manufacturer: "FSL",
      version: 1,
      medium: HEAT,
      access: this.#telegram,
      status: 0,
      records: records.slice(from, from + PER_TELEGRAM),
      more: this.#telegram < telegrams - 1,
    });
    return this.#spoiled(encodeMbusFrame({ kind: "long", control: 0x08, address: this.address, ci: 0x72, data }));
  }

  #records(): { vif: number; value: number }[] {
    const reported = this.#board.reported();
    return this.#board.profile.measurements.flatMap(({ name, unit, mbus }) => {
      const { quantity, sent } = mbus!;
      const row = VIFS[`${quantity} ${sent.unit}`];
      if (!row) return [];
      const divisor = Number(MBUS_DIVISORS[`${sent.unit}>${unit}`] ?? 1n);
      // Cut, not rounded: a register never shows more than was counted.
      const value = Math.trunc(((reported.get(name) ?? 0) * divisor) / 10 ** sent.exponent + 1e-6);
      return [{ vif: row[0] + sent.exponent - row[1], value }];
    });
  }

  #spoiled(frame: Uint8Array): Uint8Array {
    if (this.#board.faults.has("bad-crc")) frame[frame.length - 2]! ^= 0xff;
    if (!this.#board.faults.has("garbage")) return frame;
    const out = new Uint8Array(GARBAGE.length + frame.length);
    out.set(GARBAGE);
    out.set(frame, GARBAGE.length);
    return out;
  }
}

const ACK = encodeMbusFrame({ kind: "ack" });

function answers(slaves: readonly Slave[], frame: MbusFrame): Uint8Array[] {
  const command = mbusCommand(frame);
  if (!command) return [];
  if (command.kind === "select") {
    for (const slave of slaves) {
      slave.selected = [...command.id].every((digit, i) => digit === "F" || digit === slave.id[i]);
      if (slave.selected) slave.reset();
    }
    return slaves.filter(({ selected, silent }) => selected && !silent).map(() => ACK);
  }
  const { address } = command;
  const addressed = slaves.filter(
    (slave) =>
      slave.address === address || address === MBUS_POINT_TO_POINT || (address === MBUS_SELECTED && slave.selected),
  );
  const out: Uint8Array[] = [];
  for (const slave of addressed) {
    if (command.kind === "reset") {
      slave.reset();
      if (address === MBUS_SELECTED) slave.selected = false;
    }
    if (slave.silent) continue;
    if (command.kind === "reset") out.push(ACK);
    else if (command.kind === "request") out.push(slave.answer(command.frameCount));
  }
  return out;
}

/** Meters that share an M-Bus line: reset, class 2 data with frame count bit, selection by secondary address. */
export const mbusPeer: PeerKind = {
  shared: true,
  baudRate: ({ mbus }) => mbus!.baudRate,
  attach({ boards, send }) {
    const slaves = boards.map((board) => new Slave(board));
    const decoder = new MbusDecoder();
    return {
      receive(bytes) {
        for (const event of decoder.push(bytes)) {
          if (event.kind === "frame") for (const answer of answers(slaves, event.frame)) send(answer);
        }
      },
      end: () => undefined,
    };
  },
};
