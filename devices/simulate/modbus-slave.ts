import type { Timer } from "../../firmware-bridge/port/index.ts";
import {
  encodeAnswer,
  encodeMbap,
  encodeRtu,
  type ModbusAnswer,
  ModbusExceptionCode,
  type ModbusRequest,
  packBits,
  RtuRequestDecoder,
  TcpRequestDecoder,
} from "../../protocols/modbus/index.ts";
import type { SimulatedBoard } from "./board.ts";
import { BoardRegisters } from "./modbus-registers.ts";
import type { PeerKind } from "./peer.ts";
import { SunspecRegisters } from "./sunspec-registers.ts";

const GARBAGE = Uint8Array.of(0x00, 0xff, 0x5a, 0x01, 0x04, 0x00);

/** One board at its address, with what it was told. */
interface Slave {
  board: SimulatedBoard;
  registers: Pick<BoardRegisters, "read" | "write">;
}

const TABLE_OF = { 1: "coil", 2: "discrete", 3: "holding", 4: "input" } as const;

/** What one board answers to one request. */
function answer({ registers }: Slave, request: ModbusRequest): ModbusAnswer {
  const { fn } = request;
  const refuse = (exception: number): ModbusAnswer => ({ fn, exception });
  const { illegalDataAddress, illegalFunction } = ModbusExceptionCode;
  const acknowledged = (taken: boolean, ok: ModbusAnswer) => (taken ? ok : refuse(illegalDataAddress));
  switch (request.fn) {
    case 1:
    case 2:
    case 3:
    case 4: {
      const found = registers.read(TABLE_OF[request.fn], request.address, request.count);
      if (!found) return refuse(illegalDataAddress);
      if (request.fn > 2) return { fn: request.fn as 3 | 4, registers: found };
      const bits = Array.from({ length: request.count }, (_, i) => found[2 * i + 1] === 1);
      return { fn: request.fn as 1 | 2, packed: packBits(bits) };
    }
    case 5:
      return acknowledged(registers.write("coil", request.address, Uint8Array.of(0, request.on ? 1 : 0)), request);
    case 6: {
      const word = Uint8Array.of(request.value >> 8, request.value & 0xff);
      return acknowledged(registers.write("holding", request.address, word), request);
    }
    case 16: {
      const { address } = request;
      const count = request.registers.length / 2;
      return acknowledged(registers.write("holding", address, request.registers), { fn: 16, address, count });
    }
    default:
      return refuse(illegalFunction);
  }
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

const slavesOf = (boards: readonly SimulatedBoard[]): Slave[] =>
  boards.map((board) => ({
    board,
    registers: board.profile.link === "sunspec" ? new SunspecRegisters(board) : new BoardRegisters(board),
  }));

export function rtuServer(boards: readonly SimulatedBoard[]): ModbusServer {
  const slaves = slavesOf(boards);
  const decoder = new RtuRequestDecoder();
  return {
    receive(bytes) {
      const out: Uint8Array[] = [];
      for (const event of decoder.push(bytes)) {
        const slave = event.kind === "discarded" ? undefined : slaves.find(({ board }) => board.unit === event.unit);
        if (!slave || event.kind === "discarded") continue;
        const reply = event.kind === "request" ? answer(slave, event.request) : refusal(event.fn, event.error.code);
        const frame = spoil(slave.board, encodeRtu(event.unit, encodeAnswer(reply)));
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
  const slaves = slavesOf(boards);
  const decoder = new TcpRequestDecoder();
  return {
    receive(bytes) {
      const out: Uint8Array[] = [];
      for (const event of decoder.push(bytes)) {
        if (event.kind === "discarded") continue;
        const slave = slaves.find(({ board }) => board.unit === event.unit);
        // A gateway says so when nobody answers behind it (MODBUS V1.1b3 §7, code 11).
        const absent: ModbusAnswer = {
          fn: event.kind === "request" ? event.request.fn : event.fn,
          exception: ModbusExceptionCode.gatewayTargetFailed,
        };
        const reply = !slave
          ? absent
          : event.kind === "request"
            ? answer(slave, event.request)
            : refusal(event.fn, event.error.code);
        const frame = encodeMbap(event.transaction, event.unit, encodeAnswer(reply));
        const sent = slave ? spoil(slave.board, frame) : frame;
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
  baudRate: ({ modbus, sunspec }) => (modbus ?? sunspec)!.baudRate,
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
