import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "an advertisement as the gateway passes it on",
    source: "Ruuvi documentation, data format 5: test vector for valid data; fields around it of Ruuvi Gateway, MQTT",
    answer: [
      '{topic} {"gw_mac":"00:00:00:00:00:00","rssi":-62,"aoa":[],"gwts":"1795356200","ts":"1795356200","data":"0201061BFF99040512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F","coords":""}',
    ].join("\n"),
    expect: {
      temperature: "24.300",
      humidity: "53.4900",
      pressure: "100044",
      battery_voltage: "2.977",
    },
  },
];
