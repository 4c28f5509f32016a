import { fromHex, ProtocolError } from "../../../protocols/bytes/index.ts";
import { FirmataDecoder, parseFirmata } from "../../../protocols/firmata/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import { withPulseConstant } from "../../pulse-constant.ts";
import type { DeviceValue, Engine } from "../engine.ts";
import { openOwnPort } from "../push-port.ts";
import { FirmataDriver } from "./firmata-driver.ts";
import { BoardImage } from "./image.ts";
import { lintFirmata } from "./lint.ts";

/** Between two messages of a recorded frame, in ms. */
const FRAME_MS = 100;

/** `answer` is what the board sent for one reading, from its start-up on as far as that is needed. */
function decodeFrame(profile: Profile, { answer, what }: RecordedFrame): ReadonlyMap<string, DeviceValue> {
  const image = new BoardImage(profile);
  let at = 0;
  for (const event of new FirmataDecoder().push(fromHex(answer.replaceAll(" ", "")))) {
    if (event.kind === "discarded") throw new ProtocolError("FS-DEVICE-FRAME", `${what}: not a message (${event.why})`);
    const message = parseFirmata(event.bytes);
    at += FRAME_MS;
    image.take(message, at);
    if (message.kind !== "one-wire-read") continue;
    for (const { firmata } of profile.measurements) {
      if (firmata && "oneWire" in firmata && firmata.oneWire === message.pin) {
        image.takeScratchpad(message.pin, firmata.rom, message.data);
      }
    }
  }
  const { values, missing } = image.values();
  if (values.size === 0 && missing[0]) throw missing[0];
  return values;
}

/** Boards with StandardFirmata or ConfigurableFirmata, on serial lines and TCP. */
export const firmataEngine: Engine = {
  link: "firmata",
  lint: lintFirmata,
  decodeFrame,
  create(host, options, profile) {
    const { baudRate } = profile.firmata!;
    const port = openOwnPort(host, options, { baudRate, dataBits: 8, parity: "none", stopBits: 1 });
    const tuned = withPulseConstant(profile, options.config.pulsesPerKwh);
    return new FirmataDriver({ driver: options, profile: tuned, port });
  },
};
