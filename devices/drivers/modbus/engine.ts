import { fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import { decodeRequest, RtuAnswerDecoder, registerWords } from "../../../protocols/modbus/index.ts";
import type { SenmlNumber } from "../../../protocols/reading/index.ts";
import type { MeasurementProfile, Profile, RecordedFrame } from "../../profile.ts";
import type { DriverOptions } from "../driver.ts";
import type { Engine, EngineHost, LintReport } from "../engine.ts";
import { keyOf, parsePort, portOf } from "../port-spec.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { ModbusBus } from "./bus.ts";
import { ModbusLine } from "./line.ts";
import { planBlocks } from "./plan.ts";
import { ModbusUnit } from "./unit.ts";
import { readBlock } from "./values.ts";

interface SharedBus {
  bus: ModbusBus;
  settings: string;
}

function lint(profile: Profile, problem: LintReport): void {
  const { modbus } = profile;
  if (!modbus) return void problem("modbus", "is missing");
  if (modbus.unit < 1 || modbus.unit > 247) problem("modbus.unit", "must be 1 to 247");
  if (modbus.maxRegisters < 1 || modbus.maxRegisters > 125) problem("modbus.maxRegisters", "must be 1 to 125");
  if (modbus.maxGap < 0) problem("modbus.maxGap", "must not be negative");
  if (modbus.timeout < 50) problem("modbus.timeout", "is shorter than an answer at 9600 baud takes");
  for (const measurement of profile.measurements) lintRegister(modbus.maxRegisters, measurement, problem);
}

function lintRegister(maxRegisters: number, { name, register }: MeasurementProfile, problem: LintReport): void {
  const path = `measurements.${name}.register`;
  if (!register) return void problem(path, "is missing");
  const words = registerWords(register);
  if (register.at < 0 || register.at + words > 0x1_0000) problem(`${path}.at`, "is outside 0…65535");
  if (words > maxRegisters) problem(path, "is wider than one read");
}

function decodeFrame(board: Profile, { what, request: sentText = "", answer }: RecordedFrame) {
  const sent = fromHex(sentText);
  const request = decodeRequest(sent.subarray(1, -2));
  const [event] = new RtuAnswerDecoder({ unit: sent[0]!, request }).push(fromHex(answer));
  if (event?.kind !== "answer" || !("registers" in event.answer) || !("count" in request)) {
    throw new UsageError("FS-DEVICE-FRAME", `${what}: the answer does not fit the request`);
  }
  const table = request.fn === 4 ? ("input" as const) : ("holding" as const);
  const { address: at, count } = request;
  const measurements = board.measurements.filter(
    ({ register }) => register?.table === table && register.at >= at && register.at < at + count,
  );
  const values = new Map<string, SenmlNumber>();
  readBlock({ table, at, count, measurements }, event.answer.registers, values);
  return values;
}

/** All devices on one line, with its settings; the first one opens it. */
function busOf(host: EngineHost, { name, config }: DriverOptions, profile: Profile, port: string): SharedBus {
  const spec = parsePort(port, 502);
  const defaults = profile.modbus!;
  const settings = {
    baudRate: config.baud ?? defaults.baudRate,
    parity: config.parity ?? defaults.parity,
    stopBits: config.stopBits ?? defaults.stopBits,
  };
  const text = spec.kind === "serial" ? JSON.stringify(settings) : "";
  host.claim(name, spec, "modbus");
  const shared = host.shared(`modbus ${keyOf(spec)}`, (): SharedBus => {
    const line = new ModbusLine({
      port: host.openPort(spec, settings, port),
      clock: host.clock,
      framing: spec.kind === "tcp" ? "tcp" : "rtu",
      // 3.5 characters of 11 bits; above 19200 baud the specification fixes 1.75 ms.
      pause: spec.kind === "serial" ? Math.max(2, Math.ceil(38_500 / settings.baudRate)) : 0,
    });
    return { bus: new ModbusBus({ line, clock: host.clock }), settings: text };
  });
  if (shared.settings === text) return shared;
  throw new UsageError("FS-DEVICE-BUS", `${name}: ${port} is already used with other settings (${shared.settings})`, {
    fix: "give all devices on one line the same baud, parity and stopBits",
  });
}

/** Modbus RTU, RTU over TCP, and Modbus TCP: registers read in blocks, many units on one line. */
export const modbusEngine: Engine = {
  link: "modbus",
  lint,
  decodeFrame,
  create(host, options, profile) {
    const { name, config, clock, last } = options;
    const defaults = profile.modbus!;
    const every = config.every ?? defaults.every;
    const { bus } = busOf(host, options, profile, portOf(options));
    const unit = new ModbusUnit({
      driver: options,
      unit: config.unit ?? defaults.unit,
      every,
      timeout: config.timeout ?? defaults.timeout,
      plan: () => planBlocks(profile),
      maker: new ReadingMaker({ device: name, profile, clock, every, last }),
    });
    return {
      name,
      start() {
        unit.due = clock.monotonic();
        bus.add(unit);
      },
      stop: () => bus.remove(unit),
      counters: () => ({
        ...unit.counters,
        late: bus.line.counters.late,
        discardedBytes: bus.line.counters.discardedBytes,
        reconnects: bus.reconnects,
      }),
    };
  },
};
