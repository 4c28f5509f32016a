import { ProtocolError } from "../bytes/index.ts";
import { Decimal } from "../reading/index.ts";
import type { SunspecGroupDefinition, SunspecModelDefinition, SunspecPointDefinition } from "./definition.ts";
import { isCode, readPoint, type SunspecRaw } from "./point.ts";

/** One point that the device implements. */
export interface SunspecPoint {
  /** Exact decimal, already scaled; a number for floating point; text; raw bytes of an address. */
  value: Decimal | number | string | Uint8Array;
  unit?: string;
  /** Name of an enumeration's value, or of the bits that are set. */
  symbols?: readonly string[];
}

export interface SunspecGroup {
  name: string;
  /** By the names of the definition; a point that is not implemented is absent. */
  points: ReadonlyMap<string, SunspecPoint>;
  /** Sub-groups in the order of the registers; a repeating one occurs as often as it was sent. */
  groups: readonly SunspecGroup[];
}

const CODE = "FS-SUNSPEC-MODEL";

function bad(id: number, why: string): ProtocolError {
  return new ProtocolError(CODE, `SunSpec model ${id}: ${why}`, { context: { id } });
}

/**
 * Reads a model by its definition. A device may send fewer registers than the definition has (an older version): points beyond
 * the end are absent. Registers behind the definition's end are the maker's and left alone.
 *
 * @param registers all registers of the model, its number and length included, two bytes each, high byte first.
 * @throws ProtocolError FS-SUNSPEC-MODEL when number, length or counts do not fit.
 */
export function readSunspecModel(definition: SunspecModelDefinition, registers: Uint8Array): SunspecGroup {
  const { id, group } = definition;
  if (registers.length < 4 || registers.length % 2 !== 0) throw bad(id, `${registers.length} bytes are no registers`);
  const view = new DataView(registers.buffer, registers.byteOffset, registers.length);
  if (view.getUint16(0) !== id) throw bad(id, `the registers are those of model ${view.getUint16(0)}`);
  const end = 2 * view.getUint16(2) + 4;
  if (end !== registers.length) throw bad(id, `it states ${end} bytes and has ${registers.length}`);
  return new ModelReader(id, registers).group(group, []);
}

/** Points by name, from the innermost group outwards: scale factors and counts stand there. */
type Scope = ReadonlyMap<string, SunspecRaw>;

class ModelReader {
  readonly #id: number;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(id: number, bytes: Uint8Array) {
    this.#id = id;
    this.#bytes = bytes;
  }

  group(definition: SunspecGroupDefinition, outer: readonly Scope[]): SunspecGroup {
    const raw = new Map<string, SunspecRaw>();
    for (const point of definition.points) {
      const start = this.#at;
      this.#at = Math.min(start + 2 * point.size, this.#bytes.length);
      if (this.#at - start === 2 * point.size)
        raw.set(point.name, readPoint(point, this.#bytes.subarray(start, this.#at)));
    }
    const scopes = [raw, ...outer];
    const points = new Map<string, SunspecPoint>();
    for (const point of definition.points) {
      const value = this.#point(point, raw.get(point.name), scopes);
      if (value) points.set(point.name, value);
    }
    const groups: SunspecGroup[] = [];
    for (const sub of definition.groups ?? []) this.#repeat(sub, scopes, groups);
    return { name: definition.name, points, groups };
  }

  #repeat(definition: SunspecGroupDefinition, scopes: readonly Scope[], groups: SunspecGroup[]): void {
    const least = 2 * definition.points.reduce((sum, point) => sum + point.size, 0);
    const counted = this.#count(definition.count ?? 1, scopes);
    for (let i = 0; i < counted; i++) {
      const left = this.#bytes.length - this.#at;
      if (left < least || left === 0) {
        if (definition.count === 0 || definition.count === undefined) return;
        throw bad(this.#id, `${counted} groups "${definition.name}" are stated, ${i} are there`);
      }
      const start = this.#at;
      groups.push(this.group(definition, scopes));
      if (this.#at === start) throw bad(this.#id, `group "${definition.name}" repeats and has no registers`);
    }
  }

  #count(count: number | string, scopes: readonly Scope[]): number {
    if (count === 0) return Number.POSITIVE_INFINITY;
    if (typeof count === "number") return count;
    const value = lookUp(scopes, count);
    return typeof value === "bigint" ? Number(value) : 0;
  }

  #point(definition: SunspecPointDefinition, raw: SunspecRaw, scopes: readonly Scope[]): SunspecPoint | undefined {
    if (raw === undefined) return undefined;
    const unit = definition.units === undefined ? {} : { unit: definition.units };
    if (typeof raw !== "bigint") return { value: raw, ...unit };
    if (isCode(definition.type)) return { value: new Decimal(raw, 0), ...symbolsOf(definition, raw) };
    const exponent = this.#exponent(definition, scopes);
    return exponent === undefined ? undefined : { value: new Decimal(raw, exponent), ...unit };
  }

  /** Undefined when the scale factor is not implemented: the number then means nothing. */
  #exponent({ name, sf }: SunspecPointDefinition, scopes: readonly Scope[]): number | undefined {
    if (sf === undefined) return 0;
    if (typeof sf === "number") return sf;
    const value = lookUp(scopes, sf);
    if (typeof value !== "bigint") return undefined;
    // §4.4.5: scale factors are -10 to 10.
    if (value < -10n || value > 10n) throw bad(this.#id, `scale factor ${sf} of ${name} is ${value}`);
    return Number(value);
  }
}

function lookUp(scopes: readonly Scope[], name: string): SunspecRaw {
  return scopes.find((scope) => scope.has(name))?.get(name);
}

function symbolsOf({ type, symbols }: SunspecPointDefinition, raw: bigint): { symbols?: readonly string[] } {
  if (!symbols) return {};
  const bits = type.startsWith("bitfield");
  const set = (value: number) => (bits ? ((raw >> BigInt(value)) & 1n) === 1n : raw === BigInt(value));
  return { symbols: symbols.filter(({ value }) => set(value)).map(({ name }) => name) };
}
