import { concatBytes, fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import { decodeMbusFrame, type MbusRecord } from "../../../protocols/mbus/index.ts";
import type { Profile } from "../../profile.ts";
import type { DriverOptions } from "../driver.ts";
import type { Engine, EngineHost, LintReport } from "../engine.ts";
import { PolledLine } from "../polled-line.ts";
import { keyOf, parsePort, portOf } from "../port-spec.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { MbusLine } from "./line.ts";
import { type MbusAddress, MbusMeter } from "./meter.ts";
import { answerData, recordValues } from "./values.ts";

function lint({ mbus, measurements }: Profile, problem: LintReport): void {
  if (!mbus) return void problem("mbus", "is missing");
  if (!(mbus.address >= 0 && mbus.address <= 250)) problem("mbus.address", "must be 0 to 250");
  for (const { name, mbus: source } of measurements) {
    if (!source) problem(`measurements.${name}.mbus`, "is missing");
  }
}

/** The frames of an answer, one after the other: each has its length in its second byte. */
function recordsOf(answer: Uint8Array): MbusRecord[] {
  const records: MbusRecord[] = [];
  for (let at = 0; at < answer.length; ) {
    const end = at + (answer[at + 1] ?? 0) + 6;
    records.push(...answerData(decodeMbusFrame(answer.subarray(at, end))).records);
    at = end;
  }
  return records;
}

interface SharedBus {
  bus: PolledLine<MbusLine, MbusMeter>;
  settings: string;
}

function busOf(
  host: EngineHost,
  { name, config, ...rest }: DriverOptions,
  profile: Profile,
): PolledLine<MbusLine, MbusMeter> {
  const port = portOf({ name, config, ...rest });
  const spec = parsePort(port);
  if (spec.kind === "rtu+tcp") {
    throw new UsageError("FS-DEVICE-PORT", `${name}: an M-Bus line has no RTU frames`, {
      fix: "write tcp://host:port",
    });
  }
  const section = profile.mbus!;
  const settings = {
    baudRate: config.baud ?? section.baudRate,
    dataBits: 8 as const,
    parity: config.parity ?? section.parity,
    stopBits: config.stopBits ?? section.stopBits,
  };
  const text = spec.kind === "serial" ? JSON.stringify(settings) : "";
  host.claim(name, spec, "mbus");
  const shared = host.shared(`mbus ${keyOf(spec)}`, (): SharedBus => {
    const line = new MbusLine(host.openPort(spec, settings, port), host.clock);
    return {
      bus: new PolledLine<MbusLine, MbusMeter>({ line, clock: host.clock, busy: "FS-MBUS-BUSY" }),
      settings: text,
    };
  });
  if (shared.settings === text) return shared.bus;
  throw new UsageError("FS-DEVICE-BUS", `${name}: ${port} is already used with other settings (${shared.settings})`, {
    fix: "give all devices on one line the same baud, parity and stopBits",
  });
}

function addressOf({ name, config }: DriverOptions, profile: Profile): MbusAddress {
  const { address } = config;
  if (address === undefined) return { primary: config.unit ?? profile.mbus!.address };
  if (/^[0-9Ff]{8}$/.test(address)) return { secondary: address };
  throw new UsageError("FS-MBUS-ADDRESS", `${name}: "${address.slice(0, 16)}" is no secondary address`, {
    fix: "write the eight digits printed on the meter, F for any digit; a primary address is written unit:",
  });
}

/** Heat, water, gas and electricity meters on a wired M-Bus, asked in turn. */
export const mbusEngine: Engine = {
  link: "mbus",
  lint,
  decodeFrame: (profile, { answer }) => recordValues(profile, recordsOf(concatBytes(fromHex(answer)))).values,
  create(host, options, profile) {
    const { name, config, clock, last } = options;
    const section = profile.mbus!;
    const every = config.every ?? section.every;
    const bus = busOf(host, options, profile);
    const meter = new MbusMeter({
      driver: options,
      profile,
      address: addressOf(options, profile),
      every,
      timeout: config.timeout ?? section.timeout,
      maker: new ReadingMaker({ device: name, profile, clock, every, last }),
    });
    return {
      name,
      start() {
        meter.due = clock.monotonic();
        bus.add(meter);
      },
      stop: () => bus.remove(meter),
      counters: () => ({
        ...meter.counters,
        late: bus.line.counters.late,
        discardedBytes: bus.line.counters.discardedBytes,
        reconnects: bus.reconnects,
      }),
    };
  },
};
