import { fromHex, ProtocolError } from "../../../protocols/bytes/index.ts";
import { HanDecoder, type HanEvent } from "../../../protocols/meter/index.ts";
import type { Profile } from "../../profile.ts";
import { cosemValues, lintCosem } from "../cosem-values.ts";
import type { DeviceValue, Engine } from "../engine.ts";
import { PushDriver, type PushEvent } from "../push-driver.ts";
import { openOwnPort } from "../push-port.ts";
import { openerOf } from "./keys.ts";

const SILENT = {
  code: "FS-HAN-SILENT",
  what: "list",
  fix: "check that the grid operator has opened the port, the M-Bus adapter, and the parity: some meters send 8E1",
};
/** Lists with powers come every 2.5 to 10 seconds. */
const SLOWEST = 10_000;

function pushed(profile: Profile, event: HanEvent): PushEvent {
  if (event.kind === "list") return { kind: "values", read: () => cosemValues(profile, event.list.objects) };
  const { bytes, error } = event;
  return error ? { kind: "refused", bytes, error } : { kind: "discarded", bytes };
}

/** Meters with the Nordic customer interface (HAN): DLMS notifications in HDLC frames. */
export const hanEngine: Engine = {
  link: "han",
  lint(profile, problem) {
    if (!profile.han) problem("han", "is missing");
    lintCosem(profile, problem);
  },
  decodeFrame(profile, { answer }) {
    const values = new Map<string, DeviceValue>();
    for (const event of new HanDecoder().push(fromHex(answer))) {
      if (event.kind === "discarded")
        throw event.error ?? new ProtocolError("FS-HAN-LIST", `${event.why} in the frame`);
      for (const [name, value] of cosemValues(profile, event.list.objects).values) values.set(name, value);
    }
    return values;
  },
  create(host, options, profile) {
    const section = profile.han!;
    // One for all connections: a message of an earlier one is refused in a later one too.
    const opener = openerOf(options);
    return new PushDriver({
      driver: options,
      profile,
      port: openOwnPort(host, options, section),
      decoder() {
        const decoder = new HanDecoder({ opener });
        return (chunk) => decoder.push(chunk).map((event) => pushed(profile, event));
      },
      every: options.config.every ?? section.every,
      silence: section.silence,
      slowest: SLOWEST,
      partial: true,
      silent: SILENT,
    });
  },
};
