import { ProtocolError } from "../../../protocols/bytes/index.ts";
import { LineDecoder, type LineEvent } from "../../../protocols/text/index.ts";
import type { Profile } from "../../profile.ts";
import type { Engine, LintReport } from "../engine.ts";
import { PushDriver, type PushEvent } from "../push-driver.ts";
import { openOwnPort } from "../push-port.ts";
import { lineValues, TEXT_WIDTHS } from "./values.ts";

const SILENT = {
  code: "FS-TEXT-SILENT",
  what: "line",
  fix: "check the cable, the baud rate, and that the board prints the fields this profile reads",
};

function lint({ text, measurements }: Profile, problem: LintReport): void {
  if (!text) return void problem("text", "is missing");
  for (const { name, text: source } of measurements) {
    const path = `measurements.${name}.text`;
    if (!source) problem(path, "is missing");
    else if ("field" in source) {
      if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(source.field)) problem(`${path}.field`, "is no field name");
    } else if (!(source.at >= 0 && source.at + TEXT_WIDTHS[source.type] <= text.packetBytes)) {
      problem(`${path}.at`, "lies outside the packet");
    }
  }
}

function pushed(profile: Profile, event: LineEvent): PushEvent {
  if (event.kind === "discarded") return event;
  const values = lineValues(profile, event.text);
  return values ? { kind: "values", read: () => values } : { kind: "discarded", bytes: event.bytes };
}

/** Boards that print what they measure, a line at a time: OpenEnergyMonitor's and sketches like them. */
export const textEngine: Engine = {
  link: "text",
  lint,
  decodeFrame(profile, { answer }) {
    const values = lineValues(profile, answer);
    if (!values) throw new ProtocolError("FS-TEXT-LINE", "the line is none of this board's");
    return values.values;
  },
  create(host, options, profile) {
    const section = profile.text!;
    return new PushDriver({
      driver: options,
      profile,
      port: openOwnPort(host, options, section),
      decoder() {
        const decoder = new LineDecoder();
        return (chunk) => decoder.push(chunk).map((event) => pushed(profile, event));
      },
      every: options.config.every ?? section.every,
      silence: section.silence,
      slowest: section.interval,
      partial: false,
      silent: SILENT,
    });
  },
};
