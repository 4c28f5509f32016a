import { describe, expect, it } from "vitest";
import { connectEnd, decodeConnect } from "../../gateway/broker/connect-packet.ts";
import { DurableFrameDecoder, encodeDurableFrame } from "../../gateway/broker/durable-frames.ts";
import { PacketScanner } from "../../gateway/broker/packet-scanner.ts";
import { fuzzDecoder } from "../support/mutate.ts";
import { connectPacket, packet, publishPacket, subscribePacket } from "../support/raw-mqtt.ts";

describe("What strangers send the broker", () => {
  it("CONNECT", () => {
    const report = fuzzDecoder({
      name: "MQTT CONNECT",
      corpus: [
        connectPacket(),
        connectPacket({
          clientId: "x".repeat(64),
          user: "u",
          password: "p",
          will: { topic: "w/t", payload: "x", qos: 1 },
        }),
        connectPacket({ level: 3, name: "MQIsdp" }),
      ],
      decode: (bytes) => {
        const end = connectEnd(bytes);
        return end === undefined ? undefined : decodeConnect(bytes.subarray(0, end));
      },
    });
    expect(report.refused).toBeGreaterThan(0);
  });

  it("packets behind it", () => {
    const report = fuzzDecoder({
      name: "MQTT packet headers",
      corpus: [
        publishPacket("a/b", "x", 1),
        subscribePacket("a/#", 1),
        Buffer.concat([packet(0xc0), packet(0xe0)]),
        packet(0xa2, Buffer.of(0, 1, 0, 1, 0x61)),
      ],
      decode: (bytes) => new PacketScanner(8192).scan(bytes, 1_000),
    });
    expect(report.refused).toBeGreaterThan(0);
  });

  it("frames of the durable channel", () => {
    const report = fuzzDecoder({
      name: "durable frames",
      corpus: [
        encodeDurableFrame({ kind: "message", id: 1, clientId: "b", topic: "t", payload: new Uint8Array(40) }),
        encodeDurableFrame({ kind: "answer", id: 1, ok: true }),
      ],
      decode: (bytes) => new DurableFrameDecoder().push(bytes),
    });
    expect(report.refused).toBeGreaterThan(0);
  });
});
