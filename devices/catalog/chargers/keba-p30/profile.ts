import { profile } from "../../../profile.ts";
import { counter, gauge, perPhase, rowsOf, state } from "../../register-rows.ts";

const MANUAL = "KEBA KeContact P30 Modbus TCP programmers guide V1.04, readable and writable registers";
const row = rowsOf(MANUAL, "holding");
const STATES = {
  0: "starting",
  1: "not ready",
  2: "ready",
  3: "charging",
  4: "error",
  5: "suspended",
};

// A socket of 3 x 32 A at up to 276 V is 26.5 kW: 7.4 Wh a second.
export default profile({
  id: "keba-p30",
  vendor: "KEBA",
  model: "KeContact P30",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: {
    unit: 255,
    // A read that takes in a second value is refused.
    maxRegisters: 2,
    maxGap: 0,
    timeout: 2000,
    control: {
      current_limit: {
        table: "holding",
        at: 5004,
        type: "u16",
        unit: "A",
        bounds: [6, 32],
        scale: -3,
        readBack: "none",
        source: `${MANUAL}: 5004 Set charging current, mA`,
      },
      enabled: {
        table: "holding",
        at: 5014,
        type: "bit",
        unit: "",
        readBack: "none",
        source: `${MANUAL}: 5014 Enable or disable the station`,
      },
    },
  },
  measurements: [
    state("charging_state", row(1000, "u32", "1000 Charging state", { texts: STATES })),
    // Bit 2: the cable is at the vehicle, too.
    state("vehicle_connected", row(1004, "u32", "1004 Cable state", { bit: 2 })),
    gauge("error_code", "", [0, 0xffff_ffff], row(1006, "u32", "1006 Error code")),
    ...perPhase((l, n, i) =>
      gauge(`current_${l}`, "A", [0, 40], row(1008 + 2 * i, "u32", `Charging current phase ${n}, mA`), { scale: -3 }),
    ),
    gauge("power", "W", [0, 30_000], row(1020, "u32", "1020 Active power, mW"), { scale: -3 }),
    counter("energy_import", "Wh", 4.3e8, 8, row(1036, "u32", "1036 Total energy, 0.1 Wh"), { scale: -1 }),
    ...perPhase((l, n, i) => gauge(`voltage_${l}`, "V", [0, 500], row(1040 + 2 * i, "u32", `Voltage phase ${n}`))),
    gauge("power_factor", "/", [0, 1], row(1046, "u32", "1046 Power factor, 0.1 %"), { scale: -3 }),
    gauge("current_limit", "A", [0, 64], row(1100, "u32", "1100 Max charging current, mA"), { scale: -3 }),
    gauge("session_energy", "Wh", [0, 4.3e8], row(1502, "u32", "1502 Charged energy, 0.1 Wh"), { scale: -1 }),
  ],
});
