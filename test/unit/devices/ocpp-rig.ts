import { generateKeyPairSync, sign } from "node:crypto";
import type { AdmissionRequest } from "../../../devices/drivers/ocpp/admission.ts";
import { memorySockets } from "../../../devices/drivers/ocpp/socket.ts";
import {
  type DeviceConfig,
  type DeviceReading,
  type DeviceState,
  type Driver,
  DriverHost,
  type OcppOptions,
  SharedCentral,
} from "../../../devices/index.ts";
import {
  type MeterSigner,
  SimulatedStation,
  type SimulatedStationOptions,
} from "../../../devices/simulate/ocpp-station.ts";
import { type ManualClock, manualClock } from "../../../firmware-bridge/port/index.ts";
import { toHex } from "../../../protocols/bytes/index.ts";
import { OCPP_SUBPROTOCOLS, type OcppVersion } from "../../../protocols/ocpp/index.ts";

export type Sockets = ReturnType<typeof memorySockets>;

export interface OcppRig {
  clock: ManualClock;
  shared: SharedCentral;
  host: DriverHost;
  readings: DeviceReading[];
  states: DeviceState[];
  /** What the gateway keeps for its stations. */
  kept: Map<string, string>;
  driver(config?: DeviceConfig, last?: { work: bigint; time: number }, model?: string): Driver;
  request(version: OcppVersion, more?: Partial<AdmissionRequest>): AdmissionRequest;
  /** A websocket's two ends, or the status of the refusal. */
  dial(version: OcppVersion, more?: Partial<AdmissionRequest>): Promise<Sockets | number>;
  station(version: OcppVersion, more?: Partial<SimulatedStationOptions>): SimulatedStation;
}

export const STATION = "CP-0017";

/** A central system and stations at the two ends of memory sockets, in manual time. */
export function ocppRig(options: OcppOptions = {}, kept = new Map<string, string>(), start?: number): OcppRig {
  const clock = manualClock(start);
  const state = {
    load: (station: string) => kept.get(station),
    save: (station: string, text: string) => void kept.set(station, text),
  };
  const ocpp: OcppOptions = { state, ...options };
  const host = new DriverHost({ clock, ocpp });
  const shared = new SharedCentral({
    clock,
    ...ocpp,
    open: async (central) => ({ port: 9220, stop: async () => central.closeAll() }),
  });
  host.shared("ocpp", () => shared);
  const readings: DeviceReading[] = [];
  const states: DeviceState[] = [];
  const request = (version: OcppVersion, more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
    path: `/${STATION}`,
    protocols: [OCPP_SUBPROTOCOLS[version]],
    authorization: undefined,
    certificateName: undefined,
    from: "192.0.2.7",
    ...more,
  });
  const dial = async (version: OcppVersion, more: Partial<AdmissionRequest> = {}) => {
    const decision = await shared.central.admit(request(version, more));
    if ("status" in decision) return decision.status;
    const sockets = memorySockets();
    decision.accept(sockets.near);
    return sockets;
  };
  return {
    clock,
    shared,
    host,
    readings,
    states,
    kept,
    request,
    dial,
    driver: (config = {}, last, model = "ocpp/generic") =>
      host.create({
        name: "bay-1",
        driver: model,
        config: { station: STATION, every: 10_000, ...config },
        clock,
        onReading: (reading) => readings.push(reading),
        onState: (next) => states.push(next),
        ...(last ? { last } : {}),
      }),
    station: (version, more = {}) =>
      new SimulatedStation({
        clock,
        version,
        dial: async () => {
          const sockets = await dial(version);
          if (typeof sockets === "number") throw new Error(`HTTP ${sockets}`);
          return sockets.far;
        },
        ...more,
      }),
  };
}

/** Values of a reading by name; numbers as text. */
export function valuesOf({ reading }: DeviceReading): Record<string, string> {
  return Object.fromEntries(reading.measurements.map(({ name, value }) => [name, String(value)]));
}

/** The readings that end sessions. */
export const sessionsOf = (readings: readonly DeviceReading[]) =>
  readings.map(valuesOf).filter((values) => "session_id" in values);

/** A meter with a key of its own. */
export function testMeter(): MeterSigner & { key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  return {
    publicKey: spki,
    key: toHex(spki),
    sign: (payload) => sign("sha256", Buffer.from(payload), privateKey).toString("hex"),
  };
}
