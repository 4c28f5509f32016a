import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "state of a plug",
    source: "composed from the fields of the Zigbee2MQTT documentation, Exposes",
    answer: [
      '{topic} {"child_lock":"UNLOCK","current":0.36,"energy":1834.21,"linkquality":120,"power":69,"power_outage_memory":"restore","state":"ON","update":{"state":"idle"},"voltage":231}',
    ].join("\n"),
    expect: {
      power: "69",
      voltage: "231",
      current: "0.36",
      energy_import: "1834210",
      link_quality: "120",
      relay: "true",
    },
  },
];
