import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { isMap, parseDocument } from "yaml";
import { UsageError } from "../../protocols/bytes/index.ts";

/** Writes the file anew with one change, comments and order kept; the old text stays as `FILE.bak`. */
function rewrite(file: string, change: (document: ReturnType<typeof parseDocument>) => void): void {
  const before = readFileSync(file, "utf8");
  const document = parseDocument(before);
  change(document);
  const mode = statSync(file).mode & 0o777;
  for (const [path, text] of [
    [`${file}.bak`, before],
    [`${file}.new`, document.toString({ lineWidth: 120 })],
  ] as const) {
    const out = openSync(path, "w", mode);
    try {
      writeSync(out, text);
      fsyncSync(out);
    } finally {
      closeSync(out);
    }
  }
  renameSync(`${file}.new`, file);
}

/** Adds a device to the configuration file. @throws UsageError FS-DEVICE-EXISTS. */
export function addDevice(file: string, name: string, settings: Readonly<Record<string, unknown>>): void {
  rewrite(file, (document) => {
    if (document.hasIn(["devices", name])) {
      throw new UsageError("FS-DEVICE-EXISTS", `${name} is already configured`, { fix: "choose another name" });
    }
    const devices = document.get("devices");
    // An empty `devices: {}` is a flow map; block style reads better once something is in it.
    if (isMap(devices)) devices.flow = false;
    const node = document.createNode(settings);
    if (isMap(node)) node.flow = true;
    document.setIn(["devices", name], node);
  });
}

/** Takes a device out of the configuration file. @throws UsageError FS-DEVICE-UNKNOWN. */
export function removeDevice(file: string, name: string): void {
  rewrite(file, (document) => {
    if (!document.deleteIn(["devices", name])) {
      throw new UsageError("FS-DEVICE-UNKNOWN", `${name} is not configured`, { fix: "fieldseal devices list" });
    }
  });
}
