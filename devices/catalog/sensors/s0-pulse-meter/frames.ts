import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "three pulses, active when low",
    source: "EN 62053-31 §4, on port 0, pin 2",
    answer: "900400900000900400900000900400900000900400",
    expect: { energy_import: "3" },
  },
  {
    what: "a pulse that was under way at the start",
    source: "EN 62053-31 §4, on port 0, pin 2",
    answer: "900000900400900000",
    expect: { energy_import: "1" },
  },
];
