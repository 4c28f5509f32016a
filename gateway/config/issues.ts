import type { z } from "zod";
import { nearest } from "../../devices/nearest.ts";
import type { ConfigProblem } from "./error.ts";
import type { PlaceOf } from "./places.ts";

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode | boolean;
  anyOf?: SchemaNode[];
}

function below(node: SchemaNode, key: PropertyKey): SchemaNode[] {
  const named = node.properties?.[String(key)];
  const rest = typeof key === "number" ? node.items : node.additionalProperties;
  const found = named ?? (typeof rest === "object" ? rest : undefined);
  return found ? alternatives(found) : [];
}

const alternatives = (node: SchemaNode): SchemaNode[] => [node, ...(node.anyOf ?? []).flatMap(alternatives)];

/** Keys that may stand at `path` of a JSON Schema, for "did you mean". */
function knownKeys(schema: SchemaNode, path: readonly PropertyKey[]): string[] {
  let nodes = alternatives(schema);
  for (const key of path) nodes = nodes.flatMap((node) => below(node, key));
  return [...new Set(nodes.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

type Issue = z.core.$ZodIssue;

/** Of several forms that a value may have, the one it resembles most: the fewest issues. */
function branch(issue: Extract<Issue, { code: "invalid_union" }>): readonly Issue[] {
  const [best] = [...issue.errors].sort((a, b) => weight(a) - weight(b));
  return (best ?? []).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue);
}

/** A form of another type altogether is none it resembles. */
const weight = (issues: readonly Issue[]): number =>
  issues.reduce(
    (sum, { code, path, ...issue }) =>
      sum + (code === "invalid_type" && path.length === 0 ? 100 : "keys" in issue ? (issue.keys?.length ?? 1) : 1),
    0,
  );

/** What a schema found, as problems at their places; `schema` is its JSON Schema. */
export function issueProblems(issue: Issue, schema: Record<string, unknown>, place: PlaceOf): ConfigProblem[] {
  if (issue.code === "invalid_union" && issue.errors.some((issues) => issues.some(({ path }) => path.length > 0))) {
    return branch(issue).flatMap((inner) => issueProblems(inner, schema, place));
  }
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const meant = nearest(key, known)[0];
      const hint = meant ? `, did you mean ${meant}?` : `; known here: ${known.join(", ")}`;
      return { path: [...issue.path, key].join("."), message: `unknown key${hint}`, ...place(issue.path, key) };
    });
  }
  return [{ path: issue.path.join("."), message: issue.message, ...place(issue.path) }];
}
