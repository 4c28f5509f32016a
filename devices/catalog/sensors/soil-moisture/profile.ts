import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "soil-moisture",
  vendor: "DFRobot",
  model: "SEN0193 capacitive soil moisture sensor (Firmata)",
  link: "firmata",
  source: "DFRobot SEN0193 wiki, Calibration",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "soil_moisture",
      unit: "/100",
      kind: "gauge",
      bounds: [0, 100],
      source: "DFRobot SEN0193 wiki, Calibration: 520 in dry air, 260 in water",
      firmata: {
        analog: 0,
        points: [
          [260, 100],
          [520, 0],
        ],
        decimals: 1,
      },
    },
  ],
});
