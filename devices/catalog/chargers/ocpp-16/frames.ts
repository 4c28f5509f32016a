import type { RecordedFrame } from "../../../profile.ts";

/**
 *   [2,"3","MeterValues",{…}]       a call: type 2, id, action, payload (OCPP-J 1.6 §4.2.1)
 */
const SESSION = [
  '[2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Preparing"}]',
  '[2,"2","StartTransaction",{"connectorId":1,"idTag":"TAG-1","meterStart":120400,"timestamp":"2026-05-04T10:00:00Z"}]',
  `[2,"3","MeterValues",{"connectorId":1,"transactionId":1,"meterValue":[{"timestamp":"2026-05-04T10:10:00Z","sampledValue":[
    {"value":"121.63","measurand":"Energy.Active.Import.Register","unit":"kWh"},
    {"value":"7360.5","measurand":"Power.Active.Import","unit":"W"},
    {"value":"31.9","measurand":"Current.Import","unit":"A","phase":"L1"},
    {"value":"230.8","measurand":"Voltage","unit":"V","phase":"L1-N"},
    {"value":"57","measurand":"SoC","unit":"Percent","location":"EV"}]}]}]`.replace(/\n\s*/g, ""),
];

const END =
  '[2,"4","StopTransaction",{"transactionId":1,"meterStop":127760,"timestamp":"2026-05-04T11:00:00Z","reason":"EVDisconnected"}]';

export const frames: readonly RecordedFrame[] = [
  {
    what: "a vehicle charges",
    source: "own messages by OCPP 1.6 §6.45, §6.31 and §7.43 SampledValue",
    answer: SESSION.join("\n"),
    expect: {
      energy_import: "1230",
      power: "7360.5",
      current_l1: "31.9",
      voltage_l1: "230.8",
      soc: "57",
      charging_state: "Preparing",
    },
  },
  {
    what: "its session ends",
    source: "own messages by OCPP 1.6 §6.49",
    answer: [...SESSION, END].join("\n"),
    expect: {
      energy_import: "7360",
      session_id: "1",
      session_start: "1777888800",
      session_end: "1777892400",
      session_meter_start: "120400",
      session_meter_stop: "127760",
      session_energy: "7360",
      session_stop_reason: "EVDisconnected",
      session_signature: "none",
      session_grade: "station",
    },
  },
];
