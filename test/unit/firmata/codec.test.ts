import { describe, expect, it } from "vitest";
import { BoardImage } from "../../../devices/drivers/firmata/image.ts";
import { findDriver, profile } from "../../../devices/index.ts";
import { concatBytes, fromHex, ProtocolError, toHex } from "../../../protocols/bytes/index.ts";
import {
  FirmataDecoder,
  type FirmataMessage,
  fromPairs,
  i2cRead,
  i2cWrite,
  pack7,
  parseFirmata,
  toPairs,
  unpack7,
} from "../../../protocols/firmata/index.ts";
import { bme280Calibration, bme280Values } from "../../../protocols/sensors/index.ts";
import { boardBursts, recordedMessages } from "../../support/firmata-replay.ts";
import { describeVectors } from "../../support/vectors.ts";

const parse = (hex: string): FirmataMessage => parseFirmata(fromHex(hex));

describe("messages", () => {
  it("are parsed as protocol.md has them", () => {
    expect(parse("e17f07")).toEqual({ kind: "analog", channel: 1, value: 1023 });
    expect(parse("900c01")).toEqual({ kind: "digital", port: 0, levels: 0x8c });
    expect(parse("f90205")).toEqual({ kind: "version", major: 2, minor: 5 });
    expect(parse("f06e020b01f7")).toEqual({ kind: "pin-state", pin: 2, mode: 11, state: 1 });
    expect(parse("f071480069 00f7".replaceAll(" ", ""))).toEqual({ kind: "text", text: "Hi" });
    expect(parse("f0740002 7e7f 0c05 f7".replaceAll(" ", ""))).toEqual({
      kind: "dht",
      pin: 2,
      temperature: -2,
      humidity: 652,
    });
    expect(parse("f00100f7")).toEqual({ kind: "other", command: 1 });
  });

  it.each([
    "e1",
    "e1807f",
    "900002",
    "c00100",
    "f0f7",
    "f07702f7",
    "f077000002f7",
    "f06e0200f7",
    "f06c0001f7",
    "f0740002f7",
    "f07343f7",
  ])("%s is none", (hex) => {
    expect(() => parse(hex)).toThrow(ProtocolError);
  });

  it("pack eight bits in seven and back", () => {
    for (let length = 0; length < 40; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 73 + 5) & 0xff);
      expect(toHex(unpack7(Uint8Array.from(pack7(bytes))))).toBe(toHex(bytes));
      expect(toHex(fromPairs(Uint8Array.from(toPairs(bytes))))).toBe(toHex(bytes));
    }
    // encoder.md: bits 0 to 6 first, the eighth moves up.
    expect(pack7([0xff])).toEqual([0x7f, 0x01]);
  });
});

describeVectors("transcripts", "StandardFirmata 2.5.9 as recorded", () => {
  it("is read to the last byte", () => {
    const kinds = new Map<string, number>();
    for (const { message } of recordedMessages()) kinds.set(message!.kind, (kinds.get(message!.kind) ?? 0) + 1);
    expect(kinds.get("version")).toBe(1);
    expect(kinds.get("capabilities")).toBe(1);
    expect(kinds.get("i2c")!).toBeGreaterThan(200);
    expect(recordedMessages().find(({ message }) => message!.kind === "firmware")?.message).toEqual({
      kind: "firmware",
      name: "StandardFirmata.ino",
      major: 2,
      minor: 5,
    });
  });

  it("carries the data sheet's BME280", () => {
    const register = (at: number) =>
      recordedMessages()
        .map(({ message }) => message!)
        .find((m) => m.kind === "i2c" && m.address === 0x76 && m.register === at) as { data: Uint8Array };
    const calibration = bme280Calibration(register(0x88).data, register(0xa1).data, register(0xe1).data);
    const { temperature, pressure, humidity } = bme280Values(calibration, register(0xf7).data);
    expect(temperature).toBe(2508);
    expect(pressure! / 256).toBeCloseTo(100_653.25, 2);
    expect(humidity!).toBeGreaterThan(0);
    expect(humidity!).toBeLessThan(100 * 1024);
  });

  it("carries one pulse a second on pin 3", () => {
    const [meter] = findDriver("firmata/s0-pulse-meter").measurements;
    const counted = profile({
      ...findDriver("firmata/s0-pulse-meter"),
      measurements: [{ ...meter!, firmata: { pulses: 3, impulses: 1000 } }],
    });
    const image = new BoardImage(counted);
    const messages = recordedMessages();
    for (const { at, message } of messages) image.take(message!, at * 1000);
    const seconds = messages.at(-1)!.at - messages.find(({ message }) => message!.kind === "digital")!.at;
    expect(Math.abs(image.counters.get("energy_import")!.pulses - seconds)).toBeLessThanOrEqual(1);
  });

  it("was asked in the bytes that our requests have", () => {
    // 2.4989 s and 2.5506 s of the recording.
    expect(toHex(Uint8Array.from(i2cRead(0x76, 0x88, 24)))).toBe("767608080118 00".replaceAll(" ", ""));
    expect(toHex(Uint8Array.from(i2cWrite(0x76, [0xf2, 0x05])))).toBe("767600720105 00".replaceAll(" ", ""));
  });

  it("costs no more than two messages for each byte that is flipped", () => {
    const stream = concatBytes(...boardBursts().map(({ bytes }) => bytes)).slice(0, 2000);
    const whole = new FirmataDecoder().push(stream).filter(({ kind }) => kind === "message");
    for (let at = 0; at < stream.length; at++) {
      for (const mask of [0x80, 0x10, 0xff]) {
        const spoiled = stream.slice();
        spoiled[at]! ^= mask;
        const decoder = new FirmataDecoder();
        const events = decoder.push(spoiled);
        const total = events.reduce((sum, { bytes }) => sum + bytes.length, decoder.pending);
        expect(total).toBe(stream.length);
        const good = events.filter(({ kind }) => kind === "message").length;
        if (good < whole.length - 2) expect.fail(`byte ${at} ^ ${mask}: ${good} of ${whole.length}`);
      }
    }
  });
});
