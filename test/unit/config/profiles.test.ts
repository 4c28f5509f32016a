import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { frames as exampleFrames } from "../../../devices/_blueprint/frames.ts";
import example from "../../../devices/_blueprint/profile.ts";
import { engines } from "../../../devices/drivers/engines.ts";
import { builtIn, catalog, driverId } from "../../../devices/index.ts";
import { checkFrames } from "../../../devices/profile-frames.ts";
import { profileJsonSchema, WRITABLE_LINKS } from "../../../devices/profile-schema/index.ts";
import { describeProblem, loadProfiles, readProfile } from "../../../gateway/config/index.ts";

const blueprint = fileURLToPath(new URL("../../../devices/_blueprint/example-em1.yaml", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldseal-profiles-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(text: string, name = "board.yaml"): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const METER = readFileSync(blueprint, "utf8");
/** The blueprint with something in it changed. */
const changed = (from: string | RegExp, to: string) => {
  expect(METER).toMatch(from);
  return METER.replace(from, to);
};
const problems = (text: string) => {
  const file = write(text);
  return readProfile(file).problems.map((problem) => describeProblem("f", problem));
};

describe("a profile in YAML", () => {
  it("is the same as in TypeScript: blueprint and every model of the catalog", () => {
    const { profile, frames, problems } = readProfile(blueprint);
    expect(problems).toEqual([]);
    expect(profile).toEqual(example);
    expect(frames.map(({ expect: values }) => values)).toEqual(exampleFrames.map(({ expect: values }) => values));
    for (const shipped of catalog) {
      const read = readProfile(write(stringify(shipped)));
      expect(read.problems, driverId(shipped)).toEqual([]);
      expect(read.profile).toEqual(shipped);
    }
  });

  it("can be written for every link", () => {
    expect([...WRITABLE_LINKS].sort()).toEqual(Object.keys(engines).sort());
  });

  it("takes 40 lines at most for a Modbus meter", () => {
    expect(METER.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });

  it("decodes its frames to the digit, and tells what differs where", () => {
    const read = readProfile(write(changed("power: -600.0", "power: -600")));
    const [result] = checkFrames(read.profile!, read.frames);
    expect(result!.values).toMatchObject({ power: "-600.0", voltage: "230.0" });
    expect(result!.problems).toEqual([{ path: "frames.0.expect.power", message: "is -600.0, expected -600" }]);
    const cut = readProfile(write(changed(/answer: .*/, "answer: 01 03 06 FF FF")));
    expect(checkFrames(cut.profile!, cut.frames)[0]!.problems[0]).toMatchObject({ path: "frames.0.answer" });
  });

  it("keeps hex and digits as they are written, whatever YAML takes them for", () => {
    const [frame] = readProfile(write(changed(/answer: .*/, "answer: 0103060012"))).frames;
    expect(frame!.answer).toBe("0103060012");
    const [exponent] = readProfile(write(changed(/answer: .*/, "answer: 1e5"))).frames;
    expect(exponent!.answer).toBe("1e5");
    const [hex] = readProfile(write(changed(/answer: .*/, "answer: 0x12"))).frames;
    expect(hex!.answer).toBe("0x12");
  });

  it("takes bytes as mbpoll prints them", () => {
    const { profile, frames } = readProfile(
      write(
        changed(/request: .*/, '"request": "[01][03][00][00][00][03][05][CB]"').replace(
          /answer: .*/,
          'answer: "<01><03><06><FF><FF><E8><90><08><FC><13><62>"',
        ),
      ),
    );
    expect(checkFrames(profile!, frames)[0]!.problems).toEqual([]);
  });

  it("keeps 64-bit integers whole", () => {
    const { profile } = readProfile(
      write(changed("at: 0x10, type: u32", "at: 0x10, type: u64, none: [18446744073709551615]")),
    );
    expect(profile!.measurements.at(-1)!.register!.none).toEqual([2n ** 64n - 1n]);
  });
});

describe("what is wrong with a profile", () => {
  it("is told with line, column and the word meant", () => {
    expect(problems(changed("baudRate:", "baudrate:"))).toEqual([
      expect.stringMatching(/^f:\d+:\d+ modbus\.baudrate: unknown key, did you mean baudRate\?$/),
    ]);
    const lines = METER.split("\n");
    const line = lines.findIndex((text) => text.includes("name: voltage"));
    expect(problems(changed("name: voltage", "name: voltag"))).toEqual([
      `f:${line + 1}:5 measurements.voltag: is not in the vocabulary, did you mean voltage?`,
    ]);
    expect(problems(changed("type: i32", "type: i23"))[0]).toMatch(/^f:\d+:\d+ measurements\.0\.register\.type: /);
  });

  it("is told for sense, too, at the value itself", () => {
    expect(problems(changed("[0, 300]", "[300, 0]"))[0]).toMatch(
      /^f:\d+:\d+ measurements\.voltage\.bounds: must be two finite numbers, the smaller first$/,
    );
    expect(problems(changed("work: energy_import", "work: energy"))[0]).toMatch(/^f:\d+:7 work: energy is not one/);
    expect(problems(changed("step: 5", "resolution: 10"))[0]).toMatch(/ work: needs a step/);
    expect(problems(changed("maxRegisters: 40", "maxRegisters: 400"))[0]).toMatch(/^f:\d+:\d+ modbus\.maxRegisters: /);
    expect(problems(changed("[0, 300]", "[300, 0]").replace("step: 5", "step: 0"))).toHaveLength(2);
  });

  it("is what has no effect", () => {
    expect(problems(`${METER}p1: { every: 1000 }\n`)).toEqual([
      expect.stringMatching(/ p1: is of no effect: link is modbus$/),
    ]);
    expect(problems(changed("register: { table: holding, at: 0x02, type: u16 }", "fix: speed"))).toEqual([
      expect.stringMatching(/measurements\.voltage\.fix: is of no effect: a modbus board has register here$/),
      expect.stringMatching(/measurements\.voltage\.register: is missing$/),
    ]);
  });

  it("is told of the form of a value that it resembles most", () => {
    const text = readFileSync(blueprint, "utf8")
      .replace("link: modbus", "link: text")
      .replace(/^modbus:.*$/m, "")
      .replace("register: { table: holding, at: 0x02, type: u16 }", "text: { node: 10, at: 2, type: u16, abscent: 3 }");
    expect(problems(text).find((one) => one.includes("abscent"))).toMatch(
      /text\.abscent: unknown key, did you mean absent\?/,
    );
  });

  it("is told for files that are no profile at all", () => {
    const twice = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`).join(", ")}]\n`;
    const bomb = `a: &a [1]\n${["b", "c", "d", "e"].map((name, i) => twice(name, "abcd"[i]!)).join("")}`;
    for (const text of ["", "- 1\n", "just words\n", "id: [\n", "a: &a [*a]\n", bomb, "id: 1\nid: 2\n"]) {
      expect(problems(text).length, text).toBeGreaterThan(0);
    }
    expect(() => readProfile(join(folder, "absent.yaml"))).toThrow(
      expect.objectContaining({ code: "FS-PROFILE-MISSING" }) as Error,
    );
    expect(readProfile(write("x".repeat(300_000))).problems).toEqual([{ path: "", message: "is larger than 256 KiB" }]);
  });

  it("is not a word of one's own that says its unit", () => {
    const own = (line: string) =>
      changed(
        "measurements:",
        `measurements:\n  - { ${line}, bounds: [0, 10], source: a, register: { table: input, at: 9, type: u16 } }`,
      );
    expect(problems(own("name: x_ph, unit: pH, kind: gauge"))).toEqual([]);
    expect(problems(own("name: x_ph"))[0]).toMatch(/needs unit and kind/);
    expect(problems(own("name: x_ph, unit: furlong, kind: gauge"))[0]).toMatch(/is not a SenML unit/);
  });
});

describe("a folder of profiles", () => {
  it("is added to what ships; a broken one is left out, the rest stays", () => {
    const good = write(METER, "a.yaml");
    const bad = write(changed("id: example-em1", "id: Bad"), "b.yml");
    const twice = write(METER, "c.yaml");
    write("no profile", ".hidden.yaml");
    write("no profile", "README.md");
    mkdirSync(join(folder, "d.yaml"));
    const { catalog: all, profiles, broken, notes } = loadProfiles(folder);
    expect(profiles.map(({ file }) => file)).toEqual([good]);
    expect(broken.map(({ file }) => file)).toEqual([bad, twice]);
    expect(broken[1]!.problems[0]).toMatchObject({ path: "id", line: expect.any(Number) as number });
    expect(notes).toEqual([]);
    expect(all.find("modbus/example-em1")).toEqual(example);
    expect(all.profiles).toHaveLength(builtIn.profiles.length + 1);
  });

  it("may replace a profile that ships, and says so", () => {
    write(changed("id: example-em1", "id: eastron-sdm630"));
    const { catalog: all, notes } = loadProfiles(folder);
    expect(all.find("modbus/eastron-sdm630").vendor).toBe("Example");
    expect(notes).toEqual([expect.stringContaining("modbus/eastron-sdm630 takes the place of the profile that ships")]);
  });

  it("may be absent", () => {
    expect(loadProfiles(join(folder, "none"))).toMatchObject({
      profiles: [],
      broken: [],
      catalog: { profiles: catalog },
    });
  });
});

describe("the JSON Schema of a profile", () => {
  it("describes every field for editors", () => {
    const schema = profileJsonSchema() as {
      additionalProperties: boolean;
      properties: Record<string, object>;
      required: string[];
    };
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining([...WRITABLE_LINKS, "measurements", "frames"]),
    );
    expect(schema.required.sort()).toEqual(["id", "link", "measurements", "model", "source", "vendor", "work"]);
  });
});
