import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { validatePayload } from "../../../devices/drivers/ocpp/schemas.ts";
import { decodeOcppMessage, type OcppVersion, stationAnswer, stationEvent } from "../../../protocols/ocpp/index.ts";
import { describeVectors, readVector, vectorPath } from "../../support/vectors.ts";

const require = createRequire(import.meta.url);

const PROSE = new Set(["$id", "id", "$schema", "title", "comment", "$comment", "description", "javaType"]);

/** What a schema says, without prose, the order of members, and what says nothing (members that a text may not have). */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(bare).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  const { type } = value as { type?: unknown };
  const idle = (key: string) =>
    key === "tsEnumNames" || key === "additionalItems" || (key === "additionalProperties" && type === "string");
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !(PROSE.has(key) && typeof member === "string") && !idle(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, bare(member)]),
  );
}

describeVectors("ocpp", "official OCPP schemas and a transcript", () => {
  it.each([
    // Empty lists pass where the newest edition wants one value; a unit that it adds is added where the schemas are used.
    ["1.6", "v16", "ocpp1_6.json", ["MeterValues.json"]],
    // The length of a field that we neither send nor take.
    ["2.0.1", "v201", "ocpp2_0_1.json", ["Get15118EVCertificateResponse.json"]],
  ])("the schemas that are used for %s say what the official ones say", (_, folder, file, known) => {
    const used = require(`ocpp-rpc/lib/schemas/${file}`) as { $id: string }[];
    const names = new Set(used.map(({ $id }) => $id));
    const official = readdirSync(vectorPath(`ocpp/schemas/${folder}`)).filter((name) => name.endsWith(".json"));
    expect(official.length).toBeGreaterThan(50);
    const missing: string[] = [];
    const different: string[] = [];
    for (const name of official) {
      const action = name.replace(/(?:Request|Response)?\.json$/, "");
      const id = `urn:${action}.${name.endsWith("Response.json") ? "conf" : "req"}`;
      if (!names.has(id)) {
        missing.push(name);
        continue;
      }
      const own = bare(used.find(({ $id }) => $id === id));
      const theirs = bare(
        JSON.parse(
          readVector(`ocpp/schemas/${folder}/${name}`)
            .toString("utf8")
            .replace(/^\uFEFF/, ""),
        ),
      );
      if (JSON.stringify(own) !== JSON.stringify(theirs)) different.push(name);
    }
    expect({ missing, different }).toEqual({ missing: [], different: known });
  });

  it("takes a frequency in Hertz, as the newest schema of 1.6 does", () => {
    const sampledValue = [{ value: "49.98", measurand: "Frequency", unit: "Hertz" }];
    const payload = { connectorId: 1, meterValue: [{ timestamp: "2026-01-01T00:00:00Z", sampledValue }] };
    expect(validatePayload("1.6", "MeterValues", "req", payload)).toEqual({ valid: true });
  });

  it("every call of the recorded stations is read, and is valid or refused as the official schema says", () => {
    const lines = readVector("ocpp/transcripts/sap-1.6-2.0.1.log").toString("utf8").split("\n");
    const kinds = new Map<string, number>();
    let calls = 0;
    for (const line of lines) {
      const text = /receive message (\[.*\])$/.exec(line)?.[1];
      if (text === undefined) continue;
      const message = decodeOcppMessage(text);
      if (message.kind !== "call") continue;
      calls++;
      const { action, payload } = message;
      const modern = /"(?:chargingStation|evseId|eventType|connectorStatus)"|"idToken":\{/.test(text);
      const version: OcppVersion = modern ? "2.0.1" : "1.6";
      expect(validatePayload(version, action, "req", payload), text.slice(0, 200)).toEqual({ valid: true });
      const event = stationEvent(version, action, payload);
      kinds.set(event.kind, (kinds.get(event.kind) ?? 0) + 1);
      const facts = { now: 0, registration: "Accepted", interval: 60, authorized: true, transactionId: 1 } as const;
      const answer = stationAnswer(version, event, action, facts);
      expect(validatePayload(version, action, "conf", answer ?? { none: true }), action).toEqual({ valid: true });
    }
    expect(calls).toBeGreaterThan(40);
    expect([...kinds.keys()].sort()).toEqual(["authorize", "boot", "heartbeat", "start", "status", "stop", "values"]);
  });
});
