import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "closed",
    source: "Firmata protocol.md, Data Message Expansion: port 0, pin 2 low",
    answer: "900000",
    expect: { door_open: "false" },
  },
  {
    what: "opened",
    source: "Firmata protocol.md, Data Message Expansion: port 0, pin 2 high",
    answer: "900000900400",
    expect: { door_open: "true" },
  },
];
