import { createRequire } from "node:module";
import type { OcppPayload, OcppVersion } from "../../../protocols/ocpp/index.ts";

/** What a schema says against a payload; `unknown` is an action that the version does not have. */
export type SchemaVerdict = { valid: true } | { valid: false; unknown: boolean; why: string };

/** Checks a payload against the official schema of its action: of a call (`req`), or of its answer (`conf`). */
export type ValidatePayload = (
  version: OcppVersion,
  action: string,
  kind: "req" | "conf",
  payload: OcppPayload,
) => SchemaVerdict;

interface SchemaValidator {
  validate(id: string, payload: OcppPayload): boolean;
}

interface ValidatorModule {
  createValidator(name: string, schemas: unknown): SchemaValidator;
}

const FILES: Readonly<Record<OcppVersion, string>> = { "1.6": "ocpp1_6.json", "2.0.1": "ocpp2_0_1.json" };

const validators = new Map<OcppVersion, SchemaValidator>();

/** By version, when first needed: half a megabyte of schemas is not for gateways without a charging station. */
function validatorOf(version: OcppVersion): SchemaValidator {
  const known = validators.get(version);
  if (known) return known;
  const require = createRequire(import.meta.url);
  const { createValidator } = require("ocpp-rpc/lib/validator.js") as ValidatorModule;
  const made = createValidator(version, amended(require(`ocpp-rpc/lib/schemas/${FILES[version]}`) as OcppPayload[]));
  validators.set(version, made);
  return made;
}

/** The unit of Frequency came with a later edition of the schemas of 1.6 than the package carries. */
function amended(schemas: readonly OcppPayload[]): OcppPayload[] {
  return schemas.map((schema) => {
    if (schema.$id !== "urn:MeterValues.req") return schema;
    const text = JSON.stringify(schema);
    return JSON.parse(text.includes('"Hertz"') ? text : text.replace('"Celsius"', '"Celsius","Hertz"')) as OcppPayload;
  });
}

/** Property of ocpp-rpc's errors that tells them apart from others. */
function rpcCode(error: unknown): string | undefined {
  return (error as { rpcErrorCode?: string }).rpcErrorCode;
}

/** The schemas of the Open Charge Alliance as ocpp-rpc carries them. */
export const validatePayload: ValidatePayload = (version, action, kind, payload) => {
  try {
    validatorOf(version).validate(`urn:${action}.${kind}`, payload);
    return { valid: true };
  } catch (error) {
    const code = rpcCode(error);
    if (code === undefined) throw error;
    const { message } = error as Error;
    return { valid: false, unknown: code === "ProtocolError", why: message.slice(0, 200) };
  }
};
