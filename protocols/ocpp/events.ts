import type { Decimal } from "../reading/index.ts";
import type { OcppPayload, OcppVersion } from "./message.ts";
import { meterValues16, meterValues201, type OcppMeterValue, ocppDecimal, ocppTime } from "./sample.ts";

/** What a station reports, the same for both versions. `connector` is the connector of 1.6 and the EVSE of 2.0.1. */
export type StationEvent =
  | { kind: "boot"; vendor: string; model: string; serial?: string; firmware?: string }
  | { kind: "heartbeat" }
  | { kind: "authorize"; idTag: string }
  | { kind: "status"; connector: string; status: string; error?: string }
  | StationStart
  | { kind: "values"; connector: string; transaction?: string; values: readonly OcppMeterValue[] }
  | StationStop
  /** Notices without consequence for meter and session: DataTransfer, NotifyReport, … */
  | { kind: "notice"; action: string };

export interface StationStart {
  kind: "start";
  connector: string;
  /** 2.0.1: the station's id. 1.6: absent, the central system gives one. */
  transaction?: string;
  idTag?: string;
  /** ms since 1970 by the station's clock. */
  at?: number;
  /** Wh. */
  meterStart?: Decimal;
  values: readonly OcppMeterValue[];
}

export interface StationStop {
  kind: "stop";
  transaction: string;
  connector?: string;
  idTag?: string;
  at?: number;
  /** Wh. */
  meterStop?: Decimal;
  reason: string;
  values: readonly OcppMeterValue[];
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const key = (value: unknown) => (typeof value === "number" ? String(value) : "0");

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}

function event16(action: string, p: OcppPayload): StationEvent {
  switch (action) {
    case "BootNotification":
      return {
        kind: "boot",
        vendor: text(p.chargePointVendor) ?? "",
        model: text(p.chargePointModel) ?? "",
        ...given({ serial: text(p.chargePointSerialNumber), firmware: text(p.firmwareVersion) }),
      };
    case "Heartbeat":
      return { kind: "heartbeat" };
    case "Authorize":
      return { kind: "authorize", idTag: text(p.idTag) ?? "" };
    case "StatusNotification": {
      const error = text(p.errorCode);
      const status = { kind: "status", connector: key(p.connectorId), status: text(p.status) ?? "" } as const;
      return error === undefined || error === "NoError" ? status : { ...status, error };
    }
    case "StartTransaction":
      return {
        kind: "start",
        connector: key(p.connectorId),
        values: [],
        ...given({ idTag: text(p.idTag), at: ocppTime(p.timestamp), meterStart: ocppDecimal(p.meterStart) }),
      };
    case "MeterValues":
      return {
        kind: "values",
        connector: key(p.connectorId),
        values: meterValues16(p.meterValue),
        ...given({ transaction: typeof p.transactionId === "number" ? String(p.transactionId) : undefined }),
      };
    case "StopTransaction":
      return {
        kind: "stop",
        transaction: key(p.transactionId),
        // 1.6 §6.49: a reason that is left out means Local.
        reason: text(p.reason) ?? "Local",
        values: meterValues16(p.transactionData),
        ...given({ idTag: text(p.idTag), at: ocppTime(p.timestamp), meterStop: ocppDecimal(p.meterStop) }),
      };
    default:
      return { kind: "notice", action };
  }
}

function transactionEvent(p: OcppPayload): StationEvent {
  const info = (p.transactionInfo ?? {}) as OcppPayload;
  const evse = p.evse as OcppPayload | undefined;
  const transaction = text(info.transactionId) ?? "";
  const values = meterValues201(p.meterValue);
  const token = p.idToken as OcppPayload | undefined;
  const common = given({ idTag: text(token?.idToken), at: ocppTime(p.timestamp) });
  if (p.eventType === "Started") {
    return { kind: "start", connector: key(evse?.id), transaction, values, ...common };
  }
  if (p.eventType === "Ended") {
    const reason = text(info.stoppedReason) ?? "Local";
    return {
      kind: "stop",
      transaction,
      reason,
      values,
      ...(evse === undefined ? {} : { connector: key(evse.id) }),
      ...common,
    };
  }
  return { kind: "values", connector: key(evse?.id), transaction, values };
}

function event201(action: string, p: OcppPayload): StationEvent {
  switch (action) {
    case "BootNotification": {
      const station = (p.chargingStation ?? {}) as OcppPayload;
      return {
        kind: "boot",
        vendor: text(station.vendorName) ?? "",
        model: text(station.model) ?? "",
        ...given({ serial: text(station.serialNumber), firmware: text(station.firmwareVersion) }),
      };
    }
    case "Heartbeat":
      return { kind: "heartbeat" };
    case "Authorize":
      return { kind: "authorize", idTag: text((p.idToken as OcppPayload | undefined)?.idToken) ?? "" };
    case "StatusNotification":
      return { kind: "status", connector: key(p.evseId), status: text(p.connectorStatus) ?? "" };
    case "MeterValues":
      return { kind: "values", connector: key(p.evseId), values: meterValues201(p.meterValue) };
    case "TransactionEvent":
      return transactionEvent(p);
    default:
      return { kind: "notice", action };
  }
}

/** What a call means. Its payload has been checked against the schema of its action. */
export function stationEvent(version: OcppVersion, action: string, payload: OcppPayload): StationEvent {
  return version === "1.6" ? event16(action, payload) : event201(action, payload);
}
