import { describe, expect, it } from "vitest";
import { assertDeviceName, isFilter, isTopic, matchesFilter } from "../../../gateway/broker/topics.ts";

describe("Topic filters", () => {
  // MQTT 3.1.1 §4.7.1 and §4.7.2, the specification's own examples.
  it.each<[string, string, boolean]>([
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
    ["sport/#", "sport", true],
    ["#", "sport/tennis", true],
    ["sport/tennis/+", "sport/tennis/player1", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["#", "$SYS/broker", false],
    ["+/monitor/Clients", "$SYS/monitor/Clients", false],
    ["$SYS/#", "$SYS/broker", true],
    ["$SYS/monitor/+", "$SYS/monitor/Clients", true],
    ["sport", "Sport", false],
    ["a/b", "a/b/c", false],
  ])("%s and %s: %s", (filter, topic, matches) => {
    expect(isFilter(filter)).toBe(true);
    expect(matchesFilter(filter, topic)).toBe(matches);
  });

  it.each([
    "",
    "sport/tennis#",
    "sport/tennis/#/ranking",
    "sport+",
    "a/b+/c",
    "a\u0000b",
    "x".repeat(513),
    "/".repeat(16),
    "\ud800",
  ])("refuses the filter %j", (filter) => expect(isFilter(filter)).toBe(false));

  it("takes topics without wildcards only", () => {
    expect(isTopic("fieldseal/grid-meter")).toBe(true);
    expect(isTopic("häuser/Süd")).toBe(true);
    for (const topic of ["", "a/+/b", "#", "a#", "a\nb", "ä".repeat(257)]) expect(isTopic(topic)).toBe(false);
  });
});

describe("Device names", () => {
  it.each(["grid-meter", "Küche 2", "bay_1", "x".repeat(64)])("takes %j", (name) => {
    expect(() => assertDeviceName(name)).not.toThrow();
  });
  it.each(["", "a/b", "a+", "#", "bridge", "$SYS", " x", "x ", "a\u0007", "x".repeat(65), "ü".repeat(33)])(
    "refuses %j",
    (name) => {
      expect(() => assertDeviceName(name)).toThrow(expect.objectContaining({ code: "FS-MQTT-NAME" }));
    },
  );
});
