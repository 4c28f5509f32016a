import { ProtocolError } from "../bytes/index.ts";
import type { MbusFrame } from "./frame.ts";

/** Control fields of a primary station (EN 13757-2 §5.7.4): direction bit 40, FCB 20, FCV 10, then the function. */
const SND_NKE = 0x40;
const SND_UD = 0x53;
const REQ_UD2 = 0x5b;
const FCB = 0x20;
/** RSP_UD: an answer with data, whatever its ACD and DFC bits say. */
const RSP_UD = 0x08;

/** Whoever is selected by secondary address answers here; nobody else does. */
export const MBUS_SELECTED = 0xfd;
/** Every slave answers; of use with one on the line. */
export const MBUS_POINT_TO_POINT = 0xfe;
const CI_SELECT = 0x52;

/** Resets the slave's frame count bit; at `MBUS_SELECTED` it also takes the selection back. */
export const mbusReset = (address: number): MbusFrame => ({ kind: "short", control: SND_NKE, address });

/** Asks for class 2 data. A changed `frameCount` bit asks for the next telegram, the same one for the last again. */
export const mbusRequest = (address: number, frameCount: boolean): MbusFrame => ({
  kind: "short",
  control: REQ_UD2 | (frameCount ? FCB : 0),
  address,
});

/** Digits of a secondary address that stand for every digit. */
const WILDCARD = "F";

/**
 * Selects a slave by its identification (EN 13757-3 §11.3); manufacturer, version and medium are left open.
 * @param id eight digits as printed on the meter; `F` for any digit.
 * @throws ProtocolError FS-MBUS-ADDRESS.
 */
export function mbusSelect(id: string): MbusFrame {
  const digits = id.toUpperCase();
  if (!/^[0-9F]{8}$/.test(digits)) {
    throw new ProtocolError("FS-MBUS-ADDRESS", `"${id.slice(0, 16)}" is no secondary address`, {
      fix: `write the eight digits printed on the meter, ${WILDCARD} for any digit`,
    });
  }
  const data = new Uint8Array(8).fill(0xff);
  for (let i = 0; i < 4; i++) data[i] = Number.parseInt(digits.slice(6 - 2 * i, 8 - 2 * i), 16);
  return { kind: "long", control: SND_UD, address: MBUS_SELECTED, ci: CI_SELECT, data };
}

/** Whether a frame is a slave's data. */
export function isMbusAnswer(frame: MbusFrame): frame is MbusFrame & { kind: "long" } {
  return frame.kind === "long" && (frame.control & 0x4f) === RSP_UD;
}

/** What a master says, as a slave understands it. */
export type MbusCommand =
  | { kind: "reset"; address: number }
  | { kind: "request"; address: number; frameCount: boolean }
  | { kind: "select"; id: string }
  | { kind: "other"; address: number };

/** A frame of a master, for slaves. */
export function mbusCommand(frame: MbusFrame): MbusCommand | undefined {
  if (frame.kind === "ack" || (frame.control & SND_NKE) === 0) return undefined;
  const { control, address } = frame;
  if (frame.kind === "short" && control === SND_NKE) return { kind: "reset", address };
  if (frame.kind === "short" && (control & ~FCB) === REQ_UD2) {
    return { kind: "request", address, frameCount: (control & FCB) !== 0 };
  }
  if (frame.kind === "long" && frame.ci === CI_SELECT && address === MBUS_SELECTED && frame.data.length === 8) {
    const bytes = [...frame.data.subarray(0, 4)].reverse();
    return { kind: "select", id: bytes.map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("") };
  }
  return { kind: "other", address };
}
