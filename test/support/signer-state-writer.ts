import { writeSync } from "node:fs";
import { SignerState } from "../../gateway/attest/index.ts";
import { fromHex } from "../../protocols/bytes/index.ts";

/** `node … DIR SIZE ROOT`: counts a start and records a checkpoint, and says each as soon as it could be answered. */
const [dir = "", size = "0", root = ""] = process.argv.slice(2);
const state = SignerState.start(dir);
writeSync(1, `boot ${state.boot}\n`);
state.recordCheckpoint({ size: Number(size), root: fromHex(root) });
writeSync(1, `signed ${size} ${root}\n`);
