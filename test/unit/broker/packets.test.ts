import { describe, expect, it } from "vitest";
import {
  connectEnd,
  decodeConnect,
  MAX_CONNECT_BYTES,
  RefusedConnect,
} from "../../../gateway/broker/connect-packet.ts";
import { DurableFrameDecoder, encodeDurableFrame } from "../../../gateway/broker/durable-frames.ts";
import { PacketScanner } from "../../../gateway/broker/packet-scanner.ts";
import { fromHex, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import { connectPacket, lengthBytes, packet, publishPacket } from "../../support/raw-mqtt.ts";

// 10 10 00 04 4d 51 54 54 04 02 00 3c 00 04 44 49 47 49   CONNECT with client id DIGI, as mosquitto_pub sends it
const DIGI = fromHex("101000044d5154540402003c000444494749");

describe("CONNECT", () => {
  it("is read", () => {
    expect(connectEnd(DIGI)).toBe(DIGI.length);
    expect(decodeConnect(DIGI)).toEqual({
      level: 4,
      clientId: "DIGI",
      clean: true,
      keepalive: 60,
      will: undefined,
      user: undefined,
      hasPassword: false,
    });
    const full = connectPacket({
      clientId: "x",
      user: "u",
      password: "p",
      will: { topic: "w/t", qos: 1, retain: true },
    });
    expect(decodeConnect(full)).toMatchObject({
      will: { topic: "w/t", qos: 1, retain: true },
      user: "u",
      hasPassword: true,
    });
  });

  it("is waited for byte by byte, and never beyond the limit", () => {
    for (let i = 0; i < DIGI.length; i++) expect(connectEnd(DIGI.subarray(0, i))).toBeUndefined();
    const at = (length: number) => () => connectEnd(Buffer.concat([Buffer.of(0x10), lengthBytes(length)]));
    expect(at(MAX_CONNECT_BYTES)()).toBeUndefined();
    expect(at(MAX_CONNECT_BYTES + 1)).toThrow(expect.objectContaining({ code: "FS-MQTT-PACKET" }));
    expect(at(268_435_455)).toThrow(expect.objectContaining({ code: "FS-MQTT-PACKET" }));
  });

  it("is refused with the code that tells why", () => {
    const reply = (bytes: Uint8Array) => {
      const refused = decodeConnect(bytes);
      return refused instanceof RefusedConnect ? toHex(refused.reply) : refused;
    };
    expect(reply(connectPacket({ level: 5 }))).toBe("2003008400");
    expect(reply(connectPacket({ level: 0x84 }))).toBe("20020001");
    expect(reply(connectPacket({ clientId: "a#" }))).toBe("20020002");
    expect(reply(connectPacket({ will: { topic: "a/+" } }))).toBe("20020005");
    expect(reply(connectPacket({ will: { topic: "a", qos: 2 } }))).toBe("20020005");
  });
});

describe("The packet scanner", () => {
  const scan = (scanner: PacketScanner, bytes: Uint8Array) => scanner.scan(bytes, Number.POSITIVE_INFINITY).packets;

  it("finds the same packets however the bytes are cut", () => {
    const bytes = Buffer.concat([publishPacket("a/b", "x".repeat(300), 1), packet(0xc0), publishPacket("a", "", 0)]);
    for (let size = 1; size <= bytes.length; size++) {
      const scanner = new PacketScanner(8192);
      let packets = 0;
      for (let at = 0; at < bytes.length; at += size) packets += scan(scanner, bytes.subarray(at, at + size));
      expect(packets).toBe(3);
    }
  });

  it("stops before a packet when it has had enough", () => {
    const scanner = new PacketScanner(8192);
    const bytes = Buffer.concat([packet(0xc0), publishPacket("a", "b"), packet(0xc0)]);
    expect(scanner.scan(bytes, 2)).toEqual({ packets: 2, end: bytes.length - 2 });
    expect(scanner.scan(bytes.subarray(bytes.length - 2), 2)).toEqual({ packets: 1, end: 2 });
  });

  it("refuses a packet by its header, before its body", () => {
    const limit = Buffer.concat([Buffer.of(0x30), lengthBytes(8192)]);
    expect(scan(new PacketScanner(8192), limit)).toBe(1);
    const refused = [
      Buffer.concat([Buffer.of(0x30), lengthBytes(8193)]),
      Buffer.of(0x30, 0xff, 0xff, 0xff),
      Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80),
      ...[0x10, 0x00, 0x20, 0x34, 0x36, 0x38, 0x50, 0x62, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc1, 0xd0, 0xe1, 0xf0].map(
        (header) => Buffer.of(header),
      ),
    ];
    for (const bytes of refused) {
      expect(() => scan(new PacketScanner(8192), bytes), toHex(bytes)).toThrow(
        expect.objectContaining({ code: "FS-MQTT-PACKET" }),
      );
    }
  });
});

describe("Durable frames", () => {
  const message = {
    kind: "message",
    id: 7,
    clientId: "board",
    topic: "fieldseal-link/x/up",
    payload: utf8("hello"),
  } as const;
  const answer = { kind: "answer", id: 7, ok: true } as const;
  const hello = { kind: "hello" } as const;

  it("have the bytes that are drawn", () => {
    expect(toHex(encodeDurableFrame(answer))).toBe("00000006020000000701");
    expect(toHex(encodeDurableFrame({ kind: "hello" }))).toBe("000000020301");
    expect(toHex(encodeDurableFrame({ ...message, clientId: "b", topic: "t" }))).toBe(
      "00000010010000000700016200017468656c6c6f",
    );
  });

  it("survive any cut", () => {
    const bytes = Buffer.concat([encodeDurableFrame(message), encodeDurableFrame(answer), encodeDurableFrame(hello)]);
    for (let size = 1; size <= bytes.length; size++) {
      const decoder = new DurableFrameDecoder();
      const frames = [];
      for (let at = 0; at < bytes.length; at += size) frames.push(...decoder.push(bytes.subarray(at, at + size)));
      expect(frames).toEqual([message, answer, hello]);
    }
  });

  it.each([
    "7fffffff",
    "00000001ff",
    "000000050300000001",
    "00000006020000000702",
    "000000020302",
    "00000003030100",
    "0000000702000000070100",
    "0000000901000000070001ff0000",
  ])("are refused: %s", (hex) =>
    expect(() => new DurableFrameDecoder().push(fromHex(hex))).toThrow(
      expect.objectContaining({ code: "FS-DURABLE-FRAME" }),
    ),
  );
});
