import { UsageError } from "../../protocols/bytes/index.ts";
import { nearest } from "../nearest.ts";
import type { Profile } from "../profile.ts";

/** What stands behind `driver:` in the configuration: engine and profile. */
export function driverId(profile: Profile): string {
  return `${profile.link}/${profile.id}`;
}

/** Board models by their driver's name. */
export class Catalog {
  readonly #byId: ReadonlyMap<string, Profile>;

  /** Of two profiles with one name the later counts: a user's own replaces one that ships. */
  constructor(profiles: Iterable<Profile>) {
    this.#byId = new Map([...profiles].map((profile) => [driverId(profile), profile]));
  }

  get profiles(): readonly Profile[] {
    return [...this.#byId.values()];
  }

  /** This catalog and more. */
  with(profiles: Iterable<Profile>): Catalog {
    return new Catalog([...this.#byId.values(), ...profiles]);
  }

  /**
   * The profile behind a driver's name: `modbus/eastron-sdm630`, `p1/dsmr-p1`.
   * @throws UsageError FS-DEVICE-DRIVER, with what it may have meant in `fix` and `context.suggestions`.
   */
  find(text: string): Profile {
    const found = this.#byId.get(text);
    if (found) return found;
    const suggestions = nearest(text, this.#byId.keys());
    throw new UsageError("FS-DEVICE-DRIVER", `there is no driver "${text.slice(0, 64)}"`, {
      context: { suggestions },
      fix:
        suggestions.length > 0
          ? `did you mean ${suggestions.join(" or ")}?`
          : "fieldseal devices list --catalog shows what there is",
    });
  }
}
