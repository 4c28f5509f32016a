import type { StationEvent } from "./events.ts";
import type { OcppPayload, OcppVersion } from "./message.ts";

/** What the central system decides about one call. */
export interface AnswerFacts {
  /** ms since 1970. */
  now: number;
  /** Of BootNotification. */
  registration: "Accepted" | "Pending" | "Rejected";
  /** Seconds between heartbeats, or until a pending station asks again. */
  interval: number;
  /** Of authorize, start and stop. */
  authorized: boolean;
  /** 1.6: id given to a started transaction. */
  transactionId?: number;
}

/**
 * Calls that only a station makes and that are acknowledged; others are NotImplemented (1.6 §4, 2.0.1 part 2 §1).
 * DataTransfer has an answer of its own.
 */
const ACKNOWLEDGED: Readonly<Record<OcppVersion, readonly string[]>> = {
  "1.6": [
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "LogStatusNotification",
    "SecurityEventNotification",
    "SignedFirmwareStatusNotification",
  ],
  "2.0.1": [
    "NotifyReport",
    "NotifyEvent",
    "NotifyMonitoringReport",
    "NotifyChargingLimit",
    "NotifyDisplayMessages",
    "NotifyCustomerInformation",
    "ClearedChargingLimit",
    "ReportChargingProfiles",
    "ReservationStatusUpdate",
    "SecurityEventNotification",
    "FirmwareStatusNotification",
    "LogStatusNotification",
    "PublishFirmwareStatusNotification",
  ],
};

/** The answer to a call; undefined when the central system has none (NotImplemented). */
export function stationAnswer(
  version: OcppVersion,
  event: StationEvent,
  action: string,
  facts: AnswerFacts,
): OcppPayload | undefined {
  const currentTime = new Date(facts.now).toISOString();
  const old = version === "1.6";
  const verdict = { status: facts.authorized ? "Accepted" : "Invalid" };
  switch (event.kind) {
    case "boot":
      return { currentTime, interval: facts.interval, status: facts.registration };
    case "heartbeat":
      return { currentTime };
    case "authorize":
      return old ? { idTagInfo: verdict } : { idTokenInfo: verdict };
    case "start":
      if (old) return { transactionId: facts.transactionId ?? 0, idTagInfo: verdict };
      return event.idTag === undefined ? {} : { idTokenInfo: verdict };
    case "stop":
      if (event.idTag === undefined) return {};
      return old ? { idTagInfo: verdict } : { idTokenInfo: verdict };
    case "status":
    case "values":
      return {};
    case "notice":
      if (action === "DataTransfer") return { status: "UnknownVendorId" };
      return ACKNOWLEDGED[version].includes(action) ? {} : undefined;
  }
}
