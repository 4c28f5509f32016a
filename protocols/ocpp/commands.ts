import type { OcppPayload, OcppVersion } from "./message.ts";

/** What a station is asked to do, the same for both versions. */
export type StationCommand =
  | { do: "start"; connector: number; idTag: string; remoteStartId: number }
  | { do: "stop"; transaction: string }
  | { do: "reset"; how: "soft" | "hard" }
  | { do: "availability"; connector?: number; operative: boolean }
  /** Largest current of the whole station, in A. */
  | { do: "limit"; amperes: number }
  | {
      do: "trigger";
      message: "BootNotification" | "Heartbeat" | "StatusNotification" | "MeterValues";
      connector?: number;
    }
  /** 1.6: configuration keys. 2.0.1: variables as `Component.Variable`. */
  | { do: "get"; keys: readonly string[] }
  | { do: "change"; key: string; value: string };

export interface StationCall {
  action: string;
  payload: OcppPayload;
}

function variable(name: string): { component: { name: string }; variable: { name: string } } {
  const dot = name.indexOf(".");
  const component = dot < 0 ? "OCPPCommCtrlr" : name.slice(0, dot);
  return { component: { name: component }, variable: { name: name.slice(dot + 1) } };
}

function call16(command: StationCommand): StationCall {
  switch (command.do) {
    case "start":
      return {
        action: "RemoteStartTransaction",
        payload: { connectorId: command.connector, idTag: command.idTag },
      };
    case "stop":
      return { action: "RemoteStopTransaction", payload: { transactionId: Number(command.transaction) } };
    case "reset":
      return { action: "Reset", payload: { type: command.how === "hard" ? "Hard" : "Soft" } };
    case "availability":
      return {
        action: "ChangeAvailability",
        payload: { connectorId: command.connector ?? 0, type: command.operative ? "Operative" : "Inoperative" },
      };
    case "limit":
      return {
        action: "SetChargingProfile",
        payload: { connectorId: 0, csChargingProfiles: limit16(command.amperes) },
      };
    case "trigger": {
      const { connector } = command;
      const where = connector === undefined ? {} : { connectorId: connector };
      return { action: "TriggerMessage", payload: { requestedMessage: command.message, ...where } };
    }
    case "get":
      return { action: "GetConfiguration", payload: command.keys.length === 0 ? {} : { key: command.keys } };
    case "change":
      return { action: "ChangeConfiguration", payload: { key: command.key, value: command.value } };
  }
}

/** A limit for the whole station that stays until it is replaced (1.6 §3.13, profile 1 of the lowest stack level). */
function limit16(amperes: number): OcppPayload {
  return {
    chargingProfileId: 1,
    stackLevel: 0,
    chargingProfilePurpose: "ChargePointMaxProfile",
    chargingProfileKind: "Relative",
    chargingSchedule: { chargingRateUnit: "A", chargingSchedulePeriod: [{ startPeriod: 0, limit: amperes }] },
  };
}

function limit201(amperes: number): OcppPayload {
  return {
    id: 1,
    stackLevel: 0,
    chargingProfilePurpose: "ChargingStationMaxProfile",
    chargingProfileKind: "Relative",
    chargingSchedule: [{ id: 1, chargingRateUnit: "A", chargingSchedulePeriod: [{ startPeriod: 0, limit: amperes }] }],
  };
}

function call201(command: StationCommand): StationCall {
  switch (command.do) {
    case "start":
      return {
        action: "RequestStartTransaction",
        payload: {
          evseId: command.connector,
          remoteStartId: command.remoteStartId,
          idToken: { idToken: command.idTag, type: "Central" },
        },
      };
    case "stop":
      return { action: "RequestStopTransaction", payload: { transactionId: command.transaction } };
    case "reset":
      return { action: "Reset", payload: { type: command.how === "hard" ? "Immediate" : "OnIdle" } };
    case "availability": {
      const { connector, operative } = command;
      const where = connector === undefined ? {} : { evse: { id: connector } };
      return {
        action: "ChangeAvailability",
        payload: { operationalStatus: operative ? "Operative" : "Inoperative", ...where },
      };
    }
    case "limit":
      return { action: "SetChargingProfile", payload: { evseId: 0, chargingProfile: limit201(command.amperes) } };
    case "trigger": {
      const where = command.connector === undefined ? {} : { evse: { id: command.connector } };
      return { action: "TriggerMessage", payload: { requestedMessage: command.message, ...where } };
    }
    case "get":
      return { action: "GetVariables", payload: { getVariableData: command.keys.map(variable) } };
    case "change":
      return {
        action: "SetVariables",
        payload: { setVariableData: [{ attributeValue: command.value, ...variable(command.key) }] },
      };
  }
}

/** The call that asks a station for `command`. */
export function stationCall(version: OcppVersion, command: StationCommand): StationCall {
  return version === "1.6" ? call16(command) : call201(command);
}

/** What a station says to a command: it is done, it will be, or it is refused (and how). */
export function commandVerdict(payload: OcppPayload): { accepted: boolean; status: string } {
  const [first] = Array.isArray(payload.setVariableResult) ? (payload.setVariableResult as OcppPayload[]) : [];
  const status = payload.status ?? first?.attributeStatus;
  // Answers without a status (GetConfiguration) are given as such.
  if (typeof status !== "string") return { accepted: true, status: "" };
  return { accepted: ["Accepted", "Scheduled", "RebootRequired"].includes(status), status };
}
