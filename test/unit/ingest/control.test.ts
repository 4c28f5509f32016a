import { describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/index.ts";
import { MemoryBrokerHub } from "../../../gateway/broker/memory-broker.ts";
import { Control } from "../../../gateway/ingest/control.ts";
import { EnvironmentError, fromUtf8, utf8 } from "../../../protocols/bytes/index.ts";

async function rig(refuse?: string) {
  const clock = manualClock();
  const hub = new MemoryBrokerHub(clock);
  if (refuse !== undefined) hub.refuse = refuse;
  const ours = hub.client({ clientId: "gateway" });
  const theirs = hub.client({ clientId: "home" });
  await Promise.all([ours.start(), theirs.start()]);
  const asked: unknown[] = [];
  const troubles: string[] = [];
  new Control({
    base: "fieldseal",
    async control(device, command) {
      asked.push([device, command]);
      if (device === "dead") throw new EnvironmentError("FS-DEVICE-OFFLINE", "dead is offline");
      return command;
    },
    onTrouble: ({ code }) => troubles.push(code),
  }).attach(ours);
  const answers: Record<string, unknown>[] = [];
  await theirs.subscribe("fieldseal/bridge/response/set", ({ payload }) => {
    answers.push(JSON.parse(fromUtf8(payload)!) as Record<string, unknown>);
  });
  await clock.advance(100);
  const say = async (device: string, payload: string | Uint8Array, retain = false) => {
    await theirs.publish(`fieldseal/${device}/set`, payload, { qos: 1, retain });
    await clock.advance(100);
    return answers.at(-1);
  };
  return { asked, answers, troubles, say, stop: () => Promise.all([ours.stop(), theirs.stop()]) };
}

describe("DEVICE/set", () => {
  it("reaches the board and is answered with what it acknowledged", async () => {
    const { asked, say, stop } = await rig();
    expect(await say("bay-1", '{"current_limit":10,"enabled":true,"transaction":"a"}')).toEqual({
      device: "bay-1",
      transaction: "a",
      status: "ok",
      data: { current_limit: 10, enabled: true },
    });
    expect(asked).toEqual([["bay-1", { current_limit: 10, enabled: true }]]);
    expect(await say("dead", '{"enabled":false}')).toMatchObject({ status: "error", code: "FS-DEVICE-OFFLINE" });
    await stop();
  });

  it.each([
    "",
    "10",
    "[1]",
    "null",
    "{}",
    '{"transaction":"a"}',
    '{"current_limit":{"x":1}}',
    '{"current_limit":null}',
    "{",
    utf8("\ud800").subarray(0, 2),
    `{"a":"${"x".repeat(3000)}"}`,
  ])("refuses %j", async (payload) => {
    const { asked, say, stop } = await rig();
    expect(await say("bay-1", payload)).toMatchObject({ status: "error", code: "FS-CONTROL-COMMAND" });
    expect(asked).toEqual([]);
    await stop();
  });

  it("tells when the broker does not let it hear commands", async () => {
    const { troubles, stop } = await rig("fieldseal/+/set");
    expect(troubles).toEqual(["FS-MQTT-REFUSED"]);
    await stop();
  });

  it("never carries out what a broker kept", async () => {
    const { asked, answers, say, stop } = await rig();
    await say("bay-1", '{"enabled":true}', true);
    expect(asked.length).toBe(answers.length);
    const later = await rig();
    expect(later.asked).toEqual([]);
    await Promise.all([stop(), later.stop()]);
  });
});
