import { UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import { RapiDecoder } from "../../../protocols/rapi/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import type { DeviceValue, Engine, LintReport } from "../engine.ts";
import { openOwnPort } from "../push-port.ts";
import { DeliveredEnergy } from "./delivered.ts";
import { polledValues, pollStation } from "./poll.ts";
import { RapiDriver } from "./rapi-driver.ts";

function lint(profile: Profile, problem: LintReport): void {
  const { rapi } = profile;
  if (!rapi) return void problem("rapi", "is missing");
  if (rapi.timeout < 100) problem("rapi.timeout", "is shorter than the firmware takes to answer");
  for (const { name, rapi: value } of profile.measurements) {
    if (!value) problem(`measurements.${name}.rapi`, "is missing");
  }
}

/** Lines `$GS^30 > $OK …`: what is asked, and the answer to it. */
function decodeFrame(profile: Profile, { what, answer }: RecordedFrame): ReadonlyMap<string, DeviceValue> {
  const answers = new Map<string, readonly string[]>();
  for (const line of answer.split("\n")) {
    const [asked = "", said = ""] = line.split(" > ");
    const [event] = new RapiDecoder().push(utf8(`${said}\r`));
    if (event?.kind !== "frame") throw new UsageError("FS-DEVICE-FRAME", `${what}: "${line}" is no exchange`);
    if (event.frame.name === "OK") answers.set(asked.slice(1, 3), event.frame.parameters);
  }
  const questions = pollStation(new DeliveredEnergy());
  let step = questions.next();
  while (!step.done) step = questions.next(answers.get(step.value));
  return polledValues(profile, step.value);
}

/** OpenEVSE charging stations on a serial line. */
export const rapiEngine: Engine = {
  link: "rapi",
  lint,
  decodeFrame,
  create(host, options, profile) {
    return new RapiDriver({ driver: options, profile, port: openOwnPort(host, options, profile.rapi!) });
  },
};
