import { createHash, timingSafeEqual } from "node:crypto";
import { OCPP_SUBPROTOCOLS, type OcppVersion } from "../../../protocols/ocpp/index.ts";

/** Who asks to be let in, as the websocket's handshake tells. */
export interface AdmissionRequest {
  /** Path of the request. */
  path: string;
  protocols: readonly string[];
  /** The Authorization header. */
  authorization: string | undefined;
  /** Common name of the client's certificate, checked by TLS. */
  certificateName: string | undefined;
  /** Network address. */
  from: string;
}

/** An HTTP answer that lets nobody in. */
export interface Refusal {
  status: 400 | 401 | 403 | 404 | 409 | 429 | 503;
  why: string;
}

export const refusal = (status: Refusal["status"], why: string): Refusal => ({ status, why });

/** Identity in the last part of the path (OCPP-J 1.6 §3.1.1): at most 48 printable characters, none that a file name lacks. */
export function stationIdentity(path: string): string | undefined {
  const last = path.split("?")[0]!.split("/").at(-1)!;
  let identity: string;
  try {
    identity = decodeURIComponent(last);
  } catch {
    return undefined;
  }
  return /^[\x21-\x7e]{1,48}$/.test(identity) ? identity : undefined;
}

/** The first of `versions` that the station offers; it must offer one (OCPP-J 1.6 §3.1.2). */
export function chooseVersion(versions: readonly OcppVersion[], protocols: readonly string[]): OcppVersion | undefined {
  return versions.find((version) => protocols.includes(OCPP_SUBPROTOCOLS[version]));
}

/** The password of HTTP basic authentication whose user is the identity itself, colons and all. */
function passwordOf(authorization: string | undefined, identity: string): Buffer | undefined {
  const match = /^Basic ([A-Za-z0-9+/_-]{1,512}={0,2})$/i.exec(authorization ?? "");
  if (!match) return undefined;
  const bytes = Buffer.from(match[1]!, "base64");
  const user = Buffer.from(`${identity}:`);
  return bytes.subarray(0, user.length).equals(user) ? bytes.subarray(user.length) : undefined;
}

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest();

/** Compares in the same time whatever the difference is. */
export function passwordFits(authorization: string | undefined, identity: string, expected: string): boolean {
  const given = passwordOf(authorization, identity);
  return given !== undefined && timingSafeEqual(digest(given), digest(Buffer.from(expected)));
}
