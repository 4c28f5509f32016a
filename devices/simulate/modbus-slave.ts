import type { Timer } from "../../firmware-bridge/port/index.ts";
import {
  encodeAnswer,
  encodeMbap,
  encodeRegisters,
  encodeRtu,
  type ModbusAnswer,
  ModbusExceptionCode,
  type ModbusRequest,
  RtuRequestDecoder,
  registerWords,
  TcpRequestDecoder,
} from "../../protocols/modbus/index.ts";
import type { SimulatedBoard } from "./board.ts";
import type { PeerKind } from "./peer.ts";

const GARBAGE = Uint8Array.of(0x00, 0xff, 0x5a, 0x01, 0x04, 0x00);

/** What one board answers to one request. */
function answer(board: SimulatedBoard, request: ModbusRequest): ModbusAnswer {
  const refuse = (exception: number): ModbusAnswer => ({ fn: request.fn, exception });
  if (request.fn !== 3 && request.fn !== 4) return refuse(ModbusExceptionCode.illegalFunction);
  const table = request.fn === 4 ? "input" : "holding";
  const { address, count } = request;
  if (count > board.profile.modbus!.maxRegisters) return refuse(ModbusExceptionCode.illegalDataAddress);
  const registers = new Uint8Array(2 * count);
  const reported = board.reported();
  let found = false;
  for (const { name, register } of board.profile.measurements) {
    if (register?.table !== table) continue;
    const at = register.at - address;
    if (at < 0 || at + registerWords(register) > count) continue;
    registers.set(encodeRegisters(register, reported.get(name) ?? 0), 2 * at);
    found = true;
  }
  return found ? { fn: request.fn, registers } : refuse(ModbusExceptionCode.illegalDataAddress);
}

/** Damages an answer as the board's faults say; undefined is silence. */
function spoil(board: SimulatedBoard, frame: Uint8Array): Uint8Array | undefined {
  if (board.faults.has("silent")) return undefined;
  if (board.faults.has("bad-crc")) frame[frame.length - 1]! ^= 0xff;
  if (!board.faults.has("garbage")) return frame;
  const out = new Uint8Array(GARBAGE.length + frame.length);
  out.set(GARBAGE);
  out.set(frame, GARBAGE.length);
  return out;
}

/** Server side of one connection: requests in, answers out, for all boards on the line. */
export interface ModbusServer {
  receive(bytes: Uint8Array): Uint8Array[];
  /** The line has been silent: drop what is no frame. */
  silence(): void;
}

export function rtuServer(boards: readonly SimulatedBoard[]): ModbusServer {
  const decoder = new RtuRequestDecoder();
  return {
    receive(bytes) {
      const out: Uint8Array[] = [];
      for (const event of decoder.push(bytes)) {
        const board = event.kind === "discarded" ? undefined : boards.find(({ unit }) => unit === event.unit);
        if (!board || event.kind === "discarded") continue;
        const reply = event.kind === "request" ? answer(board, event.request) : refusal(event.fn, event.error.code);
        const frame = spoil(board, encodeRtu(event.unit, encodeAnswer(reply)));
        if (frame) out.push(frame);
      }
      return out;
    },
    silence() {
      decoder.flush();
    },
  };
}

export function tcpServer(boards: readonly SimulatedBoard[]): ModbusServer {
  const decoder = new TcpRequestDecoder();
  return {
    receive(bytes) {
      const out: Uint8Array[] = [];
      for (const event of decoder.push(bytes)) {
        if (event.kind === "discarded") continue;
        const board = boards.find(({ unit }) => unit === event.unit);
        // A gateway says so when nobody answers behind it (MODBUS V1.1b3 §7, code 11).
        const absent: ModbusAnswer = {
          fn: event.kind === "request" ? event.request.fn : event.fn,
          exception: ModbusExceptionCode.gatewayTargetFailed,
        };
        const reply = !board
          ? absent
          : event.kind === "request"
            ? answer(board, event.request)
            : refusal(event.fn, event.error.code);
        const frame = encodeMbap(event.transaction, event.unit, encodeAnswer(reply));
        const sent = board ? spoil(board, frame) : frame;
        if (sent) out.push(sent);
      }
      return out;
    },
    silence() {
      decoder.flush();
    },
  };
}

function refusal(fn: number, code: string): ModbusAnswer {
  const unknown = code === "FS-MODBUS-FUNCTION";
  return { fn, exception: unknown ? ModbusExceptionCode.illegalFunction : ModbusExceptionCode.illegalDataValue };
}

/** The time of silence after which a line's leftovers are dropped, in ms. It is on no good frame's way. */
const SILENCE = 100;

/** Modbus units that share a line. */
export const modbusPeer: PeerKind = {
  shared: true,
  baudRate: ({ modbus }) => modbus!.baudRate,
  attach({ boards, clock, framing, send }) {
    const server: ModbusServer = framing === "tcp" ? tcpServer(boards) : rtuServer(boards);
    let quiet: Timer | undefined;
    return {
      receive(bytes) {
        quiet?.cancel();
        quiet = clock.after(SILENCE, () => server.silence());
        for (const frame of server.receive(bytes)) send(frame);
      },
      end: () => quiet?.cancel(),
    };
  },
};
