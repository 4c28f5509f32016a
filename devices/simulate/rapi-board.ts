import { encodeRapi, RapiDecoder, type RapiFrame } from "../../protocols/rapi/index.ts";
import type { SimulatedBoard } from "./board.ts";
import type { PeerKind } from "./peer.ts";

const CHARGING = 3;
const SLEEPING = 0xfe;
const DISABLED = 0xff;
/** EV connected before and now; charging; session ended (J1772EvseController.h). */
const FLAGS = { [CHARGING]: "0540", [SLEEPING]: "0500", [DISABLED]: "0500" } as const;

const hex = (value: number): string => value.toString(16).padStart(2, "0");

/** A station that charges one vehicle from its start on, at the power of the model. */
class SimulatedStation {
  readonly #board: SimulatedBoard;
  readonly #base: number;
  #state: keyof typeof FLAGS = CHARGING;
  #limit = 16;
  #seconds = 0;

  constructor(board: SimulatedBoard) {
    this.#board = board;
    this.#base = Math.floor(board.model.values().get("energy_import") ?? 0);
  }

  answer({ name, parameters }: RapiFrame): { ok: boolean; words: string[]; notice?: string[] } {
    const ok = (...words: (string | number)[]) => ({ ok: true, words: words.map(String) });
    const values = this.#board.model.values();
    const energy = values.get("energy_import") ?? 0;
    switch (name) {
      case "GV":
        return ok("D8.2.1", "5.2.1");
      case "GS":
        this.#seconds = Math.floor(energy - this.#base);
        return ok(hex(this.#state), this.#seconds, hex(CHARGING), FLAGS[this.#state]);
      case "GU":
        if (this.#board.faults.has("register-fell")) return ok(0, 0);
        return ok(Math.floor((energy - this.#base) * 3600), this.#base);
      case "GG": {
        const volts = values.get("voltage") ?? 230;
        const amps = this.#state === CHARGING ? (values.get("power") ?? 0) / volts : 0;
        return ok(Math.floor(1000 * amps), Math.floor(1000 * volts));
      }
      case "GP":
        return ok(-2560, 247, -2560);
      case "GC":
        return ok(6, 80, this.#limit, this.#limit);
      case "SC":
        return this.#capacity(Number(parameters[0]));
      case "FE":
        return this.#become(CHARGING);
      case "FS":
        return this.#become(SLEEPING);
      case "FD":
        return this.#become(DISABLED);
      default:
        return { ok: false, words: [] };
    }
  }

  /** Below or above its limits it takes the limit, and says so with a refusal. */
  #capacity(wanted: number) {
    this.#limit = Math.min(80, Math.max(6, Math.trunc(wanted) || 6));
    return { ok: this.#limit === wanted, words: [String(this.#limit)], notice: this.#transition() };
  }

  #become(state: keyof typeof FLAGS) {
    this.#state = state;
    return { ok: true, words: [], notice: this.#transition() };
  }

  #transition(): string[] {
    return [hex(this.#state), hex(CHARGING), String(this.#limit), FLAGS[this.#state]];
  }
}

function spoil(board: SimulatedBoard, line: Uint8Array): Uint8Array {
  // The last digit of the checksum stands before the CR.
  if (board.faults.has("bad-crc")) line[line.length - 2]! ^= 1;
  return board.faults.has("garbage") ? line.subarray(line.length >> 1) : line;
}

/** An OpenEVSE with firmware 8: checksums, sequence ids, and `$AT` when it is told something. */
export const rapiPeer: PeerKind = {
  shared: false,
  baudRate: ({ rapi }) => rapi!.baudRate,
  attach({ boards, send }) {
    const board = boards[0]!;
    const station = new SimulatedStation(board);
    const decoder = new RapiDecoder();
    const say = (frame: RapiFrame) => {
      if (!board.faults.has("silent")) send(spoil(board, encodeRapi(frame)));
    };
    return {
      receive(bytes) {
        for (const event of decoder.push(bytes)) {
          if (event.kind === "discarded") continue;
          const { sequence } = event.frame;
          const { ok, words, notice } = station.answer(event.frame);
          const repeated = sequence === undefined ? {} : { sequence };
          say({ name: ok ? "OK" : "NK", parameters: words, checksum: "xor", ...repeated });
          if (notice) say({ name: "AT", parameters: notice, checksum: "xor" });
        }
      },
      end: () => undefined,
    };
  },
};
