import { ProtocolError, UsageError } from "../../../protocols/bytes/index.ts";
import type { OcmfPublicKey } from "../../../protocols/ocmf/index.ts";
import { decodeOcppKey, decodeOcppMessage, type OcppVersion, stationEvent } from "../../../protocols/ocpp/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import type { DriverOptions } from "../driver.ts";
import type { DeviceValue, Engine, EngineHost, LintReport } from "../engine.ts";
import { OcppDriver } from "./ocpp-driver.ts";
import { SharedCentral } from "./shared-central.ts";
import { StationModel } from "./station.ts";

function lint(profile: Profile, problem: LintReport): void {
  const { ocpp } = profile;
  if (!ocpp) return void problem("ocpp", "is missing");
  if (ocpp.versions.length === 0) problem("ocpp.versions", "are none");
  if (!(ocpp.connectors >= 1 && ocpp.connectors <= 64)) problem("ocpp.connectors", "must be 1 to 64");
  if (!(ocpp.maxPower > 0)) problem("ocpp.maxPower", "must be above 0");
  const [least, most] = ocpp.current;
  if (!(least >= 0 && most > least)) problem("ocpp.current", "must be two currents, the smaller first");
  for (const key of ["every", "heartbeat", "timeout"] as const) {
    if (!(ocpp[key] >= 1000)) problem(`ocpp.${key}`, "must be at least 1000 ms");
  }
  for (const { name, ocpp: source } of profile.measurements) {
    if (!source) problem(`measurements.${name}.ocpp`, "is missing");
  }
}

/** Calls of one station in their order, one JSON text a line. */
function decodeFrame(profile: Profile, { what, answer }: RecordedFrame): ReadonlyMap<string, DeviceValue> {
  const version: OcppVersion = profile.ocpp!.versions.length === 1 ? profile.ocpp!.versions[0]! : guess(answer);
  const model = new StationModel({ profile, station: "", now: () => 0, nextTransactionId: () => 1 });
  let values = model.values();
  for (const line of answer.split("\n").filter((text) => text.trim() !== "")) {
    const message = decodeOcppMessage(line);
    if (message.kind !== "call") {
      throw new UsageError("FS-DEVICE-FRAME", `${what}: an answer is no frame of a station`);
    }
    values = model.values(model.take(stationEvent(version, message.action, message.payload)));
  }
  return values;
}

/** 2.0.1 tells transactions by TransactionEvent, and stations by chargingStation. */
function guess(answer: string): OcppVersion {
  return /"(?:TransactionEvent|chargingStation|evseId)"/.test(answer) ? "2.0.1" : "1.6";
}

/** The gateway's central system; made by whoever asks first. */
export function sharedCentral(host: EngineHost): SharedCentral {
  return host.shared("ocpp", () => new SharedCentral({ clock: host.clock, ...host.ocpp }));
}

function stationOf({ name, config }: DriverOptions): string {
  if (config.station !== undefined && /^[\x21-\x7e]{1,48}$/.test(config.station)) return config.station;
  throw new UsageError("FS-DEVICE-PORT", `${name} has no station identity`, {
    fix: "add station: with the identity the station dials with, 1 to 48 printable characters",
  });
}

function meterKeyOf(host: EngineHost, station: string): OcmfPublicKey | undefined {
  const text = host.ocpp?.meterKey?.(station);
  if (text === undefined) return undefined;
  try {
    return decodeOcppKey(text);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new UsageError("FS-OCPP-KEY", `the meter key of station ${station} is none: ${cause.message}`, {
      fix: "give the SubjectPublicKeyInfo as hex or base64, as the label or transparency software shows it",
      cause,
    });
  }
}

/** Charging stations that dial in: OCPP 1.6J and 2.0.1. */
export const ocppEngine: Engine = {
  link: "ocpp",
  lint,
  decodeFrame,
  create(host, options, profile) {
    const station = stationOf(options);
    const meterKey = meterKeyOf(host, station);
    const central = sharedCentral(host);
    central.claim(station, options.name);
    return new OcppDriver({ driver: options, profile, station, host: central, meterKey });
  },
};
