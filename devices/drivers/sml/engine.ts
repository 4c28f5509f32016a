import { fromHex, ProtocolError } from "../../../protocols/bytes/index.ts";
import { SmlDecoder, type SmlEvent, type SmlList } from "../../../protocols/sml/index.ts";
import type { Profile } from "../../profile.ts";
import { cosemValues, lintCosem } from "../cosem-values.ts";
import type { Engine } from "../engine.ts";
import { PushDriver, type PushEvent } from "../push-driver.ts";
import { openOwnPort } from "../push-port.ts";

const SILENT = {
  code: "FS-SML-SILENT",
  what: "SML file",
  fix: "check that the optical head sits on the meter's lower diode, the right way up, and reads 9600 8N1",
};
/** Meters push every one to four seconds. */
const SLOWEST = 5000;

const valuesOf = (profile: Profile, lists: readonly SmlList[]) =>
  cosemValues(
    profile,
    lists.flatMap(({ entries }) => entries),
  );

function pushed(profile: Profile, event: SmlEvent): PushEvent {
  if (event.kind === "file") return { kind: "values", read: () => valuesOf(profile, event.lists) };
  const { bytes, error } = event;
  return error ? { kind: "refused", bytes, error } : { kind: "discarded", bytes };
}

/** Meters that push SML files through an optical head. */
export const smlEngine: Engine = {
  link: "sml",
  lint(profile, problem) {
    if (!profile.sml) problem("sml", "is missing");
    lintCosem(profile, problem);
  },
  decodeFrame(profile, { answer }) {
    const [event] = new SmlDecoder().push(fromHex(answer));
    if (event?.kind !== "file") {
      throw (
        (event?.kind === "discarded" && event.error) || new ProtocolError("FS-SML-FILE", "the frame is no SML file")
      );
    }
    return valuesOf(profile, event.lists).values;
  },
  create(host, options, profile) {
    const section = profile.sml!;
    return new PushDriver({
      driver: options,
      profile,
      port: openOwnPort(host, options, section),
      decoder() {
        const decoder = new SmlDecoder();
        return (chunk) => decoder.push(chunk).map((event) => pushed(profile, event));
      },
      every: options.config.every ?? section.every,
      silence: section.silence,
      slowest: SLOWEST,
      partial: false,
      silent: SILENT,
    });
  },
};
