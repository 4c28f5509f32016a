import { EnvironmentError, utf8 } from "../../../protocols/bytes/index.ts";
import { NmeaDecoder, type NmeaEvent } from "../../../protocols/nmea/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import type { Engine, EngineHost, LintReport } from "../engine.ts";
import { PushDriver, type PushEvent } from "../push-driver.ts";
import { openOwnPort } from "../push-port.ts";
import { Epochs, fixValues } from "./values.ts";

function lint(profile: Profile, problem: LintReport): void {
  if (!profile.nmea) problem("nmea", "is missing");
  for (const { name, fix } of profile.measurements) if (!fix) problem(`measurements.${name}.fix`, "is missing");
}

const SILENT = {
  code: "FS-GNSS-SILENT",
  what: "fix",
  fix: "check the cable and the baud rate: 4800 or 9600 on most receivers",
};
/** Nothing says that there is no fix, or one that is none, more often than receivers speak. */
const NO_FIX = new EnvironmentError("FS-GNSS-NOFIX", "the receiver has no position", {
  fix: "give the antenna a view of the sky; a cold start takes minutes",
});

function events(profile: Profile, host: EngineHost, device: string, epochs: Epochs, event: NmeaEvent): PushEvent[] {
  if (event.kind === "discarded") return [event];
  const told = epochs.push(event);
  if (!told) return [];
  const { fix, late } = told;
  if (fix.mode === 1) return [{ kind: "refused", bytes: new Uint8Array(), error: NO_FIX }];
  if (fix.time !== undefined && !late) host.onTime?.({ device, time: fix.time });
  return [{ kind: "values", read: () => fixValues(profile, fix) }];
}

function decodeFrame(profile: Profile, { answer }: RecordedFrame) {
  const epochs = new Epochs();
  let values = new Map() as ReturnType<Engine["decodeFrame"]>;
  for (const event of new NmeaDecoder().push(utf8(answer))) {
    const told = epochs.push(event);
    if (told) values = fixValues(profile, told.fix).values;
  }
  return values;
}

/** GNSS receivers that speak NMEA 0183. */
export const nmeaEngine: Engine = {
  link: "nmea",
  lint,
  decodeFrame,
  create(host, options, profile) {
    const section = profile.nmea!;
    return new PushDriver({
      driver: options,
      profile,
      port: openOwnPort(host, options, section),
      decoder() {
        const decoder = new NmeaDecoder();
        const epochs = new Epochs();
        return (chunk) => decoder.push(chunk).flatMap((event) => events(profile, host, options.name, epochs, event));
      },
      every: options.config.every ?? section.every,
      silence: Math.max(section.silence, 1000),
      slowest: 2_000,
      partial: false,
      silent: SILENT,
    });
  },
};
