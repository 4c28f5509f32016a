import { concatBytes } from "../../../protocols/bytes/index.ts";
import {
  type DlmsData,
  type DlmsNotification,
  encodeDlmsNotification,
  encodeDlmsTime,
  encodeHdlc,
  type HdlcFrame,
} from "../../../protocols/meter/index.ts";

export const obis = (...bytes: number[]): DlmsData => ({ type: "octet-string", value: Uint8Array.of(...bytes, 255) });
export const u32 = (value: bigint): DlmsData => ({ type: "double-long-unsigned", value });
export const text = (value: string): DlmsData => ({ type: "visible-string", value });
export const structure = (...value: DlmsData[]): DlmsData => ({ type: "structure", value });
const long = (value: bigint): DlmsData => ({ type: "long", value });
const u16 = (value: bigint): DlmsData => ({ type: "long-unsigned", value });
const scaled = (scaler: bigint, unit: bigint): DlmsData =>
  structure({ type: "integer", value: scaler }, { type: "enum", value: unit });

type Link = Pick<HdlcFrame, "destination" | "source" | "control">;

const framed = (link: Link, information: Uint8Array) => encodeHdlc({ ...link, segmented: false, information });

/** Kaifa puts the type byte 09 before the length of the date-time, which our encoder does not write. */
function kaifa(notification: DlmsNotification): Uint8Array {
  const plain = encodeDlmsNotification(notification);
  const information = concatBytes(plain.subarray(0, 8), Uint8Array.of(9), plain.subarray(8));
  return framed({ destination: 0, source: 128, control: 0x10 }, information);
}

const aidon = (...value: DlmsData[]) =>
  framed(
    { destination: 32, source: 577, control: 0x13 },
    encodeDlmsNotification({ invokeId: 0x40000000, data: { type: "array", value } }),
  );

/**
 * Frames in the layouts and data types of three makers' lists, written by our own encoders. Every id and value is
 * invented; no meter sent them.
 */
export const HAN_FRAMES = {
  /** List 1. */
  kaifa: kaifa({
    invokeId: 0x40000000,
    time: { local: Date.UTC(2024, 0, 1, 12, 0, 10), status: 0 },
    data: structure(u32(1234n)),
  }),
  /** List 1; 2686 is 0A 7E, so a flag byte is inside. */
  kaifaWithFlag: kaifa({
    invokeId: 0x40000000,
    time: { local: Date.UTC(2024, 0, 1, 12, 0, 20), status: 0 },
    data: structure(u32(2686n)),
  }),
  /** List 1. */
  aidon1: aidon(structure(obis(1, 0, 1, 7, 0), u32(1000n), scaled(0n, 27n))),
  /** List 3, three phases with hourly registers. */
  aidon3: aidon(
    structure(obis(1, 1, 0, 2, 129), text("AIDON_V0001")),
    structure(obis(0, 0, 96, 1, 0), text("0000000000000001")),
    structure(obis(0, 0, 96, 1, 7), text("0001")),
    structure(obis(1, 0, 1, 7, 0), u32(1500n), scaled(0n, 27n)),
    structure(obis(1, 0, 2, 7, 0), u32(0n), scaled(0n, 27n)),
    structure(obis(1, 0, 3, 7, 0), u32(20n), scaled(0n, 29n)),
    structure(obis(1, 0, 4, 7, 0), u32(300n), scaled(0n, 29n)),
    structure(obis(1, 0, 31, 7, 0), long(10n), scaled(-1n, 33n)),
    structure(obis(1, 0, 51, 7, 0), long(25n), scaled(-1n, 33n)),
    structure(obis(1, 0, 71, 7, 0), long(-3n), scaled(-1n, 33n)),
    structure(obis(1, 0, 32, 7, 0), u16(2301n), scaled(-1n, 35n)),
    structure(obis(1, 0, 52, 7, 0), u16(2302n), scaled(-1n, 35n)),
    structure(obis(1, 0, 72, 7, 0), u16(2303n), scaled(-1n, 35n)),
    structure(obis(0, 0, 1, 0, 0), {
      type: "octet-string",
      value: encodeDlmsTime({ local: Date.UTC(2024, 0, 1, 13), deviation: 0, status: 0 }),
    }),
    structure(obis(1, 0, 1, 8, 0), u32(11111111n), scaled(1n, 30n)),
    structure(obis(1, 0, 2, 8, 0), u32(0n), scaled(1n, 30n)),
    structure(obis(1, 0, 3, 8, 0), u32(2222n), scaled(1n, 32n)),
    structure(obis(1, 0, 4, 8, 0), u32(333333n), scaled(1n, 32n)),
  ),
  /** List 1 with three phases. */
  kamstrup: framed(
    { destination: 21, source: 16, control: 0x13 },
    encodeDlmsNotification({
      invokeId: 0,
      time: { local: Date.UTC(2024, 0, 1, 12, 0, 30) },
      data: structure(
        text("Kamstrup_V0001"),
        ...[obis(1, 1, 0, 0, 5), text("0000000000000002")],
        ...[obis(1, 1, 96, 1, 1), text("684000000000000000")],
        ...[obis(1, 1, 1, 7, 0), u32(700n)],
        ...[obis(1, 1, 2, 7, 0), u32(0n)],
        ...[obis(1, 1, 3, 7, 0), u32(50n)],
        ...[obis(1, 1, 4, 7, 0), u32(60n)],
        ...[obis(1, 1, 31, 7, 0), u32(101n)],
        ...[obis(1, 1, 51, 7, 0), u32(202n)],
        ...[obis(1, 1, 71, 7, 0), u32(33n)],
        ...[obis(1, 1, 32, 7, 0), u16(231n)],
        ...[obis(1, 1, 52, 7, 0), u16(232n)],
        ...[obis(1, 1, 72, 7, 0), u16(233n)],
      ),
    }),
  ),
} as const;
