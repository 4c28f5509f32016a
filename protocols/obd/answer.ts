import { ProtocolError } from "../bytes/index.ts";
import { decodeCanLine } from "./can.ts";
import { IsoTpAssembler } from "./isotp.ts";

/** What was asked: a service (SAE J1979: 01 current data, 09 vehicle information; ISO 14229: 22 by identifier) and an identifier. */
export interface ObdRequest {
  service: number;
  /** One byte; two for service 22. */
  pid: number;
}

/** One ECU's answer. */
export interface ObdAnswer {
  /** CAN identifier of the ECU. */
  id: number;
  /** What follows service and identifier. */
  data: Uint8Array;
}

export interface ObdAnswers {
  answers: ObdAnswer[];
  /** Negative responses: ECU and reason (ISO 14229-1 Annex A). */
  refusals: { id: number; code: number }[];
  /** Lines and frames that are no part of a good answer. */
  discarded: ProtocolError[];
}

const pidBytes = ({ service }: ObdRequest) => (service === 0x22 ? 2 : 1);

/** The text of a request as an ELM327 takes it: `010C`, `22000D`. */
export function requestText(request: ObdRequest): string {
  const hex = (value: number, bytes: number) => value.toString(16).padStart(2 * bytes, "0");
  return `${hex(request.service, 1)}${hex(request.pid, pidBytes(request))}`.toUpperCase();
}

/** "Response pending": the answer itself follows (ISO 14229-1 Annex A, 0x78). */
const PENDING = 0x78;

/** Reads the lines an adapter gave to a request. Answers to other requests, as busy adapters mix them in, are left out. */
export function decodeAnswers(request: ObdRequest, lines: readonly string[]): ObdAnswers {
  const out: ObdAnswers = { answers: [], refusals: [], discarded: [] };
  const assembler = new IsoTpAssembler();
  const head = pidBytes(request);
  for (const line of lines) {
    try {
      const event = assembler.push(decodeCanLine(line));
      if (event?.kind === "discarded") out.discarded.push(event.error);
      if (event?.kind !== "message") continue;
      const { id, data } = event;
      const [service, first = -1, second = -1] = data;
      if (service === 0x7f) {
        if (first === request.service && second !== PENDING) out.refusals.push({ id, code: second });
        continue;
      }
      const pid = head === 2 ? (first << 8) | second : first;
      if (service !== request.service + 0x40 || pid !== request.pid) {
        out.discarded.push(new ProtocolError("FS-OBD-OTHER", `0x${id.toString(16)} answered another request`));
        continue;
      }
      out.answers.push({ id, data: data.slice(1 + head) });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      out.discarded.push(error);
    }
  }
  if (assembler.unfinished > 0) out.discarded.push(new ProtocolError("FS-OBD-ISOTP", "an answer is incomplete"));
  return out;
}

/** VIN of an answer to service 09, PID 02: a count, then 17 characters (ISO 3779), padded in front by some makers. */
export function decodeVin(data: Uint8Array): string {
  const text = String.fromCharCode(...data.subarray(1)).replace(/^\0+|\0+$/g, "");
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(text))
    throw new ProtocolError("FS-OBD-VIN", "the vehicle identification is not 17 characters of ISO 3779");
  return text;
}

/** Identifiers that an ECU supports of the 32 after `base`, by the bits of its answer to `base` (SAE J1979 §6.1). */
export function supportedPids(base: number, data: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < 32; i++) if ((data[i >> 3] ?? 0) & (0x80 >> (i & 7))) out.push(base + 1 + i);
  return out;
}
