import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "door-contact",
  vendor: "any",
  model: "reed contact of a door or window (Firmata)",
  link: "firmata",
  source: "Arduino language reference, INPUT_PULLUP",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "door_open",
      unit: "",
      kind: "state",
      bounds: [0, 1],
      source: "Arduino language reference, INPUT_PULLUP: high while the contact is open",
      firmata: { digital: 2, pullup: true },
    },
  ],
});
