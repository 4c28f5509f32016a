import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import {
  builtIn,
  type Catalog,
  driverId,
  fromWritten,
  lintProfile,
  type Profile,
  type ProfileProblem,
  profileJsonSchema,
  profileSchema,
  type RecordedFrame,
} from "../../devices/index.ts";

import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { type ConfigProblem, describeProblem } from "./error.ts";
import { issueProblems } from "./issues.ts";
import { type PlaceOf, placesOf, plainValues } from "./places.ts";

/** A profile's file, read and checked. */
export interface ReadProfile {
  file: string;
  /** Absent when the file is so wrong that there is none. */
  profile?: Profile;
  frames: readonly RecordedFrame[];
  /** Everything that is wrong, at its place. A profile with problems is not used. */
  problems: readonly ConfigProblem[];
  place: PlaceOf;
}

export interface BrokenProfile {
  file: string;
  problems: readonly ConfigProblem[];
}

export interface LoadedProfiles {
  /** What ships, and the user's own; of two with one name the user's own. */
  catalog: Catalog;
  /** The user's own. */
  profiles: readonly (ReadProfile & { profile: Profile })[];
  /** Files left out. */
  broken: readonly BrokenProfile[];
  /** What is worth knowing: a profile that takes the place of one that ships. */
  notes: readonly string[];
}

const MAX_BYTES = 1 << 18;
const MAX_FILES = 200;

/** Whole numbers that a double holds become numbers; the others stay what they are. */
function numbers(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(numbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, numbers(inner)]));
}

/** Frames and what they decode to are texts, digit by digit: `power: -600.0` is not -600, and `0103` no number. */
function keepDigits(document: Document): void {
  const frames = document.get("frames");
  if (!isSeq(frames)) return;
  for (const frame of frames.items) {
    if (!isMap(frame)) continue;
    const expect = frame.get("expect");
    const values = isMap(expect) ? expect.items.map(({ value }) => value) : [];
    for (const scalar of [frame.get("request", true), frame.get("answer", true), ...values]) {
      if (isScalar(scalar) && scalar.source !== undefined) scalar.value = scalar.source;
    }
  }
}

/**
 * Reads one profile and checks it: form, sense, and nothing that is of no effect.
 * @throws EnvironmentError FS-PROFILE-MISSING when the file cannot be read.
 */
export function readProfile(file: string): ReadProfile {
  let text: string;
  try {
    if (statSync(file).size > MAX_BYTES) {
      return { file, frames: [], problems: [{ path: "", message: "is larger than 256 KiB" }], place: () => ({}) };
    }
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new EnvironmentError("FS-PROFILE-MISSING", `${file}: cannot be read`, {
      cause,
      fix: "name the YAML file of a profile, and see that it can be read",
    });
  }
  return parseProfile(file, text);
}

function parseProfile(file: string, text: string): ReadProfile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    intAsBigInt: true,
  });
  const place = placesOf(document, lines);
  const broken = (problems: ConfigProblem[]): ReadProfile => ({ file, frames: [], problems, place });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return broken(
      faults.map(({ message, pos }) => {
        const { line, col } = lines.linePos(pos[0]);
        return { path: "", message, line, column: col };
      }),
    );
  }
  keepDigits(document);
  const plain = plainValues(document);
  if ("fault" in plain) return broken([{ path: "", message: plain.fault }]);
  const parsed = profileSchema.safeParse(numbers(plain.values));
  if (!parsed.success) {
    const schema = profileJsonSchema();
    return broken(parsed.error.issues.flatMap((issue) => issueProblems(issue, schema, place)));
  }
  const { profile, frames, problems } = fromWritten(parsed.data);
  return { file, profile, frames, place, problems: placed([...problems, ...lintProfile(profile)], place) };
}

/** Problems that name their place by a dotted path, at their line and column. */
export function placed(problems: readonly ProfileProblem[], place: PlaceOf): ConfigProblem[] {
  return problems.map(({ path, message }) => ({ path, message, ...place(path.split(".")) }));
}

/** No folder, no profiles; one that cannot be read is told like a broken profile. */
function filesIn(folder: string): string[] | { unreadable: string } {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? [] : { unreadable: `cannot be read (${code})` };
  }
}

const brokenFile = (file: string, message: string): BrokenProfile => ({ file, problems: [{ path: "", message }] });

/** The user's own profiles: every YAML file of the folder. A broken one is told and left out. */
export function loadProfiles(folder: string, shipped: Catalog = builtIn): LoadedProfiles {
  const files = filesIn(folder);
  if ("unreadable" in files) {
    return { catalog: shipped, profiles: [], broken: [brokenFile(folder, files.unreadable)], notes: [] };
  }
  const profiles = new Map<string, ReadProfile & { profile: Profile }>();
  const broken = files
    .slice(MAX_FILES)
    .map((file) => brokenFile(file, `is one too many: ${MAX_FILES} profiles are read`));
  const notes: string[] = [];
  const known = new Set(shipped.profiles.map(driverId));
  for (const file of files.slice(0, MAX_FILES)) {
    const read = tried(file);
    const { profile, place, problems } = read;
    if (!profile || problems.length > 0) {
      broken.push({ file, problems });
      continue;
    }
    const id = driverId(profile);
    const other = profiles.get(id);
    if (other) {
      broken.push({ file, problems: [{ path: "id", message: `${id} is ${other.file}, too`, ...place(["id"]) }] });
      continue;
    }
    if (known.has(id)) notes.push(`${file}: ${id} takes the place of the profile that ships`);
    profiles.set(id, { ...read, profile });
  }
  const own = [...profiles.values()];
  return { catalog: shipped.with(own.map(({ profile }) => profile)), profiles: own, broken, notes };
}

/** Every problem of every file, as people read it. */
export function describeBroken(broken: readonly BrokenProfile[]): string[] {
  return broken.flatMap(({ file, problems }) => problems.map((problem) => describeProblem(file, problem)));
}

/** A file that cannot be read is one more that is left out. */
function tried(file: string): ReadProfile {
  try {
    return readProfile(file);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { file, frames: [], problems: [{ path: "", message: "cannot be read" }], place: () => ({}) };
  }
}
