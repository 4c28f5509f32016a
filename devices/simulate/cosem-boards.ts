import { concatBytes } from "../../protocols/bytes/index.ts";
import {
  DLMS_UNITS,
  type DlmsData,
  encodeDlmsNotification,
  encodeGloCiphered,
  encodeHdlc,
  type HanLayout,
} from "../../protocols/meter/index.ts";
import { encodeSmlFile } from "../../protocols/sml/index.ts";
import type { MeasurementProfile } from "../profile.ts";
import type { SimulatedBoard } from "./board.ts";
import { pushPeer } from "./push-peer.ts";

/** One object as a board counts it: `count` times ten to `scaler`. */
interface Counted {
  code: readonly number[];
  unit: number;
  scaler: number;
  count: bigint;
  register: boolean;
}

const UNIT_CODES = new Map([...DLMS_UNITS].map(([code, name]) => [name, code]));

const referenceBytes = (code: string): number[] => {
  const bytes = code.split(/[-:.*]/).map(Number);
  return bytes.length === 6 ? bytes : [...bytes, 255];
};

/** What a board's profile reads directly, without sums and differences, as the board counts it. */
function counted(board: SimulatedBoard): Counted[] {
  const reported = board.reported();
  const direct = ({ cosem }: MeasurementProfile) => cosem !== undefined && cosem.less === undefined;
  return board.profile.measurements.filter(direct).map(({ name, kind, cosem }) => ({
    code: referenceBytes(cosem!.codes[0]!),
    unit: UNIT_CODES.get(cosem!.unit ?? "") ?? 255,
    scaler: cosem!.scaler,
    // Cut, not rounded: a register never shows more than was counted.
    count: BigInt(Math.trunc((reported.get(name) ?? 0) / 10 ** cosem!.scaler + 1e-6)),
    register: kind === "counter",
  }));
}

const structure = (...value: DlmsData[]): DlmsData => ({ type: "structure", value });
const text = (value: string): DlmsData => ({ type: "visible-string", value });
const reference = (code: readonly number[]): DlmsData => ({ type: "octet-string", value: Uint8Array.from(code) });
const number = ({ count }: Counted): DlmsData =>
  count < 0n ? { type: "double-long", value: count } : { type: "double-long-unsigned", value: count };

const LAYOUTS: Readonly<Record<HanLayout, (version: string, objects: readonly Counted[]) => DlmsData>> = {
  cosem: (version, objects) => ({
    type: "array",
    value: [
      structure(reference([1, 1, 0, 2, 129, 255]), text(version)),
      ...objects.map((object) => {
        const scale = structure(
          { type: "integer", value: BigInt(object.scaler) },
          { type: "enum", value: BigInt(object.unit) },
        );
        return structure(reference(object.code), number(object), scale);
      }),
    ],
  }),
  // The Swedish form, which carries its references.
  kaifa: (version, objects) =>
    structure(
      reference([1, 0, 0, 2, 129, 255]),
      text(version),
      ...objects.flatMap((object) => [reference(object.code), number(object)]),
    ),
  kamstrup: (version, objects) =>
    structure(text(version), ...objects.flatMap((object) => [reference(object.code), number(object)])),
};

/** How often a list carries the registers: with the first, and then with each of so many (an hour at ten seconds). */
const REGISTERS_EVERY = 360;

/** Eight bytes: a maker that does not exist, and a number. */
const SYSTEM_TITLE = concatBytes(new TextEncoder().encode("FSL"), Uint8Array.of(0, 0, 0, 0, 1));
const LLC_BYTES = 3;

/** With keys: enciphered, with a frame counter that counts tenths of seconds, so that it goes on over restarts. */
function enciphered({ keys }: SimulatedBoard, information: Uint8Array, now: number): Uint8Array {
  if (!keys) return information;
  const frameCounter = Math.floor(now / 100) % 2 ** 32;
  const apdu = encodeGloCiphered(information.subarray(LLC_BYTES), { keys, systemTitle: SYSTEM_TITLE, frameCounter });
  return concatBytes(information.subarray(0, LLC_BYTES), apdu);
}

/** A meter with a customer interface: powers every ten seconds, registers once an hour, as the makers' lists do. */
export const hanPeer = pushPeer({
  baudRate: ({ han }) => han!.baudRate,
  interval: 10_000,
  message(board, now, count) {
    const { layout, version } = board.profile.han!;
    const objects = counted(board).filter(({ register }) => !register || count % REGISTERS_EVERY === 0);
    const notification = { invokeId: 0x40000000, data: LAYOUTS[layout](version, objects) };
    const information = enciphered(board, encodeDlmsNotification(notification), now);
    return encodeHdlc({ destination: 32, source: 577, control: 0x13, segmented: false, information });
  },
});

/** Ten bytes: server id of an electricity meter of a maker that does not exist. */
const SERVER_ID = concatBytes(Uint8Array.of(0x0a, 0x01), new TextEncoder().encode("FSL"), new Uint8Array(5));

/** A German meter with optical head: an SML file every two seconds. */
export const smlPeer = pushPeer({
  baudRate: ({ sml }) => sml!.baudRate,
  interval: 2000,
  message: (board, _now, count) =>
    encodeSmlFile(
      (3 * count) & 0xffff,
      SERVER_ID,
      counted(board).map(({ code, unit, scaler, count: value }) => ({ code, unit, scaler, value })),
    ),
});
