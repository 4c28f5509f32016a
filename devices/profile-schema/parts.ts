import { z } from "zod";

/** A whole number. */
export const whole = (least: number, most: number) => z.number().int().min(least).max(most);

/** Milliseconds, up to a month. */
export const ms = (least: number, text: string) => whole(least, 2_678_400_000).describe(`${text}, in ms`);

/** Speeds that serial ports have. */
export const baudRate = whole(300, 4_000_000).describe("bits a second");

/** A word or pattern of a protocol. */
export const text = z.string().min(1).max(512);

/** A sentence for people. */
export const line = z.string().min(1).max(400);

/** Texts by number: bits, states. */
export const texts = z.record(z.number(), z.string().max(200));

/** Of this protocol the byte format is fixed, and may be said. */
export const eightBits = z.literal(8).describe("data bits");
export const noParity = z.literal("none");
export const oneStopBit = z.literal(1);
