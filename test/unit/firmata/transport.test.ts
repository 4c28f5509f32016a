import { describe, expect, it } from "vitest";
import { ROM } from "../../../devices/simulate/firmata-chips.ts";
import { romsFrame } from "../../../devices/simulate/firmata-frames.ts";
import { FirmataTransport } from "../../../firmware-bridge/firmata/index.ts";
import { firmataIo } from "../../../firmware-bridge/index.ts";
import { memoryPort } from "../../../firmware-bridge/port/index.ts";
import { replayedBoard } from "../../support/firmata-replay.ts";

describe("transport of a Firmata board", () => {
  const heard = (frame: Uint8Array) => {
    const given: Uint8Array[] = [];
    const transport = new FirmataTransport({ port: memoryPort().host });
    transport.on("data", (bytes: Uint8Array) => given.push(bytes));
    transport.receive(frame);
    return { given: given.length, discarded: transport.discardedBytes, good: transport.goodBytes };
  };

  it("passes on what a 1-wire search found", () => {
    const frame = romsFrame(4, [ROM, ROM]);
    expect(heard(frame)).toEqual({ given: 1, discarded: 0, good: frame.length });
    expect(heard(romsFrame(4, []))).toMatchObject({ given: 1, discarded: 0 });
  });

  it("drops and counts a 1-wire address whose check byte is wrong", () => {
    for (let at = 0; at < ROM.length; at++) {
      const spoiled = ROM.slice();
      spoiled[at]! ^= 0x10;
      const frame = romsFrame(4, [ROM, spoiled]);
      expect(heard(frame)).toEqual({ given: 0, discarded: frame.length, good: 0 });
    }
  });

  it("takes what is written after the port was closed for nothing new", async () => {
    const { port } = replayedBoard();
    const io = await firmataIo({ port });
    const told: unknown[] = [];
    io.on("error", (error) => told.push(error));
    await port.close();
    io.sysexCommand([0x79]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
  });
});
