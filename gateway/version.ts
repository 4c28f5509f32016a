import manifest from "../package.json" with { type: "json" };

/** Version of the package, as `fieldseal --version` shows it. */
export const VERSION: string = manifest.version;
