import { type Command, Option } from "commander";
import { verb } from "./verb.ts";

/** `fieldseal devices …` and `fieldseal simulate`. */
export function devicesVerbs(program: Command): void {
  const devices = program.command("devices").description("list, add and remove devices; what is known of board models");
  verb(devices, "list", "configured devices with key, signer and state")
    .option("--catalog", "every board model this version knows, and those of your own profiles, instead")
    .option("--markdown", "with --catalog: the device list as a page")
    .action(async (options) => (await import("../commands/devices.ts")).devicesList(options));
  verb(devices, "describe", "what is read of a board model, in which units and bounds, and where that is written")
    .argument("<driver>", "as in `driver:`, for example modbus/eastron-sdm630; or a configured device")
    .action(async (driver: string, options) =>
      (await import("../commands/devices.ts")).devicesDescribe(driver, options),
    );
  verb(devices, "add", "create a device key and write the device to the configuration")
    .argument("<name>", "lower-case letters, digits, - and _")
    .requiredOption(
      "--driver <driver>",
      "engine and profile, for example modbus/eastron-sdm630 (see: fieldseal devices list --catalog)",
    )
    .option("--port <port>", "/dev/serial/by-id/…, tcp://host:port, rtu+tcp://host:port")
    .option("--unit <n>", "Modbus unit id")
    .option("--topic <topic>", "MQTT topic of the board, where it is not its profile's")
    .option("--station <id>", "OCPP identity of a charging station")
    .option("--every <duration>", "how often to read")
    .option("--control", "let DEVICE/set control it")
    .addOption(
      new Option("--alg <alg>", "algorithm of the device key").choices(["ES256", "EdDSA", "ES256K"]).default("ES256"),
    )
    .option("--passphrase-fd <n>", "read the key store's passphrase from this descriptor")
    .action(async (name: string, options) => (await import("../commands/devices.ts")).devicesAdd(name, options));
  verb(devices, "remove", "take the device out of the configuration; its key and history stay")
    .argument("<name>")
    .action(async (name: string, options) => (await import("../commands/devices.ts")).devicesRemove(name, options));

  verb(
    devices,
    "test",
    "check a board profile of your own, and decode its recorded frames; exit 1 when something differs",
  )
    .argument("<file>", "the profile, as YAML")
    .action(async (file: string, options) => (await import("../commands/profiles.ts")).devicesTest(file, options));

  verb(program, "pair", "adopt a charging station that dials in")
    .requiredOption("--ocpp <station>", "its OCPP identity: the last part of the address it dials")
    .requiredOption("--name <name>", "the device's name: lower-case letters, digits, - and _")
    .option("--driver <driver>", "board model, where it is a known one", "ocpp/generic")
    .option("--control", "let DEVICE/set control it")
    .addOption(
      new Option("--alg <alg>", "algorithm of the device key").choices(["ES256", "EdDSA", "ES256K"]).default("ES256"),
    )
    .option("--passphrase-fd <n>", "read the key store's passphrase from this descriptor")
    .action(async ({ ocpp: station, name, ...options }) =>
      (await import("../commands/devices.ts")).devicesAdd(name, { ...options, station }),
    );

  verb(program, "simulate", "run a board model as a simulator, for trying a configuration without hardware")
    .argument("<model...>", "as in `driver:`; several Modbus models share one line, as units 1, 2, …")
    .requiredOption(
      "--on <where>",
      "pty, pty:PATH, a device path, tcp:PORT, rtu+tcp:PORT (0 takes a free port); mqtt or mqtt://host:port; ws or ws://host:port (without an address: as configured)",
    )
    .option("--fault <fault...>", "silent, garbage, bad-crc, register-fell")
    .option("--commands", "take `fault NAME on|off [BOARD]` from standard input")
    .option("--profile <file>", "a day of power as CSV: one line a step, W")
    .option("--column <name>", "which column of it, where there are several")
    .option("--scale <factor>", "multiply it: -1 for consumption written as negative, 1000 for kW", "1")
    .option("--interval <duration>", "between two messages of boards that push")
    .option("--topic <topic>", "MQTT topic of the board")
    .option("--station <id>", "OCPP identity of the station")
    .option("--encrypt", "HAN meters: encrypt, with keys that are printed")
    .option("--seed <n>", "same seed, same values", "1")
    .option("--for <duration>", "end by itself after this time")
    .action(async (models: string[], options) =>
      (await import("../commands/simulate.ts")).simulateCommand(models, options),
    );
}
