import { utf8 } from "../../../protocols/bytes/index.ts";
import { decodeTelegram, TelegramDecoder, type TelegramEvent } from "../../../protocols/meter/index.ts";
import type { Profile } from "../../profile.ts";
import type { Engine, LintReport } from "../engine.ts";
import { PushDriver, type PushEvent } from "../push-driver.ts";
import { openOwnPort } from "../push-port.ts";
import { telegramValues } from "./values.ts";

function lint(profile: Profile, problem: LintReport): void {
  if (!profile.p1) return void problem("p1", "is missing");
  for (const { name, obis } of profile.measurements) {
    const path = `measurements.${name}.obis`;
    if (!obis) {
      problem(path, "is missing");
      continue;
    }
    if ((obis.sum.length === 0) !== (obis.channel !== undefined)) problem(`${path}.sum`, "is empty");
    for (const code of [...obis.sum, ...(obis.less ?? [])]) {
      if (!/^\d+-\d+:\d+\.\d+\.\d+$/.test(code)) problem(`${path}.sum`, `${code} is not an OBIS reference`);
    }
  }
}

const SILENT = {
  code: "FS-P1-SILENT",
  what: "telegram",
  fix: "check the cable and the baud rate: 115200 8N1 from DSMR 4 on, 9600 7E1 before",
};
/** Telegrams of DSMR 2 to 4 come every ten seconds, so that is the least a gap can be told by. */
const SLOWEST = 10_000;

function pushed(profile: Profile, event: TelegramEvent): PushEvent {
  if (event.kind === "discarded") return event;
  return { kind: "values", read: () => telegramValues(profile, event.telegram) };
}

/** Meters that push IEC 62056-21 telegrams: DSMR and its relatives. */
export const p1Engine: Engine = {
  link: "p1",
  lint,
  decodeFrame: (board, { answer }) => telegramValues(board, decodeTelegram(utf8(answer))).values,
  create(host, options, profile) {
    const section = profile.p1!;
    // DSMR 2 and 3: 9600 7E1 (P1 Companion Standard 3.0 §5).
    const old = (options.config.baud ?? section.baudRate) === 9600;
    const line = old ? ({ ...section, dataBits: 7, parity: "even" } as const) : section;
    return new PushDriver({
      driver: options,
      profile,
      port: openOwnPort(host, options, line),
      decoder() {
        const decoder = new TelegramDecoder();
        return (chunk) => decoder.push(chunk).map((event) => pushed(profile, event));
      },
      every: options.config.every ?? section.every,
      silence: Math.max(section.silence, 1000),
      slowest: SLOWEST,
      partial: false,
      silent: SILENT,
    });
  },
};
