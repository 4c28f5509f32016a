import { ProtocolError } from "../../../protocols/bytes/index.ts";
import { decodeAnswers, decodeElmAnswer, decodeVin, signalValue } from "../../../protocols/obd/index.ts";
import { exactNumber } from "../../numbers.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import type { DeviceValue, Engine, LintReport } from "../engine.ts";
import { openOwnPort } from "../push-port.ts";
import { ObdDriver } from "./obd-driver.ts";

function lint(profile: Profile, problem: LintReport): void {
  if (!profile.obd) problem("obd", "is missing");
  for (const { name, obd } of profile.measurements) {
    const path = `measurements.${name}.obd`;
    if (!obd) {
      if (name !== "vin") problem(path, "is missing");
      continue;
    }
    if (obd.pid < 0 || obd.pid > (obd.service === 1 ? 0xff : 0xffff)) problem(`${path}.pid`, "is out of range");
    if (obd.length < 1 || obd.length > 32) problem(`${path}.length`, "must be 1 to 32 bits");
  }
}

/** `request` is the command as text (`010D`), `answer` the adapter's lines. */
function decodeFrame(
  profile: Profile,
  { request = "", answer, what }: RecordedFrame,
): ReadonlyMap<string, DeviceValue> {
  const service = Number.parseInt(request.slice(0, 2), 16);
  const pid = Number.parseInt(request.slice(2), 16);
  const { answers } = decodeAnswers({ service, pid }, decodeElmAnswer(answer, request).lines);
  const [first] = answers;
  if (!first) throw new ProtocolError("FS-DEVICE-FRAME", `${what}: no answer to ${request}`);
  if (service === 9) return new Map([["vin", decodeVin(first.data)]]);
  const values = new Map<string, DeviceValue>();
  for (const { name, obd } of profile.measurements) {
    if (obd?.service !== service || obd.pid !== pid) continue;
    const value = signalValue(obd, first.data);
    values.set(name, typeof value === "string" ? value : exactNumber(value));
  }
  return values;
}

/** Cars behind an ELM327 adapter on a serial line, Bluetooth serial, or TCP. */
export const obdEngine: Engine = {
  link: "obd",
  lint,
  decodeFrame,
  create(host, options, profile) {
    const { baudRate } = profile.obd!;
    const port = openOwnPort(host, options, { baudRate, dataBits: 8, parity: "none", stopBits: 1 });
    return new ObdDriver({ driver: options, profile, port });
  },
};
