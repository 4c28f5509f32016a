import { fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import { decodeRequest, isException, RtuAnswerDecoder } from "../../../protocols/modbus/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import type { DriverOptions } from "../driver.ts";
import type { DeviceValue, Engine, EngineHost } from "../engine.ts";
import { keyOf, parsePort, portOf } from "../port-spec.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { ModbusBus } from "./bus.ts";
import { ModbusController } from "./controller.ts";
import { READ_FUNCTION, RegisterImage, registersOf } from "./image.ts";
import { ModbusLine } from "./line.ts";
import { lintModbus } from "./lint.ts";
import { planBlocks, TABLES } from "./plan.ts";
import { ModbusUnit } from "./unit.ts";
import { readValues } from "./values.ts";

interface SharedBus {
  bus: ModbusBus;
  settings: string;
}

function decodeFrame(board: Profile, { what, request: sentText = "", answer }: RecordedFrame) {
  const sent = fromHex(sentText);
  const request = decodeRequest(sent.subarray(1, -2));
  const [event] = new RtuAnswerDecoder({ unit: sent[0]!, request }).push(fromHex(answer));
  const table = TABLES.find((one) => READ_FUNCTION[one] === request.fn);
  const got = event?.kind === "answer" && !isException(event.answer) && "count" in request ? event.answer : undefined;
  const registers = got && "count" in request ? registersOf(got, request.count) : undefined;
  if (!table || !registers) throw new UsageError("FS-DEVICE-FRAME", `${what}: the answer does not fit the request`);
  const image = new RegisterImage();
  image.put(table, request.address, registers);
  const values = new Map<string, DeviceValue>();
  readValues(board.measurements, image, values);
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
  lint: lintModbus,
  decodeFrame,
  create(host, options, profile) {
    const { name, config, clock, last } = options;
    const defaults = profile.modbus!;
    const every = config.every ?? defaults.every;
    const { bus } = busOf(host, options, profile, portOf(options));
    const address = config.unit ?? defaults.unit;
    const timeout = config.timeout ?? defaults.timeout;
    const unit = new ModbusUnit({
      driver: options,
      unit: address,
      every,
      timeout,
      measurements: profile.measurements,
      plan: (cuts) => planBlocks(profile, cuts),
      maker: new ReadingMaker({ device: name, profile, clock, every, last }),
    });
    const controller = new ModbusController({ driver: options, profile, bus, unit: address, timeout });
    return {
      name,
      start() {
        unit.due = clock.monotonic();
        controller.start();
        bus.add(unit);
      },
      async stop() {
        controller.stop();
        await bus.remove(unit);
      },
      set: (command) => controller.set(command),
      counters: () => ({
        ...unit.counters,
        timeouts: unit.counters.timeouts + controller.counters.timeouts,
        refusals: unit.counters.refusals + controller.counters.refusals,
        late: bus.line.counters.late,
        discardedBytes: bus.line.counters.discardedBytes,
        reconnects: bus.reconnects,
      }),
    };
  },
};
