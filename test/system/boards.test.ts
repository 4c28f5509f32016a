import mqtt from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dialCentral, SimulatedStation } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import type { EventProcess } from "../support/cli.ts";
import { freePort } from "../support/pymodbus.ts";
import { Site } from "../support/site.ts";

let site: Site;
let gateway: EventProcess;
let client: mqtt.MqttClient;
let ocpp: number;

beforeAll(async () => {
  site = await Site.create({ every: "1h" });
  ocpp = await freePort();
  await site.json(["devices", "add", "plug", "--driver", "mqtt/tasmota-plug", "--topic", "laundry"]);
  await site.json(["pair", "--ocpp", "CP-0017", "--name", "bay-1", "--control"]);
  site.edit((text) => `${text}\nocpp: { listen: 127.0.0.1:${ocpp} }\n`);
  gateway = site.run();
  await gateway.until(({ event }) => event === "ready");
  await gateway.until(({ event, part, state }) => event === "part" && part === "broker" && state === "online");
  client = await mqtt.connectAsync(`mqtt://127.0.0.1:${site.mqttPort}`);
});
afterAll(async () => {
  await client?.endAsync();
  await gateway?.stop();
  site?.remove();
});

const station = (identity: string) =>
  new SimulatedStation({
    clock: systemClock(),
    version: "1.6",
    interval: 200,
    dial: () => dialCentral({ url: `ws://127.0.0.1:${ocpp}`, station: identity, version: "1.6" }),
  });

describe("boards that come to the running gateway", () => {
  it("a plug's message is acknowledged when its reading is durable, and is signed", async () => {
    const energy = { Total: 12.345, Power: 61, Voltage: 231, Current: 0.264 };
    await client.publishAsync("tele/laundry/SENSOR", JSON.stringify({ ENERGY: energy }), { qos: 1 });
    const reading = await gateway.until(({ event, device }) => event === "reading" && device === "plug");
    expect(reading).toMatchObject({
      work: "12345",
      values: { energy_import_kwh: 12.345, power_w: 61 },
    });
    await gateway.until(({ event, device }) => event === "attestation" && device === "plug");
  });

  it("a station charges: its session ends in a signed reading, and it takes a limit", async () => {
    const bay = station("CP-0017");
    await bay.start();
    try {
      await gateway.until(({ event, device, state }) => event === "device" && device === "bay-1" && state === "online");
      bay.plug();
      const answers: Record<string, unknown>[] = [];
      const answered = new Promise<Record<string, unknown>>((resolve) => {
        client.on("message", (topic, payload) => {
          if (topic !== "fieldseal/bridge/response/set") return;
          const answer = JSON.parse(payload.toString()) as Record<string, unknown>;
          answers.push(answer);
          if (answer["transaction"] === "t2") resolve(answer);
        });
      });
      await client.subscribeAsync("fieldseal/bridge/response/set", { qos: 1 });
      await client.publishAsync("fieldseal/plug/set", '{"relay":true,"transaction":"t1"}', { qos: 1 });
      await client.publishAsync("fieldseal/bay-1/set", '{"current_limit":10,"transaction":"t2"}', { qos: 1 });
      expect(await answered).toMatchObject({ device: "bay-1", status: "ok", data: { current_limit: 10 } });
      expect(answers.find(({ transaction }) => transaction === "t1")).toMatchObject({
        status: "error",
        code: "FS-DEVICE-CONTROL",
      });
      expect(bay.limit).toBe(10);
      bay.unplug();
      const session = await gateway.until(
        ({ event, device, values }) =>
          event === "reading" && device === "bay-1" && "session_stop_reason" in (values as object),
      );
      expect(session).toMatchObject({ values: { session_grade: expect.any(String) as string } });
    } finally {
      bay.stop();
    }
  });

  it("a station that nobody configured is told, and nothing of it is taken", async () => {
    const stranger = station("CP-9999");
    await stranger.start();
    try {
      const pending = await gateway.until(({ event }) => event === "pending");
      expect(pending).toMatchObject({ station: "CP-9999", from: "127.0.0.1" });
      expect(stranger.accepted).toBe(false);
      expect(gateway.of("reading").some(({ device }) => device === "CP-9999")).toBe(false);
    } finally {
      stranger.stop();
    }
  });
});
