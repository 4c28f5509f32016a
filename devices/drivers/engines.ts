import type { LinkKind } from "../profile.ts";
import type { Engine } from "./engine.ts";
import { firmataEngine } from "./firmata/engine.ts";
import { hanEngine } from "./han/engine.ts";
import { mbusEngine } from "./mbus/engine.ts";
import { modbusEngine } from "./modbus/engine.ts";
import { mqttEngine } from "./mqtt/engine.ts";
import { nmeaEngine } from "./nmea/engine.ts";
import { obdEngine } from "./obd/engine.ts";
import { ocppEngine } from "./ocpp/engine.ts";
import { p1Engine } from "./p1/engine.ts";
import { rapiEngine } from "./rapi/engine.ts";
import { smlEngine } from "./sml/engine.ts";
import { sunspecEngine } from "./sunspec/engine.ts";
import { textEngine } from "./text/engine.ts";

/** One engine per protocol. */
export const engines: Readonly<Record<LinkKind, Engine>> = {
  sunspec: sunspecEngine,
  nmea: nmeaEngine,
  obd: obdEngine,
  modbus: modbusEngine,
  p1: p1Engine,
  ocpp: ocppEngine,
  han: hanEngine,
  sml: smlEngine,
  mbus: mbusEngine,
  text: textEngine,
  mqtt: mqttEngine,
  rapi: rapiEngine,
  firmata: firmataEngine,
};
