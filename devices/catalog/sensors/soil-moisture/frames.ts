import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "in dry air",
    source: "DFRobot SEN0193 wiki, Calibration range",
    answer: "e00804",
    expect: { soil_moisture: "0" },
  },
  {
    what: "in water",
    source: "DFRobot SEN0193 wiki, Calibration range",
    answer: "e00402",
    expect: { soil_moisture: "100" },
  },
  {
    what: "between wet and very wet",
    source: "DFRobot SEN0193 wiki, Section settings: 350",
    answer: "e05e02",
    expect: { soil_moisture: "65.4" },
  },
];
