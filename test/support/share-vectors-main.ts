import { writeFileSync } from "node:fs";
import { buildShareVectors } from "./share-vectors.ts";

// npx tsx test/support/share-vectors-main.ts
writeFileSync(new URL("../vectors/shares.json", import.meta.url), `${JSON.stringify(buildShareVectors(), null, 1)}\n`);
