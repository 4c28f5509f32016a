import { describeModel, deviceListPage } from "../../../devices/index.ts";
import type { Algorithm } from "../../../protocols/attestation/index.ts";
import { shortDeviceId } from "../../../protocols/attestation/index.ts";
import { fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import { Keystore, listKeys } from "../../attest/index.ts";
import { addDevice, DEVICE_NAME, parseDuration, removeDevice } from "../../config/index.ts";
import { type CommonOptions, knownModels, load, outputOf, passphraseFor } from "../context.ts";
import { askStatus } from "../gateway-status.ts";

export interface ListOptions extends CommonOptions {
  catalog?: boolean;
  markdown?: boolean;
}

/** `fieldseal devices list --catalog`: the device list. */
function catalogList({ markdown, ...options }: ListOptions): void {
  const out = outputOf(options);
  const { profiles } = knownModels(options);
  if (markdown) return void process.stdout.write(deviceListPage(profiles));
  const models = profiles.map(describeModel);
  out.data(models, 2);
  for (const { driver, vendor, model, measurements, work } of models)
    out.line(
      `${driver.padEnd(34)} ${`${vendor} ${model}`.padEnd(44)} ${String(measurements.length).padStart(2)} measurements, work ${work}`,
    );
}

/** `fieldseal devices describe`: a board model, or that of a configured device. */
export function devicesDescribe(driver: string, options: CommonOptions): void {
  const out = outputOf(options);
  const named = driver.includes("/") ? undefined : load(options).config.devices[driver];
  const about = describeModel(knownModels(options).find(named?.driver ?? driver));
  out.data(about, 2);
  const { vendor, model, source, capabilities, work, every, measurements } = about;
  out.line(`${vendor} ${model}   driver ${about.driver}   ${capabilities.join(", ")}`);
  out.line(`read every ${every / 1000} s unless every: says otherwise; paid for: ${work}`);
  out.line(`written from ${source}`);
  for (const { name, unit, kind, bounds, key, source: cited } of measurements) {
    const range = kind === "state" ? "" : `${bounds[0]} … ${bounds[1]}`;
    out.line(`${name.padEnd(24)} ${unit.padEnd(6)} ${kind.padEnd(8)} ${range.padEnd(24)} ${key.padEnd(28)} ${cited}`);
  }
}

/** `fieldseal devices list`: configuration, keys, and what the running gateway says of each. */
export async function devicesList(options: ListOptions): Promise<void> {
  if (options.catalog) return catalogList(options);
  const out = outputOf(options);
  const { config, brokenDevices } = load(options);
  const keys = new Map(listKeys(config.gateway.keys).map((key) => [key.purpose === "device" ? key.name : "", key]));
  const running = await askStatus(config);
  const stateOf = (name: string) => {
    if (!running) return "gateway not running";
    const device = running.devices.find((known) => known.name === name);
    return device === undefined ? "not set up" : device.online ? "online" : "offline";
  };
  const rows = Object.entries(config.devices).map(([name, { driver, port, key: own }]) => {
    const held = keys.get(name);
    const key = own ? shortDeviceId(fromHex(own.replace(/^fs:/, ""))) : held ? shortDeviceId(held.id) : null;
    return { name, driver, port: port ?? null, key, signer: own ? "board" : "gateway", state: stateOf(name) };
  });
  out.data({ devices: rows, broken: brokenDevices.map(({ name, problems }) => ({ name, problems })) }, 2);
  for (const { name, driver, port, key, signer, state } of rows) {
    out.line(
      `${name.padEnd(16)} ${(key ?? "no key").padEnd(11)} signer ${signer.padEnd(8)} ${driver.padEnd(28)} ${port ?? ""}  ${state}`,
    );
  }
  for (const { name, problems } of brokenDevices)
    out.note(`${name}: left out: ${problems.map((p) => p.message).join("; ")}`);
  if (rows.length === 0)
    out.note("no devices yet: fieldseal devices add NAME --driver … --port …   (models: --catalog)");
}

export interface AddOptions extends CommonOptions {
  driver: string;
  port?: string;
  unit?: string;
  topic?: string;
  station?: string;
  control?: boolean;
  every?: string;
  alg: Algorithm;
  passphraseFd?: string;
}

/** `fieldseal devices add`: a key of the device's own, then its section in the configuration. */
export async function devicesAdd(name: string, options: AddOptions): Promise<void> {
  const out = outputOf(options);
  const loaded = load(options);
  if (!DEVICE_NAME.test(name) || name === "bridge") {
    throw new UsageError("FS-DEVICE-NAME", `"${name}" is not a device name`, {
      fix: "use lower-case letters, digits, - and _",
    });
  }
  knownModels(options).find(options.driver);
  if (options.every !== undefined) parseDuration(options.every);
  if (name in loaded.config.devices) {
    throw new UsageError("FS-DEVICE-EXISTS", `${name} is already configured`, { fix: "choose another name" });
  }
  const { keys } = loaded.config.gateway;
  // A device that was removed before keeps its key and goes on with its sequence.
  let key = listKeys(keys).find(({ purpose, name: known }) => purpose === "device" && known === name);
  if (!key) {
    const passphrase = await passphraseFor(loaded, options.passphraseFd);
    const store = Keystore.open({ dir: keys, passphrase });
    key = store.createKey({ purpose: "device", name, alg: options.alg });
    store.close();
    passphrase.fill(0);
  }
  addDevice(loaded.file, name, {
    driver: options.driver,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.topic === undefined ? {} : { topic: options.topic }),
    ...(options.station === undefined ? {} : { station: options.station }),
    ...(options.control ? { control: true } : {}),
    ...(options.unit === undefined ? {} : { unit: Number(options.unit) }),
    ...(options.every === undefined ? {} : { every: options.every }),
    ...(key.alg === "ES256" ? {} : { alg: key.alg }),
  });
  const at = options.port ?? options.topic ?? options.station;
  out.data({ name, key: shortDeviceId(key.id), driver: options.driver, ...(at === undefined ? {} : { at }) });
  out.line(
    `added      ${name}   ${options.driver}${at === undefined ? "" : ` on ${at}`}   key ${shortDeviceId(key.id)}   signer gateway`,
  );
  out.line("next       fieldseal run   (a running gateway takes it over at its next start)");
}

/** `fieldseal devices remove`. */
export function devicesRemove(name: string, options: CommonOptions): void {
  const out = outputOf(options);
  removeDevice(load(options).file, name);
  out.data({ name, removed: true });
  out.line(`removed    ${name}   (its key and history stay; a running gateway lets go of it at its next start)`);
}
