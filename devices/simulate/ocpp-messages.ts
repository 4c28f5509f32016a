import { toBase64, toHex, utf8 } from "../../protocols/bytes/index.ts";
import type { OcppPayload, OcppVersion } from "../../protocols/ocpp/index.ts";

/** A call that a simulated station makes. */
export interface SimulatedCall {
  action: string;
  payload: OcppPayload;
}

/** One connector's meter at a moment. */
export interface MeterMoment {
  /** ms since 1970. */
  at: number;
  /** Register in Wh. */
  wh: number;
  power: number;
  amperes: number;
  volts: number;
  soc: number;
  context: "Transaction.Begin" | "Sample.Periodic" | "Transaction.End";
  /** OCMF record. */
  signed?: { record: string; publicKey: Uint8Array };
}

export interface SimulatedSession {
  connector: number;
  /** Given by the central system (1.6) or by the station (2.0.1). */
  transaction: string;
  idTag: string;
  seqNo: number;
}

const iso = (ms: number) => new Date(ms).toISOString();
const fixed = (value: number, digits: number) => Number(value.toFixed(digits));

/** OCPP 2.0.1 SignedMeterValueType, also inside the text of a 1.6 sample. */
function signedValue({ record, publicKey }: NonNullable<MeterMoment["signed"]>) {
  return {
    signedMeterData: toBase64(utf8(record)),
    signingMethod: "",
    encodingMethod: "OCMF",
    publicKey: toBase64(utf8(`oca:base16:asn1:${toHex(publicKey)}`)),
  };
}

function samples16(m: MeterMoment): OcppPayload[] {
  const { context } = m;
  const all: OcppPayload[] = [
    { value: m.wh.toFixed(1), context, measurand: "Energy.Active.Import.Register", unit: "Wh" },
    { value: m.power.toFixed(1), context, measurand: "Power.Active.Import", unit: "W" },
    { value: m.amperes.toFixed(2), context, measurand: "Current.Import", unit: "A", phase: "L1" },
    { value: m.volts.toFixed(1), context, measurand: "Voltage", unit: "V", phase: "L1-N" },
    { value: m.soc.toFixed(0), context, measurand: "SoC", unit: "Percent", location: "EV" },
  ];
  if (m.signed) all.push({ value: JSON.stringify(signedValue(m.signed)), context, format: "SignedData" });
  return all;
}

function samples201(m: MeterMoment): OcppPayload[] {
  const { context } = m;
  const of = (unit: string) => ({ unitOfMeasure: { unit } });
  return [
    {
      value: fixed(m.wh, 1),
      context,
      measurand: "Energy.Active.Import.Register",
      ...of("Wh"),
      ...(m.signed ? { signedMeterValue: signedValue(m.signed) } : {}),
    },
    { value: fixed(m.power, 1), context, measurand: "Power.Active.Import", ...of("W") },
    { value: fixed(m.amperes, 2), context, measurand: "Current.Import", phase: "L1", ...of("A") },
    { value: fixed(m.volts, 1), context, measurand: "Voltage", phase: "L1-N", ...of("V") },
    { value: fixed(m.soc, 0), context, measurand: "SoC", location: "EV", ...of("Percent") },
  ];
}

const meterValue = (version: OcppVersion, moment: MeterMoment) => [
  { timestamp: iso(moment.at), sampledValue: version === "1.6" ? samples16(moment) : samples201(moment) },
];

export function bootCall(version: OcppVersion): SimulatedCall {
  const serial = "SIM-0001";
  const payload =
    version === "1.6"
      ? { chargePointVendor: "Fieldseal", chargePointModel: "simulated", chargePointSerialNumber: serial }
      : { reason: "PowerUp", chargingStation: { vendorName: "Fieldseal", model: "simulated", serialNumber: serial } };
  return { action: "BootNotification", payload };
}

export function statusCall(version: OcppVersion, connector: number, charging: boolean, at: number): SimulatedCall {
  const payload =
    version === "1.6"
      ? {
          connectorId: connector,
          errorCode: "NoError",
          status: charging ? "Charging" : "Available",
          timestamp: iso(at),
        }
      : {
          evseId: connector,
          connectorId: 1,
          connectorStatus: charging ? "Occupied" : "Available",
          timestamp: iso(at),
        };
  return { action: "StatusNotification", payload };
}

function transactionEvent(
  eventType: string,
  trigger: string,
  session: SimulatedSession,
  moment: MeterMoment,
): SimulatedCall {
  const { transaction, connector, seqNo, idTag } = session;
  const ended = eventType === "Ended" ? { stoppedReason: "EVDisconnected" } : { chargingState: "Charging" };
  return {
    action: "TransactionEvent",
    payload: {
      eventType,
      timestamp: iso(moment.at),
      triggerReason: trigger,
      seqNo,
      transactionInfo: { transactionId: transaction, ...ended },
      evse: { id: connector, connectorId: 1 },
      meterValue: meterValue("2.0.1", moment),
      ...(eventType === "Started" ? { idToken: { idToken: idTag, type: "ISO14443" } } : {}),
    },
  };
}

export function startCall(version: OcppVersion, session: SimulatedSession, moment: MeterMoment): SimulatedCall {
  if (version === "2.0.1") return transactionEvent("Started", "Authorized", session, moment);
  const { connector, idTag } = session;
  const meterStart = Math.floor(moment.wh);
  return {
    action: "StartTransaction",
    payload: { connectorId: connector, idTag, meterStart, timestamp: iso(moment.at) },
  };
}

export function valuesCall(version: OcppVersion, session: SimulatedSession, moment: MeterMoment): SimulatedCall {
  if (version === "2.0.1") return transactionEvent("Updated", "MeterValuePeriodic", session, moment);
  const transactionId = Number(session.transaction);
  return {
    action: "MeterValues",
    payload: { connectorId: session.connector, transactionId, meterValue: meterValue(version, moment) },
  };
}

export function stopCall(version: OcppVersion, session: SimulatedSession, moment: MeterMoment): SimulatedCall {
  if (version === "2.0.1") return transactionEvent("Ended", "EVDeparted", session, moment);
  return {
    action: "StopTransaction",
    payload: {
      transactionId: Number(session.transaction),
      meterStop: Math.floor(moment.wh),
      timestamp: iso(moment.at),
      reason: "EVDisconnected",
      ...(moment.signed ? { transactionData: meterValue(version, moment) } : {}),
    },
  };
}
