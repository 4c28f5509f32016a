import { UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import { decodeTelegram } from "../../../protocols/meter/index.ts";
import type { Profile } from "../../profile.ts";
import type { Engine, LintReport } from "../engine.ts";
import { parsePort, portOf } from "../port-spec.ts";
import { P1Driver } from "./p1-driver.ts";
import { telegramValues } from "./values.ts";

function lint(profile: Profile, problem: LintReport): void {
  if (!profile.p1) return void problem("p1", "is missing");
  for (const { name, obis } of profile.measurements) {
    const path = `measurements.${name}.obis`;
    if (!obis) {
      problem(path, "is missing");
      continue;
    }
    if (obis.sum.length === 0) problem(`${path}.sum`, "is empty");
    for (const code of [...obis.sum, ...(obis.less ?? [])]) {
      if (!/^\d+-\d+:\d+\.\d+\.\d+$/.test(code)) problem(`${path}.sum`, `${code} is not an OBIS reference`);
    }
  }
}

/** Meters that push IEC 62056-21 telegrams: DSMR and its relatives. */
export const p1Engine: Engine = {
  link: "p1",
  lint,
  decodeFrame: (board, { answer }) => telegramValues(board, decodeTelegram(utf8(answer))).values,
  create(host, options, profile) {
    const port = portOf(options);
    const spec = parsePort(port);
    if (spec.kind === "rtu+tcp") {
      throw new UsageError("FS-DEVICE-PORT", `${options.name}: a P1 meter has no RTU frames`, {
        fix: "write tcp://host:port",
      });
    }
    const defaults = profile.p1!;
    const baudRate = options.config.baud ?? defaults.baudRate;
    // DSMR 2 and 3: 9600 7E1 (P1 Companion Standard 3.0 §5).
    const old = baudRate === 9600;
    const settings = {
      baudRate,
      dataBits: old ? (7 as const) : defaults.dataBits,
      parity: options.config.parity ?? (old ? ("even" as const) : defaults.parity),
      stopBits: defaults.stopBits,
    };
    host.claim(options.name, spec, options.name);
    return new P1Driver({ driver: options, profile, port: host.openPort(spec, settings, port) });
  },
};
