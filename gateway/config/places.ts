import { type Document, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from "yaml";

/** Where something stands in a file, 1-based. */
export interface Place {
  line?: number;
  column?: number;
}

/** Tells the place of the value at `path`, or of `key` within it; of the deepest part of it that is there. */
export type PlaceOf = (path: readonly PropertyKey[], key?: string) => Place;

/** A member by its key or index; of a list also by its `name` or `key`, as checks name what stands in lists. */
function member(node: unknown, key: PropertyKey): unknown {
  if (isMap(node)) return node.get(String(key), true) ?? node.get(key, true);
  if (!isSeq(node)) return undefined;
  if (typeof key === "number" || /^\d+$/.test(String(key))) return node.get(Number(key), true);
  return node.items.find(
    (item) => isMap(item) && (item.get("name") === String(key) || item.get("key") === String(key)),
  );
}

/** Places in a parsed document whose lines were counted by `lines`. */
export function placesOf(document: Document, lines: LineCounter): PlaceOf {
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  return (path, key) => {
    let node: unknown = document.contents;
    let deepest: Node | undefined;
    let whole = true;
    for (const part of [undefined, ...path]) {
      const next = part === undefined ? node : member(node, part);
      if (!isNode(next) || !next.range) {
        whole = false;
        break;
      }
      node = next;
      deepest = next;
    }
    if (whole && key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair && isScalar(pair.key) && pair.key.range) return at(pair.key.range[0]);
    }
    return deepest?.range ? at(deepest.range[0]) : {};
  };
}

/** Whether a value contains itself, as YAML's aliases allow. */
function isEndless(value: unknown, within: ReadonlySet<unknown> = new Set()): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (within.has(value)) return true;
  const inside = new Set(within).add(value);
  return Object.values(value).some((inner) => isEndless(inner, inside));
}

/** A document's values, or why there are none: aliases can make a small file endless, or too large to hold. */
export function plainValues(document: Document): { values: unknown } | { fault: string } {
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { fault: "has too many aliases" };
  }
  return isEndless(values) ? { fault: "contains itself by an alias" } : { values };
}
