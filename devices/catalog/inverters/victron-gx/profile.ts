import { profile, READINGS } from "../../../profile.ts";
import { gauge, rowsOf, state } from "../../register-rows.ts";

const MANUAL = "Victron CCGX Modbus TCP register list 3.00, com.victronenergy.system";
const unsigned = rowsOf(MANUAL, "holding", { none: [0xffff] });
const signed = rowsOf(MANUAL, "holding", { none: [0x7fff] });

export default profile({
  id: "victron-gx",
  vendor: "Victron Energy",
  model: "GX device, whole system",
  link: "modbus",
  source: MANUAL,
  // The system has no energy register: energy is counted by its grid meter (victron-grid-meter).
  work: READINGS,
  modbus: { unit: 100, maxGap: 0 },
  measurements: [
    gauge(
      "pv_power_ac",
      "W",
      [0, 400_000],
      unsigned(808, "u16", "808 to 813 PV - AC-coupled on output and input", { plus: [809, 810, 811, 812, 813] }),
    ),
    gauge(
      "power_load",
      "W",
      [0, 200_000],
      unsigned(817, "u16", "817 to 819 AC Consumption L1 to L3", { plus: [818, 819] }),
    ),
    gauge("power", "W", [-140_000, 140_000], signed(820, "i16", "820 to 822 Grid L1 to L3", { plus: [821, 822] })),
    gauge("battery_voltage", "V", [0, 1000], unsigned(840, "u16", "840 Battery Voltage (System)"), { scale: -1 }),
    gauge("battery_current", "A", [-3000, 3000], signed(841, "i16", "841 Battery Current (System)"), { scale: -1 }),
    gauge("battery_power", "W", [-32_768, 32_767], signed(842, "i16", "842 Battery Power (System)")),
    gauge("soc", "%EL", [0, 100], unsigned(843, "u16", "843 Battery State of Charge (System)"), { optional: true }),
    state(
      "battery_state",
      unsigned(844, "u16", "844 Battery state (System)", { texts: { 0: "idle", 1: "charging", 2: "discharging" } }),
      { optional: true },
    ),
    gauge("pv_power", "W", [0, 65_535], unsigned(850, "u16", "850 PV - DC-coupled power"), { optional: true }),
    gauge("pv_current", "A", [-3277, 3277], signed(851, "i16", "851 PV - DC-coupled current"), {
      scale: -1,
      optional: true,
    }),
  ],
});
