import { describe, expect, it } from "vitest";
import {
  type Capability,
  capabilitiesOf,
  catalog,
  commandsOf,
  DeviceKind,
  driverId,
  findDriver,
  usualInterval,
  workTerms,
} from "../../../devices/index.ts";
import { profileDigest } from "../../../gateway/ingest/enrolment.ts";
import { toHex } from "../../../protocols/bytes/index.ts";

const kinds = (driver: string) => capabilitiesOf(findDriver(driver)).map(({ kind }) => kind);
const one = <K extends Capability["kind"]>(driver: string, kind: K) =>
  capabilitiesOf(findDriver(driver)).find((each): each is Extract<Capability, { kind: K }> => each.kind === kind)!;
const terms = (driver: string, every?: number) => {
  const profile = findDriver(driver);
  return workTerms(profile, every ?? usualInterval(profile));
};

describe("what a device is to a builder", () => {
  it.each([
    ["modbus/eastron-sdm630", ["energy-meter"]],
    ["p1/dsmr-p1", ["energy-meter"]],
    ["mqtt/tasmota-plug", ["energy-meter"]],
    ["firmata/s0-pulse-meter", ["energy-meter"]],
    ["text/openenergymonitor-emontx-cm", ["energy-meter"]],
    ["modbus/goodwe-dt", ["inverter"]],
    ["modbus/goodwe-et", ["energy-meter", "inverter"]],
    ["firmata/bme280", ["sensor"]],
    ["sunspec/fronius", ["inverter"]],
    ["sunspec/sunspec-storage", ["storage"]],
    ["modbus/victron-gx", ["storage"]],
    ["mbus/mbus-heat-meter", ["heat-meter"]],
    ["ocpp/generic", ["charging-station"]],
    ["rapi/openevse", ["charging-station"]],
    ["modbus/keba-p30", ["charging-station"]],
    ["nmea/nmea-gnss", ["positioned"]],
    ["obd/obd2-odometer", ["vehicle"]],
    ["mqtt/ruuvi-mqtt", ["sensor"]],
  ])("%s", (driver, expected) => {
    expect(kinds(driver)).toEqual(expected);
  });

  it("names measurements that the model has, and nothing else", () => {
    for (const profile of catalog) {
      const names = profile.measurements.map(({ name }) => name);
      const found = capabilitiesOf(profile);
      expect(found.length, driverId(profile)).toBeGreaterThan(0);
      for (const { kind, ...roles } of found) {
        const named = Object.entries(roles).filter(([role, value]) => typeof value === "string" && role !== "kind");
        for (const [role, name] of named) expect(names, `${driverId(profile)} ${kind}.${role}`).toContain(name);
      }
    }
  });

  it("says what a station is told, and what of a sensor is only about itself", () => {
    expect(one("ocpp/generic", "charging-station").commands).toContain("current_limit");
    expect(one("rapi/openevse", "charging-station").commands).toContain("enabled");
    expect(commandsOf(findDriver("modbus/keba-p30"))).toContain("current_limit");
    expect(commandsOf(findDriver("modbus/eastron-sdm120"))).toEqual([]);
    expect(one("mqtt/ruuvi-mqtt", "sensor").measures).toEqual(["temperature", "humidity", "pressure"]);
  });
});

describe("what a device is registered with", () => {
  it("binds each model's profile by a digest of its own, 64-bit integers and all", () => {
    const digests = catalog.map((profile) => toHex(profileDigest(profile)));
    expect(new Set(digests).size).toBe(catalog.length);
    expect(digests.every((digest) => digest.length === 64)).toBe(true);
  });

  it.each([
    ["modbus/eastron-sdm630", DeviceKind.energy],
    ["sunspec/fronius", DeviceKind.production],
    ["modbus/goodwe-et", DeviceKind.production],
    ["ocpp/ocpp-16", DeviceKind.charging],
    ["mqtt/go-e", DeviceKind.charging],
    ["obd/obd2-odometer", DeviceKind.distance],
    ["nmea/nmea-gnss", DeviceKind.readings],
    ["mbus/mbus-heat-meter", DeviceKind.heat],
    ["text/openenergymonitor-emontx-cm", DeviceKind.energy],
  ])("%s is of its kind", (driver, kind) => {
    expect(terms(driver).kind).toBe(kind);
  });

  it("grants in an hour what bounds and step allow, and never less than the step", () => {
    expect(terms("modbus/eastron-sdm630").cap).toBe(90_000n);
    // 4 Wh a second are more than the 12 kW of its bounds.
    expect(terms("modbus/eastron-sdm120").cap).toBe(14_400n);
    expect(terms("text/openenergymonitor-emontx-cm").cap).toBe(30_000n);
    // 112 m/s.
    expect(terms("obd/obd2-odometer").cap).toBe(403_200n);
    for (const profile of catalog) {
      const { cap } = workTerms(profile, usualInterval(profile));
      const step = profile.measurements.find(({ name }) => name === profile.work)?.step ?? 0;
      expect(cap, driverId(profile)).toBeGreaterThanOrEqual(BigInt(Math.ceil(step * 3600)));
      expect(cap).toBeGreaterThan(0n);
      expect(cap).toBeLessThan(2n ** 48n);
    }
  });

  it("grants twice the readings that are taken", () => {
    expect(terms("nmea/nmea-gnss", 10_000).cap).toBe(720n);
    expect(terms("nmea/nmea-gnss", 7_000).cap).toBe(1030n);
    expect(terms("nmea/nmea-gnss", 86_400_000).cap).toBe(2n);
  });
});
