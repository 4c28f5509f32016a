import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../gateway/config/index.ts";
import { stationOptions } from "../../../gateway/ingest/station-options.ts";
import { brokerOptions } from "../../../gateway/process/broker-options.ts";
import { removeTempDirs, tempDir } from "../../support/keystore.ts";

afterEach(removeTempDirs);

function load(text: string) {
  const folder = tempDir();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "config.yaml");
  writeFileSync(file, `version: 1\n${text}`);
  return loadConfig({ file }).config;
}
const options = (text: string) =>
  stationOptions({ config: load(text), random: (n) => new Uint8Array(n).fill(7), onPending: () => undefined });

const STATION = "devices: { bay: { driver: ocpp/ocpp-16, station: CP/1, password: correct-horse, meter_key: abcd } }\n";

describe("charging stations in the configuration", () => {
  it("are nothing without a section or a station", () => {
    expect(options("")).toBeUndefined();
  });

  it("have their password and their meter's key, and state that survives", () => {
    const first = options(`${STATION}ocpp: { listen: 127.0.0.1:9221, security: 1 }\n`)!;
    expect(first).toMatchObject({ listen: { host: "127.0.0.1", port: 9221 }, security: 1 });
    expect([first.password?.("CP/1"), first.password?.("other"), first.meterKey?.("CP/1")]).toEqual([
      "correct-horse",
      undefined,
      "abcd",
    ]);
    expect(first.state!.load("CP/1")).toBeUndefined();
    first.state!.save("CP/1", '{"a":1}');
    expect(first.state!.load("CP/1")).toBe('{"a":1}');
    expect(first.state!.load("CP-1")).toBeUndefined();
    expect(first.idTagKey).toEqual(new Uint8Array(32).fill(7));
  });

  it("keep one salt for id tags, which nobody else reads", () => {
    const config = load(STATION);
    const made = (byte: number) =>
      stationOptions({ config, random: (n) => new Uint8Array(n).fill(byte), onPending: () => undefined })!.idTagKey;
    expect(made(1)).toEqual(made(2));
    const salt = join(config.gateway.data, "ocpp", "id-tags.salt");
    expect(statSync(salt).mode & 0o777).toBe(0o600);
    expect(readFileSync(salt)).toHaveLength(32);
  });

  it("read certificates from files beside the configuration, and say which one is missing", () => {
    expect(() => options("ocpp: { security: 2, tls: { key: none.pem, cert: none.pem } }\n")).toThrow(
      expect.objectContaining({ code: "FS-OCPP-TLS", message: expect.stringContaining("none.pem") as string }) as Error,
    );
  });

  it.each([
    ["ocpp: { listen: 0.0.0.0:9220 }", "ocpp.security"],
    ["ocpp: { security: 2 }", "ocpp.tls"],
    ["mqtt: { users: { plug: { password: x, device: none } } }", "mqtt.users.plug.device"],
  ])("are refused: %s", (text, path) => {
    expect(() => load(text)).toThrow(
      expect.objectContaining({
        problems: expect.arrayContaining([expect.objectContaining({ path })]) as unknown[],
      }) as Error,
    );
  });

  it("may be let in without a password beyond loopback, when that is said", () => {
    expect(load("ocpp: { listen: 0.0.0.0:9220, insecure: true }").ocpp!.listen.host).toBe("0.0.0.0");
  });
});

describe("boards at the embedded broker", () => {
  it("are acknowledged on their topics when durable, and write those alone", async () => {
    const config = load(
      [
        "mqtt: { users: { plug: { password: secret-plug, device: laundry } } }",
        "devices: { laundry: { driver: mqtt/tasmota-plug, topic: plug7 }, other: { driver: mqtt/tasmota-plug, topic: plug8 } }",
        "",
      ].join("\n"),
    );
    const made = await brokerOptions(config, { user: "gateway", token: "t" });
    expect(made.durable!.boards).toEqual([
      "tele/plug7/SENSOR",
      "stat/plug7/POWER",
      "tele/plug8/SENSOR",
      "stat/plug8/POWER",
    ]);
    expect(made.users).toHaveLength(1);
    expect(made.users![0]).toMatchObject({
      name: "plug",
      topics: { write: expect.arrayContaining(["tele/plug7/SENSOR", "tele/plug7/LWT"]) as string[] },
    });
    expect(JSON.stringify(made.users)).not.toContain("plug8");
    expect(JSON.stringify(made)).not.toContain("secret-plug");
  });
});
