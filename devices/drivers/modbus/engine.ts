import { fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import { decodeRequest, isException, RtuAnswerDecoder } from "../../../protocols/modbus/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import type { DeviceValue, Engine } from "../engine.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { BlockReader } from "./block-reader.ts";
import { ModbusController } from "./controller.ts";
import { READ_FUNCTION, RegisterImage, registersOf } from "./image.ts";
import { lintModbus } from "./lint.ts";
import { planBlocks, TABLES } from "./plan.ts";
import { sharedBus } from "./shared-bus.ts";
import { ModbusUnit } from "./unit.ts";
import { readValues } from "./values.ts";

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

/** Modbus RTU, RTU over TCP, and Modbus TCP: registers read in blocks, many units on one line. */
export const modbusEngine: Engine = {
  link: "modbus",
  lint: lintModbus,
  decodeFrame,
  create(host, options, profile) {
    const { name, config, clock, last } = options;
    const defaults = profile.modbus!;
    const every = config.every ?? defaults.every;
    const bus = sharedBus(host, options, defaults);
    const address = config.unit ?? defaults.unit;
    const timeout = config.timeout ?? defaults.timeout;
    const unit = new ModbusUnit({
      driver: options,
      unit: address,
      every,
      timeout,
      reader: new BlockReader({ measurements: profile.measurements, plan: (cuts) => planBlocks(profile, cuts) }),
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
