import { ProtocolError } from "../bytes/index.ts";

/** A JSON object as it came; what it must hold is said by the schema of its action. */
export type OcppPayload = Readonly<Record<string, unknown>>;

/** OCPP-J 1.6 §4.2, 2.0.1 part 4 §4.2: a request, its answer, or what stands in place of one. */
export type OcppMessage =
  | { readonly kind: "call"; readonly id: string; readonly action: string; readonly payload: OcppPayload }
  | { readonly kind: "result"; readonly id: string; readonly payload: OcppPayload }
  | { readonly kind: "error"; readonly id: string; readonly code: string; readonly description: string };

export type OcppVersion = "1.6" | "2.0.1";

/** Subprotocols by version, as registered with IANA (OCPP-J 1.6 §3.1.2, 2.0.1 part 4 §3.1.2). */
export const OCPP_SUBPROTOCOLS = { "1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1" } as const;

/** UniqueId (OCPP-J 1.6 §4.1.4, 2.0.1 part 4 §4.1.4). */
const MAX_ID = 36;
/** A name of an action is a letter string; the longest of 2.0.1 has 33 characters. */
const ACTION = /^[A-Za-z0-9]{1,64}$/;
const MAX_TEXT = 65_536;

function bad(why: string, id?: string): ProtocolError {
  return new ProtocolError("FS-OCPP-MESSAGE", `an OCPP message ${why}`, { context: id === undefined ? {} : { id } });
}

function isObject(value: unknown): value is OcppPayload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads one websocket text.
 * @throws ProtocolError FS-OCPP-MESSAGE; `context.id` is the message's id where it has one, so that it can be answered.
 */
export function decodeOcppMessage(text: string): OcppMessage {
  if (text.length > MAX_TEXT) throw bad(`of ${text.length} characters is too long`);
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw bad("is not JSON");
  }
  if (!Array.isArray(message)) throw bad("is not an array");
  const [type, id, ...rest] = message as readonly unknown[];
  if (typeof id !== "string" || id.length === 0 || id.length > MAX_ID)
    throw bad(`has no id of 1 to ${MAX_ID} characters`);
  if (type === 2) return call(id, rest);
  if (type === 3) {
    const [payload] = rest;
    if (rest.length !== 1 || !isObject(payload)) throw bad("of type 3 has no payload", id);
    return { kind: "result", id, payload };
  }
  if (type !== 4) throw bad("is of no known type", id);
  const [code, description = ""] = rest;
  if (typeof code !== "string" || typeof description !== "string") throw bad("of type 4 has no error code", id);
  return { kind: "error", id, code: code.slice(0, 64), description: description.slice(0, 255) };
}

function call(id: string, rest: readonly unknown[]): OcppMessage {
  const [action, payload] = rest;
  if (typeof action !== "string" || !ACTION.test(action)) throw bad("of type 2 has no action", id);
  if (rest.length !== 2 || !isObject(payload)) throw bad("of type 2 has no payload", id);
  return { kind: "call", id, action, payload };
}

/** The websocket text of a message. */
export function encodeOcppMessage(message: OcppMessage): string {
  if (message.kind === "call") return JSON.stringify([2, message.id, message.action, message.payload]);
  if (message.kind === "result") return JSON.stringify([3, message.id, message.payload]);
  return JSON.stringify([4, message.id, message.code, message.description, {}]);
}

/** Error codes that the two versions spell differently (OCPP-J 1.6 §4.2.3, 2.0.1 part 4 §4.3). */
export function ocppErrorCode(
  version: OcppVersion,
  code: "format" | "framework" | "unknown" | "internal" | "busy",
): string {
  const old = version === "1.6";
  switch (code) {
    case "format":
      return old ? "FormationViolation" : "FormatViolation";
    case "framework":
      return old ? "ProtocolError" : "RpcFrameworkError";
    case "unknown":
      return "NotImplemented";
    case "busy":
      return "GenericError";
    case "internal":
      return "InternalError";
  }
}
