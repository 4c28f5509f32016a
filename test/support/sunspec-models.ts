import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { vectorPath } from "./vectors.ts";

/** What the published definitions say of a group, as far as reading needs it. */
interface Group {
  name: string;
  count?: number | string;
  points?: {
    name: string;
    type: string;
    size: number;
    sf?: number | string;
    units?: string;
    symbols?: { name: string; value: number }[];
  }[];
  groups?: Group[];
}

export const MODELS_FILE = fileURLToPath(new URL("../../protocols/sunspec/models.json", import.meta.url));

function packGroup({ name, count, points = [], groups = [] }: Group): unknown {
  return {
    name,
    ...(count === undefined ? {} : { count }),
    points: points.map(({ name: point, type, size, sf, units, symbols }) => [
      point,
      type,
      size,
      sf ?? null,
      units ?? null,
      ...(symbols ? [Object.fromEntries(symbols.map((symbol) => [symbol.name, symbol.value]))] : []),
    ]),
    ...(groups.length > 0 ? { groups: groups.map(packGroup) } : {}),
  };
}

/** The text of protocols/sunspec/models.json: a line a model, without the prose of the definitions. */
export function sunspecModelsText(): string {
  const models = readdirSync(vectorPath("sunspec/models"))
    .filter((file) => /^model_\d+\.json$/.test(file))
    .map(
      (file) => JSON.parse(readFileSync(vectorPath(`sunspec/models/${file}`), "utf8")) as { id: number; group: Group },
    )
    .sort((a, b) => a.id - b.id);
  return `{\n${models.map(({ id, group }) => `"${id}":${JSON.stringify(packGroup(group))}`).join(",\n")}\n}\n`;
}

// `tsx test/support/sunspec-models.ts` writes the file anew.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(MODELS_FILE, sunspecModelsText());
