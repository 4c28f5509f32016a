import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "telemetry of a plug with 69 W behind it",
    source: "composed from the fields of the Tasmota documentation, Energy Monitoring",
    answer: [
      'tele/{topic}/SENSOR {"Time":"2026-11-22T14:03:20","ENERGY":{"TotalStartTime":"2026-01-01T00:00:00","Total":1834.207,"Yesterday":1.204,"Today":0.613,"Period":5,"Power":69,"ApparentPower":82,"ReactivePower":45,"Factor":0.84,"Voltage":231,"Current":0.357}}',
      "stat/{topic}/POWER ON",
    ].join("\n"),
    expect: {
      power: "69",
      voltage: "231",
      current: "0.357",
      apparent_power: "82",
      reactive_power: "45",
      power_factor: "0.84",
      energy_import: "1834207",
      relay: "true",
    },
  },
];
