import { beforeEach, describe, expect, it } from "vitest";
import { type ManualClock, manualClock } from "../../../firmware-bridge/port/index.ts";
import { MemoryBrokerHub } from "../../../gateway/broker/memory-broker.ts";
import type { GatewayEvent } from "../../../gateway/events.ts";
import { qualityText, Telemetry } from "../../../gateway/ingest/telemetry.ts";
import { UsageError } from "../../../protocols/bytes/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";

it("says quality in words", () => {
  expect(qualityText(0)).toBe("good");
  expect(qualityText(Quality.OutOfBounds | Quality.GapBefore)).toBe("out of bounds, gap before");
});

describe("requests over MQTT", () => {
  let clock: ManualClock;
  let hub: MemoryBrokerHub;
  let events: GatewayEvent[];
  let answers: { topic: string; answer: Record<string, unknown> }[];
  let ask: (topic: string, payload: string, retain?: boolean) => Promise<void>;
  let telemetry: Telemetry;

  beforeEach(async () => {
    clock = manualClock();
    hub = new MemoryBrokerHub(clock);
    events = [];
    answers = [];
    telemetry = new Telemetry({
      clock,
      base: "fieldseal",
      info: () => ({ version: "1" }),
      health: () => ({ uptime_s: 1 }),
      requests: {
        batch: async () => ({ size: 7 }),
        fail: async () => {
          throw new UsageError("FS-TEST", "not so");
        },
        bug: async () => {
          throw new Error("oops");
        },
      },
      onEvent: (event) => events.push(event),
    });
    await telemetry.attach(hub.client({ clientId: "gateway" }));
    const user = hub.client({ clientId: "user" });
    await user.start();
    await clock.advance(10);
    await user.subscribe("fieldseal/bridge/response/+", ({ topic, payload }) => {
      answers.push({ topic, answer: JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown> });
    });
    ask = async (verb, payload, retain = false) => {
      await user.publish(`fieldseal/bridge/request/${verb}`, payload, { qos: 1, retain });
      await clock.advance(50);
    };
  });

  it("answers with data and the caller's transaction", async () => {
    await ask("batch", '{"transaction":"a1"}');
    const topic = "fieldseal/bridge/response/batch";
    expect(answers).toEqual([{ topic, answer: { transaction: "a1", status: "ok", data: { size: 7 } } }]);
  });

  it.each(["", "{", "null", "[]", '"x"', '{"transaction":5}', "\u0000\u0001"])(
    "answers %j without a transaction",
    async (payload) => {
      await ask("batch", payload);
      expect(answers.map(({ answer }) => answer)).toEqual([{ transaction: null, status: "ok", data: { size: 7 } }]);
    },
  );

  it("answers a failure with its code", async () => {
    await ask("fail", "{}");
    await ask("bug", "{}");
    expect(answers.map(({ answer }) => [answer["status"], answer["code"], answer["error"]])).toEqual([
      ["error", "FS-TEST", "not so"],
      ["error", "FS-INTERNAL", "Error: oops"],
    ]);
  });

  it.each(["unknown", "constructor", "__proto__", "hasOwnProperty"])("does not answer %s", async (verb) => {
    await ask(verb, "{}");
    expect(answers).toEqual([]);
  });

  it("does not take what is too long, or a request that the broker kept", async () => {
    await ask("batch", "x".repeat(8193));
    expect(answers).toEqual([]);
    const other = new MemoryBrokerHub(clock);
    const user = other.client({ clientId: "user" });
    await user.start();
    await clock.advance(10);
    await user.publish("fieldseal/bridge/request/batch", "{}", { qos: 1, retain: true });
    let asked = 0;
    const late = new Telemetry({
      clock,
      base: "fieldseal",
      info: () => ({}),
      health: () => ({}),
      requests: {
        batch: async () => {
          asked++;
          return {};
        },
      },
      onEvent: () => undefined,
    });
    await late.attach(other.client({ clientId: "gateway" }));
    await clock.advance(100);
    expect(asked).toBe(0);
  });

  it("shows a gap and trouble as events", async () => {
    const heard: string[] = [];
    const user = hub.client({ clientId: "listener" });
    await user.start();
    await clock.advance(10);
    await user.subscribe("fieldseal/bridge/event", ({ payload }) => {
      heard.push(new TextDecoder().decode(payload));
    });
    telemetry.gap("greenhouse", 3n, 2n);
    telemetry.trouble("ingest", "grid", "FS-JOURNAL-FULL", "no room");
    await clock.advance(50);
    expect(heard.map((text) => JSON.parse(text) as object)).toMatchObject([
      { event: "gap", device: "greenhouse", first: "3", count: "2" },
      { event: "trouble", device: "grid", code: "FS-JOURNAL-FULL" },
    ]);
    expect(events).toMatchObject([{ event: "refused", device: "grid", code: "FS-JOURNAL-FULL", why: "no room" }]);
  });
});
