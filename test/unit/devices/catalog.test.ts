import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { engines } from "../../../devices/drivers/engines.ts";
import { planBlocks, spansOf } from "../../../devices/drivers/modbus/plan.ts";
import {
  capabilitiesOf,
  catalog,
  DRIVERS,
  deviceListPage,
  driverId,
  findDriver,
  folderOf,
  lintProfile,
  type Profile,
  profile,
  type RecordedFrame,
} from "../../../devices/index.ts";

const root = fileURLToPath(new URL("../../../devices", import.meta.url));

function folders(): string[] {
  const found = readdirSync(join(root, "catalog"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === "profile.ts")
    .map((entry) => relative(root, entry.parentPath));
  return [...found, "_blueprint"].sort();
}

async function load(folder: string): Promise<{ profile: Profile; frames: readonly RecordedFrame[] }> {
  const at = (file: string) => pathToFileURL(join(root, folder, file)).href;
  const { default: loaded } = (await import(at("profile.ts"))) as { default: Profile };
  const { frames } = (await import(at("frames.ts"))) as { frames: readonly RecordedFrame[] };
  return { profile: loaded, frames };
}

describe.each(folders())("%s", (folder) => {
  it("is a sound profile", async () => {
    expect(lintProfile((await load(folder)).profile)).toEqual([]);
  });

  it("decodes its recorded frames to the digit", async () => {
    const { profile: board, frames } = await load(folder);
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) {
      expect(frame.source.trim()).not.toBe("");
      expect(Object.keys(frame.expect).length).toBeGreaterThan(0);
      const values = engines[board.link].decodeFrame(board, frame);
      for (const [name, text] of Object.entries(frame.expect)) expect(String(values.get(name)), name).toBe(text);
    }
  });

  it("has a README with sources, and is listed under its name", async () => {
    const { profile: board } = await load(folder);
    expect(readFileSync(join(root, folder, "README.md"), "utf8")).toMatch(/^Sources:\n- /m);
    if (folder === "_blueprint") return;
    expect(dirname(folder)).toMatch(/^catalog\/[a-z]+$/);
    expect(folder.endsWith(`/${board.id}`)).toBe(true);
    expect(findDriver(driverId(board))).toBe(board);
    expect(folder).toBe(`catalog/${folderOf(board)}`);
  });

  it("reads in blocks that the board can answer", async () => {
    const { profile: board } = await load(folder);
    if (board.link !== "modbus") return;
    const blocks = planBlocks(board);
    const read = new Set(blocks.flatMap(({ table, spans }) => spans.map(({ at, words }) => `${table} ${at} ${words}`)));
    for (const { register } of board.measurements) {
      for (const { at, words } of spansOf(register!)) expect(read).toContain(`${register!.table} ${at} ${words}`);
    }
    for (const { count } of blocks) expect(count).toBeLessThanOrEqual(board.modbus!.maxRegisters);
  });
});

describe("catalog", () => {
  it("lists every folder once", () => {
    expect(catalog).toHaveLength(folders().length - 1);
    expect(new Set(DRIVERS.map(({ id }) => id)).size).toBe(catalog.length);
  });

  it("is the page DEVICES.md, whose links lead to a README", async () => {
    const page = deviceListPage(catalog);
    // `-u` writes it anew.
    await expect(page).toMatchFileSnapshot(join(root, "DEVICES.md"));
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    expect(links).toHaveLength(catalog.length + 1);
    for (const link of links) expect(existsSync(join(root, link)), link).toBe(true);
  });

  it("has no word of its own beside the vocabulary", () => {
    for (const { measurements } of catalog) {
      for (const { name } of measurements) expect(name.startsWith("x_"), name).toBe(false);
    }
  });

  it("knows what a mistyped driver may have meant", () => {
    expect(() => findDriver("modbus/eastron-sdm603")).toThrow(
      expect.objectContaining({
        code: "FS-DEVICE-DRIVER",
        fix: expect.stringContaining("did you mean modbus/eastron-sdm630") as string,
      }) as Error,
    );
    expect(() => findDriver("sdm120")).toThrow(
      expect.objectContaining({ context: { suggestions: ["modbus/eastron-sdm120"] } }) as Error,
    );
    expect(() => findDriver("")).toThrow(expect.objectContaining({ code: "FS-DEVICE-DRIVER" }) as Error);
  });

  it("says what a device is to a builder", () => {
    expect(capabilitiesOf(findDriver("modbus/eastron-sdm630"))).toEqual([
      { kind: "energy-meter", power: "power", energyImport: "energy_import", energyExport: "energy_export", phases: 3 },
    ]);
    expect(capabilitiesOf(findDriver("modbus/eastron-sdm120"))[0]).toMatchObject({ phases: 1 });
  });

  it("finds what is wrong with a profile", () => {
    const sound = findDriver("modbus/eastron-sdm120");
    const [first, ...rest] = sound.measurements;
    const broken = profile({
      ...sound,
      id: "Not An Id",
      work: "power",
      measurements: [{ ...first!, unit: "kV", bounds: [5, 1], source: "" }, first!, ...rest],
    });
    expect(lintProfile(broken).map(({ path }) => path)).toEqual([
      "id",
      "measurements.voltage.unit",
      "measurements.voltage.unit",
      "measurements.voltage.bounds",
      "measurements.voltage.source",
      "measurements.voltage",
      "work",
    ]);
  });

  it("does no input or output", () => {
    for (const folder of folders()) expect(existsSync(join(root, folder, "profile.ts"))).toBe(true);
    const sources = folders().flatMap((folder) => ["profile.ts", "frames.ts"].map((file) => join(root, folder, file)));
    for (const file of sources) expect(readFileSync(file, "utf8"), file).not.toMatch(/from "(node:|serialport)/);
  });
});
