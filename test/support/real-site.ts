import { type P1Player, playTelegram } from "./p1-player.ts";
import { type PtyPair, ptyPair } from "./pty-pair.ts";
import { type PymodbusSlave, pymodbusSlave } from "./pymodbus.ts";
import type { Site } from "./site.ts";
import { readVector } from "./vectors.ts";

/** Input registers of an SDM630 as its manual numbers them (zero-based), with what an independent server serves there. */
export const REGISTERS = {
  0: 231.2,
  2: 232.1,
  4: 230.6,
  6: 2.75,
  8: 2.5,
  10: 2.875,
  12: 611.5,
  14: 560.25,
  16: 662.45,
  52: 1834.2,
  56: 1880.5,
  60: -120.25,
  62: 0.975,
  70: 50,
  72: 10_211.482,
  74: 88.5,
  342: 10_299.982,
};

/** The same under the names and units that people read. */
export const METER_JSON = {
  voltage_l1_v: 231.2,
  voltage_l2_v: 232.1,
  voltage_l3_v: 230.6,
  current_l1_a: 2.75,
  current_l2_a: 2.5,
  current_l3_a: 2.875,
  power_l1_w: 611.5,
  power_l2_w: 560.25,
  power_l3_w: 662.45,
  power_w: 1834.2,
  apparent_power_va: 1880.5,
  reactive_power_var: -120.25,
  power_factor: 0.975,
  frequency_hz: 50,
  energy_import_kwh: 10_211.482,
  energy_export_kwh: 88.5,
  energy_total_kwh: 10_299.982,
};

/** What stands in the telegram `dsmr/TELEGRAM_V5.txt` of a real meter, read by eye. */
export const TELEGRAM_JSON = {
  power_w: 244,
  power_import_w: 244,
  power_export_w: 0,
  energy_import_kwh: 6.825,
  gas_volume_m3: 0.107,
  energy_export_kwh: 2.444,
  energy_import_t1_kwh: 4.426,
  energy_import_t2_kwh: 2.399,
  energy_export_t1_kwh: 2.444,
  energy_export_t2_kwh: 0,
  voltage_l1_v: 230,
  voltage_l2_v: 230,
  voltage_l3_v: 229,
  current_l1_a: 0.48,
  current_l2_a: 0.44,
  current_l3_a: 0.86,
  power_import_l1_w: 70,
  power_import_l2_w: 32,
  power_import_l3_w: 142,
  power_export_l1_w: 0,
  power_export_l2_w: 0,
  power_export_l3_w: 0,
};

/** Two meters on serial lines: python3-pymodbus as a Modbus RTU slave, and a replayed P1 telegram. */
export class RealMeters {
  readonly #parts: { pairs: PtyPair[]; slave: PymodbusSlave; player: P1Player };
  /** Serial ports to read them on. */
  readonly modbus: string;
  readonly p1: string;

  private constructor(pairs: [PtyPair, PtyPair], slave: PymodbusSlave, player: P1Player) {
    this.#parts = { pairs, slave, player };
    this.modbus = pairs[0].b;
    this.p1 = pairs[1].b;
  }

  static async start(): Promise<RealMeters> {
    const pairs: [PtyPair, PtyPair] = [await ptyPair(), await ptyPair()];
    const slave = await pymodbusSlave(REGISTERS, ["rtu", pairs[0].a, "9600"]);
    return new RealMeters(pairs, slave, playTelegram(pairs[1].a, readVector("dsmr/TELEGRAM_V5.txt")));
  }

  /** `fieldseal devices add`, twice. */
  async addTo(site: Site): Promise<void> {
    const sdm = ["--driver", "modbus/eastron-sdm630", "--port", this.modbus, "--unit", "1", "--every", "1s"];
    await site.json(["devices", "add", "grid-meter", ...sdm]);
    await site.json(["devices", "add", "house-meter", "--driver", "p1/dsmr-p1", "--port", this.p1, "--every", "1s"]);
  }

  async end(): Promise<void> {
    const { pairs, slave, player } = this.#parts;
    await player.end();
    await slave.end();
    for (const pair of pairs) await pair.end();
  }
}
