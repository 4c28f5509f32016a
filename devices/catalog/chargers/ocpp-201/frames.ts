import type { RecordedFrame } from "../../../profile.ts";

const TRANSACTION = "d1f0c7be-0001";

/** A TransactionEvent (OCPP 2.0.1 part 2 TransactionEventRequest) of EVSE 1. */
function event(
  id: number,
  eventType: string,
  triggerReason: string,
  timestamp: string,
  info: object,
  values: object[],
) {
  const payload = {
    eventType,
    timestamp,
    triggerReason,
    seqNo: id - 1,
    transactionInfo: { transactionId: TRANSACTION, ...info },
    evse: { id: 1, connectorId: 1 },
    meterValue: [{ timestamp, sampledValue: values }],
  };
  return JSON.stringify([2, String(id), "TransactionEvent", payload]);
}

const wh = (value: number, context: string) => ({
  value,
  context,
  measurand: "Energy.Active.Import.Register",
  unitOfMeasure: { unit: "Wh" },
});

const SESSION = [
  event(1, "Started", "CablePluggedIn", "2026-05-04T10:00:00Z", {}, [wh(88_012.4, "Transaction.Begin")]),
  event(2, "Updated", "MeterValuePeriodic", "2026-05-04T10:05:00Z", { chargingState: "Charging" }, [
    wh(88_932.9, "Sample.Periodic"),
    // 11.046 kW, as 11046 times ten to the power of -3 in kW.
    { value: 11_046, measurand: "Power.Active.Import", unitOfMeasure: { unit: "kW", multiplier: -3 } },
    { value: 16, measurand: "Current.Import", phase: "L2", unitOfMeasure: { unit: "A" } },
  ]),
];

export const frames: readonly RecordedFrame[] = [
  {
    what: "a vehicle charges",
    source: "own messages by OCPP 2.0.1 part 2 TransactionEventRequest and SampledValueType",
    answer: SESSION.join("\n"),
    expect: { energy_import: "920.5", power: "11046", current_l2: "16" },
  },
  {
    what: "its session ends",
    source: "own messages by OCPP 2.0.1 part 2 TransactionEventRequest and SampledValueType",
    answer: [
      ...SESSION,
      event(3, "Ended", "EVDeparted", "2026-05-04T10:30:00Z", { stoppedReason: "EVDisconnected" }, [
        wh(93_535.4, "Transaction.End"),
      ]),
    ].join("\n"),
    expect: {
      energy_import: "5523",
      session_id: TRANSACTION,
      session_connector: "1",
      session_meter_start: "88012.4",
      session_meter_stop: "93535.4",
      session_energy: "5523",
      session_stop_reason: "EVDisconnected",
    },
  },
];
