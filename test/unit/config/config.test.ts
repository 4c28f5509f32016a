import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ConfigError,
  configJsonSchema,
  loadConfig,
  parseDuration,
  parseListen,
} from "../../../gateway/config/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldseal-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string, name = "config.yaml") => {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

function problems(text: string) {
  const file = write(text);
  try {
    loadConfig({ file });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems.map(({ path, message, line, column }) => ({
      path,
      message,
      at: `${line}:${column}`,
    }));
  }
  return [];
}

describe("configuration", () => {
  it("fills every default and anchors paths at the file", () => {
    const { config, origins } = loadConfig({ file: write("version: 1\n") });
    expect(config.mqtt).toEqual({
      broker: "embedded",
      listen: { host: "127.0.0.1", port: 1883 },
      base_topic: "fieldseal",
      users: {},
    });
    expect(config.batch).toEqual({ every: 900_000, max: 4096 });
    expect(config.gateway.data).toBe(join(folder, "data"));
    expect(config.profiles).toBe(join(folder, "profiles"));
    expect(origins.get("mqtt.base_topic")).toBe("default");
    expect(origins.get("version")).toBe("file");
  });

  it("takes the pulses for a kWh that are printed on a meter", () => {
    const meter = (pulses: number) =>
      `version: 1\ndevices:\n  s0: { driver: firmata/s0-pulse-meter, port: /dev/ttyACM0, pulses_per_kwh: ${pulses} }\n`;
    expect(loadConfig({ file: write(meter(800)) }).config.devices["s0"]!.pulses_per_kwh).toBe(800);
    const { brokenDevices } = loadConfig({ file: write(meter(0)) });
    expect(brokenDevices[0]!.problems.map(({ path }) => path)).toEqual(["devices.s0.pulses_per_kwh"]);
  });

  it("names an unknown key with line, column and what was meant", () => {
    expect(problems("version: 1\nmqtt:\n  basetopic: shed\n")).toEqual([
      { path: "mqtt.basetopic", message: "unknown key, did you mean base_topic?", at: "3:3" },
    ]);
  });

  it("reports every problem, not only the first", () => {
    const found = problems("version: 1\nbatch: { every: soon }\ncoordinater: {}\nlog:\n  level: loud\n");
    expect(found.map(({ path }) => path).sort()).toEqual(["batch.every", "coordinater", "log.level"]);
    expect(found.find(({ path }) => path === "batch.every")!.message).toContain("not a duration");
  });

  it("places malformed YAML and duplicate keys", () => {
    expect(problems("version: 1\nmqtt: [\n")[0]!.at).toMatch(/^\d+:\d+$/);
    expect(problems("version: 1\nversion: 1\n")[0]!.at).toBe("2:1");
    expect(problems("version: 1\nmqtt: &a\n  users: *a\n")[0]!.message).toContain("contains itself");
  });

  it("sets a broken device aside and keeps the rest", () => {
    const file = write(
      "version: 1\ndevices:\n  good: { driver: modbus/eastron-sdm630, port: /dev/ttyUSB0 }\n  bad: { driver: modbus/eastron-sdm630, prot: x }\n  a.b: { driver: p1/dsmr-p1, port: /dev/ttyUSB1 }\n",
    );
    const { config, brokenDevices } = loadConfig({ file });
    expect(Object.keys(config.devices)).toEqual(["good"]);
    expect(brokenDevices.map(({ name }) => name).sort()).toEqual(["a.b", "bad"]);
    expect(brokenDevices.find(({ name }) => name === "bad")!.problems[0]!.message).toContain("did you mean port?");
  });

  it("overrides by environment and flag, flag first", () => {
    const file = write("version: 1\nmqtt: { base_topic: file }\n");
    const env = { FIELDSEAL_MQTT__BASE_TOPIC: "environment", FIELDSEAL_BATCH__EVERY: "10s", FIELDSEAL_REQUIRE: "all" };
    const fromEnvironment = loadConfig({ file, env });
    expect(fromEnvironment.config.mqtt.base_topic).toBe("environment");
    expect(fromEnvironment.config.batch.every).toBe(10_000);
    expect(fromEnvironment.origins.get("mqtt.base_topic")).toBe("environment");
    const fromFlag = loadConfig({ file, env, flags: { "mqtt.base_topic": "flag" } });
    expect(fromFlag.config.mqtt.base_topic).toBe("flag");
    expect(fromFlag.origins.get("mqtt.base_topic")).toBe("flag");
  });

  it("reads secrets from a private file only", () => {
    const file = write("version: 1\nmqtt: { user: shed, password: !secret mqtt_password }\n");
    expect(() => loadConfig({ file })).toThrow(/secrets.yaml/);
    const secrets = write("mqtt_password: hunter2\n", "secrets.yaml");
    expect(loadConfig({ file }).config.mqtt.password).toBe("hunter2");
    chmodSync(secrets, 0o644);
    expect(() => loadConfig({ file })).toThrow(/mode 644/);
  });

  it("refuses to listen beyond loopback without TLS", () => {
    expect(problems("version: 1\nmqtt: { listen: '0.0.0.0:1883' }\n")[0]).toMatchObject({ path: "mqtt.listen" });
  });

  it("refuses a missing file with what to do", () => {
    expect(() => loadConfig({ file: join(folder, "absent.yaml") })).toThrow(
      expect.objectContaining({ code: "FS-CONFIG-MISSING" }),
    );
  });

  it("describes itself as JSON Schema", () => {
    const schema = configJsonSchema() as { properties: Record<string, unknown>; additionalProperties: boolean };
    expect(Object.keys(schema.properties)).toContain("coordinator");
    expect(schema.additionalProperties).toBe(false);
  });
});

describe("text forms", () => {
  it("reads durations", () => {
    expect(["500ms", "10s", "5m", "1.5h", "7d"].map(parseDuration)).toEqual([
      500, 10_000, 300_000, 5_400_000, 604_800_000,
    ]);
    for (const bad of ["", "10", "s", "-1s", "1e3s", "10 s"]) expect(() => parseDuration(bad)).toThrow(/duration/);
  });

  it("reads listen addresses", () => {
    expect(parseListen("127.0.0.1:1883")).toEqual({ host: "127.0.0.1", port: 1883 });
    expect(parseListen("[::1]:80")).toEqual({ host: "::1", port: 80 });
    expect(parseListen("8080")).toEqual({ host: "127.0.0.1", port: 8080 });
    for (const bad of ["host", "1.2.3.4:99999", "a b:1", ""]) expect(() => parseListen(bad)).toThrow(/listen/);
  });
});
