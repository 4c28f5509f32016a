import { describe, expect, it } from "vitest";
import { validatePayload } from "../../../devices/drivers/ocpp/schemas.ts";
import { toBase64, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import {
  commandVerdict,
  decodeOcppMessage,
  decodeSignedRecord,
  encodeOcppMessage,
  meterValues16,
  meterValues201,
  type OcppVersion,
  ocppDecimal,
  type StationCommand,
  signedValue16,
  stationAnswer,
  stationCall,
  stationEvent,
} from "../../../protocols/ocpp/index.ts";

const VERSIONS: readonly OcppVersion[] = ["1.6", "2.0.1"];

describe("messages", () => {
  it("are read as OCPP-J §4.2 has them, and written the same", () => {
    for (const text of ['[2,"19","Heartbeat",{}]', '[3,"19",{"a":1}]', '[4,"19","GenericError","why",{}]']) {
      expect(encodeOcppMessage(decodeOcppMessage(text))).toBe(text);
    }
    expect(decodeOcppMessage('[4,"1","GenericError"]')).toMatchObject({ code: "GenericError", description: "" });
  });

  it("that are none tell their id where they have one", () => {
    const refused = (text: string) => {
      try {
        decodeOcppMessage(text);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(refused("[2,")).toMatchObject({ code: "FS-OCPP-MESSAGE", context: {} });
    expect(refused('[2,"7","A"]')).toMatchObject({ context: { id: "7" } });
    expect(refused('[3,"7",null]')).toMatchObject({ context: { id: "7" } });
    expect(refused(`"${"x".repeat(70_000)}"`)).toMatchObject({ code: "FS-OCPP-MESSAGE" });
  });
});

describe("values", () => {
  it("keep their digits", () => {
    expect(String(ocppDecimal("0012.340"))).toBe("12.340");
    expect(String(ocppDecimal(" +.5 "))).toBe("0.5");
    expect(String(ocppDecimal("12."))).toBe("12");
    expect(String(ocppDecimal(12_345.678))).toBe("12345.678");
    expect(String(ocppDecimal(1e21))).toBe("1e21");
    for (const none of ["", ".", "-", "1,5", "0x1", "NaN", "1e9999", "9".repeat(50), null, undefined, {}]) {
      expect(ocppDecimal(none), String(none)).toBeUndefined();
    }
  });

  it("are in base units, whatever prefix or multiplier they came with", () => {
    const old = [{ timestamp: "2026-01-01T00:00:00Z", sampledValue: [{ value: "1.5", unit: "kWh" }, { value: "x" }] }];
    const [first] = meterValues16(old);
    expect(first).toMatchObject({ malformed: 1, at: Date.UTC(2026, 0, 1) });
    expect(first!.samples).toMatchObject([
      { measurand: "Energy.Active.Import.Register", unit: "Wh", location: "Outlet" },
    ]);
    expect(first!.samples[0]!.value.toNumber()).toBe(1500);
    const [second] = meterValues201([
      {
        timestamp: "2026-01-01T00:00:00Z",
        sampledValue: [{ value: 15, unitOfMeasure: { unit: "kWh", multiplier: -1 } }],
      },
    ]);
    expect(second!.samples[0]!.value.toNumber()).toBe(1500);
    expect(
      meterValues201([{ timestamp: "?", sampledValue: [{ value: 1, unitOfMeasure: { multiplier: 99 } }] }]),
    ).toMatchObject([{ malformed: 2, samples: [] }]);
  });

  it("that are signed come as text, hex, base64 or an object", () => {
    const record = 'OCMF|{"PG":"T1","RD":[{"TM":"2018-07-24T13:22:04,000+0200 S","RV":1}]}|{"SD":"00"}';
    const object = JSON.stringify({ signedMeterData: toBase64(utf8(record)), encodingMethod: "OCMF", publicKey: "k" });
    for (const value of [record, toHex(utf8(record)), toBase64(utf8(record)), object]) {
      expect(signedValue16(value, "Transaction.End")).toMatchObject({ record, encoding: "OCMF" });
    }
    expect(decodeSignedRecord(signedValue16(record, "")).page.number).toBe(1n);
    for (const value of ["", "{", "{}", "EDL40", "00ff", `OCMF|${"x".repeat(40_000)}`]) {
      expect(signedValue16(value, ""), value.slice(0, 10)).not.toHaveProperty("record");
      expect(() => decodeSignedRecord(signedValue16(value, ""))).toThrow(
        expect.objectContaining({ code: "FS-OCPP-SIGNED" }) as Error,
      );
    }
  });
});

describe.each(VERSIONS)("what we say in %s", (version) => {
  const COMMANDS: readonly StationCommand[] = [
    { do: "start", connector: 1, idTag: "TAG", remoteStartId: 1 },
    { do: "stop", transaction: "17" },
    { do: "reset", how: "soft" },
    { do: "reset", how: "hard" },
    { do: "availability", operative: true },
    { do: "availability", connector: 2, operative: false },
    { do: "limit", amperes: 13.5 },
    { do: "trigger", message: "MeterValues", connector: 1 },
    { do: "trigger", message: "BootNotification" },
    { do: "get", keys: ["HeartbeatInterval"] },
    { do: "change", key: "OCPPCommCtrlr.HeartbeatInterval", value: "60" },
  ];

  it("fits the official schemas: calls", () => {
    for (const command of COMMANDS) {
      const { action, payload } = stationCall(version, command);
      expect(validatePayload(version, action, "req", payload), action).toEqual({ valid: true });
    }
  });

  it("fits the official schemas: answers", () => {
    const start = { transactionId: "t" };
    const calls: readonly (readonly [string, Record<string, unknown>])[] = [
      ["BootNotification", {}],
      ["Heartbeat", {}],
      ["Authorize", { idTag: "T", idToken: { idToken: "T" } }],
      ["StatusNotification", {}],
      ["MeterValues", {}],
      ["DataTransfer", {}],
      ["FirmwareStatusNotification", {}],
      ...(version === "1.6"
        ? ([
            ["StartTransaction", { idTag: "T" }],
            ["StopTransaction", { idTag: "T" }],
            ["StopTransaction", {}],
            ["DiagnosticsStatusNotification", {}],
          ] as const)
        : ([
            ["TransactionEvent", { eventType: "Started", transactionInfo: start, idToken: { idToken: "T" } }],
            ["TransactionEvent", { eventType: "Updated", transactionInfo: start }],
            ["TransactionEvent", { eventType: "Ended", transactionInfo: start }],
            ["NotifyReport", {}],
            ["NotifyEvent", {}],
            ["SecurityEventNotification", {}],
          ] as const)),
    ];
    for (const [action, payload] of calls) {
      for (const registration of ["Accepted", "Pending", "Rejected"] as const) {
        const facts = { now: 0, registration, interval: 60, authorized: registration === "Accepted", transactionId: 5 };
        const answer = stationAnswer(version, stationEvent(version, action, payload), action, facts);
        expect(answer, action).toBeDefined();
        expect(validatePayload(version, action, "conf", answer!), action).toEqual({ valid: true });
      }
    }
  });

  it("has no answer to what only a central system asks", () => {
    for (const action of ["Reset", "TriggerMessage", "GetLocalListVersion"]) {
      const event = stationEvent(version, action, {});
      const facts = { now: 0, registration: "Accepted", interval: 60, authorized: true } as const;
      expect(stationAnswer(version, event, action, facts)).toBeUndefined();
    }
  });

  it("knows consent from refusal", () => {
    expect(commandVerdict({ status: "Accepted" }).accepted).toBe(true);
    expect(commandVerdict({ status: "Scheduled" }).accepted).toBe(true);
    expect(commandVerdict({ status: "Rejected" })).toEqual({ accepted: false, status: "Rejected" });
    expect(commandVerdict({ setVariableResult: [{ attributeStatus: "UnknownVariable" }] }).accepted).toBe(false);
  });
});
