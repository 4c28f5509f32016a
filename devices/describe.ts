import { capabilitiesOf } from "./capabilities.ts";
import { driverId } from "./catalog/catalog.ts";
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
  return {
    driver: driverId(profile),
    vendor,
    model,
    link,
    source,
    capabilities: capabilitiesOf(profile).map(({ kind }) => kind),
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

/** The device list as one page of Markdown: a row a model, then each model's measurements. */
export function deviceListPage(profiles: readonly Profile[]): string {
  const models = profiles.map(describeModel);
  const row = ({ vendor, model, driver, measurements, work }: ModelDescription) => {
    const paid = work === READINGS ? "readings taken" : `\`${work}\``;
    return `| ${cell(vendor)} | ${cell(model)} | \`${driver}\` | ${measurements.length} | ${paid} |`;
  };
  const section = ({ vendor, model, driver, source, measurements }: ModelDescription) =>
    [
      `### ${vendor} ${model}`,
      "",
      `\`driver: ${driver}\` · written from: ${source}`,
      "",
      "| measurement | unit | kind | bounds | MQTT key | Home Assistant |",
      "|---|---|---|---|---|---|",
      ...measurements.map(
        ({ name, unit, kind, bounds, key, deviceClass, optional }) =>
          `| ${name}${optional ? " (where the board has it)" : ""} | ${cell(unit)} | ${kind} | ${kind === "state" ? "" : bounds.join(" … ")} | ${key} | ${deviceClass ?? ""} |`,
      ),
      "",
    ].join("\n");
  return [
    "# Device list",
    "",
    `${models.length} models, generated from the profiles (\`fieldseal devices list --catalog --markdown\`). Any other Modbus, MQTT or`,
    "serial board is one profile away: see `_blueprint/README.md`.",
    "",
    "| vendor | model | driver | measurements | work register |",
    "|---|---|---|---|---|",
    ...models.map(row),
    "",
    ...models.map(section),
  ].join("\n");
}
