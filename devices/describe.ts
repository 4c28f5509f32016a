import { capabilitiesOf, commandsOf } from "./capabilities.ts";
import { driverId } from "./catalog/catalog.ts";
import { folderOf } from "./catalog/index.ts";
import { homeAssistantClass } from "./home-assistant.ts";
import { type LinkKind, type Profile, READINGS, usualInterval } from "./profile.ts";
import { treeKey } from "./vocabulary.ts";

/** A board model as people and machines are told about it. */
export interface ModelDescription {
  /** What `driver:` says. */
  driver: string;
  vendor: string;
  model: string;
  link: LinkKind;
  source: string;
  capabilities: string[];
  /** Keys of the commands it takes where the configuration allows it. */
  commands?: readonly string[];
  /** The counter that is paid for, or `readings`. */
  work: string;
  /** ms */
  every: number;
  measurements: {
    name: string;
    unit: string;
    kind: string;
    bounds: readonly [number, number];
    /** Largest plausible change a second. */
    step?: number;
    /** The board may leave it out. */
    optional?: true;
    /** Key in the MQTT tree. */
    key: string;
    deviceClass?: string;
    source: string;
  }[];
}

export function describeModel(profile: Profile): ModelDescription {
  const { vendor, model, link, source, work } = profile;
  const commands = commandsOf(profile);
  return {
    driver: driverId(profile),
    vendor,
    model,
    link,
    source,
    capabilities: capabilitiesOf(profile).map(({ kind }) => kind),
    ...(commands.length > 0 ? { commands } : {}),
    work,
    every: usualInterval(profile),
    measurements: profile.measurements.map(({ name, unit, kind, bounds, step, optional, source: cited }) => {
      const { deviceClass } = homeAssistantClass(name);
      return {
        name,
        unit,
        kind,
        bounds,
        ...(step === undefined ? {} : { step }),
        ...(optional ? { optional: true as const } : {}),
        key: treeKey(name),
        ...(deviceClass === undefined ? {} : { deviceClass }),
        source: cited,
      };
    }),
  };
}

const cell = (text: string) => text.replace(/\|/g, "\\|");

function row(profile: Profile): string {
  const { vendor, model, driver, capabilities, measurements, work } = describeModel(profile);
  const folder = folderOf(profile);
  const name = folder === undefined ? cell(model) : `[${cell(model)}](catalog/${folder}/README.md)`;
  const paid = work === READINGS ? "readings taken" : `\`${work}\``;
  return `| ${cell(vendor)} | ${name} | \`${driver}\` | ${capabilities.join(", ")} | ${measurements.length} | ${paid} |`;
}

function section(profile: Profile): string {
  const { vendor, model, driver, source, measurements, commands } = describeModel(profile);
  const rows = measurements.map(({ name, unit, kind, bounds, key, deviceClass, optional }) => {
    const range = kind === "state" ? "" : bounds.join(" … ");
    const said = `${name}${optional ? " (where the board has it)" : ""}`;
    return `| ${said} | ${cell(unit)} | ${kind} | ${range} | ${key} | ${deviceClass ?? ""} |`;
  });
  return [
    `### ${vendor} ${model}`,
    "",
    `\`driver: ${driver}\` · written from: ${source}${commands ? ` · takes: ${commands.join(", ")}` : ""}`,
    "",
    "| measurement | unit | kind | bounds | MQTT key | Home Assistant |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** The device list as one page of Markdown: a row a model, then each model's measurements. */
export function deviceListPage(profiles: readonly Profile[]): string {
  return [
    "# Device list",
    "",
    `${profiles.length} models, generated from the profiles (\`fieldseal devices list --catalog --markdown\`). Any other board that speaks one`,
    "of these protocols is one profile away: see [_blueprint/README.md](_blueprint/README.md).",
    "",
    "| vendor | model | driver | what it is | measurements | work register |",
    "|---|---|---|---|---|---|",
    ...profiles.map(row),
    "",
    ...profiles.map(section),
  ].join("\n");
}
