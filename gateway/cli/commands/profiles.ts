import { checkFrames, driverId, type FrameResult } from "../../../devices/index.ts";
import { describeProblem, placed, readProfile } from "../../config/index.ts";
import { type CommonOptions, outputOf } from "../context.ts";
import { Exit } from "../exit.ts";

/** `fieldseal devices test`: checks a profile of one's own, and decodes its recorded frames. Exit 1 when something differs. */
export function devicesTest(file: string, options: CommonOptions): void {
  const out = outputOf(options);
  const { profile, frames, problems, place } = readProfile(file);
  const sound = profile !== undefined && problems.length === 0;
  const results = sound ? checkFrames(profile, frames) : [];
  const found = [...problems, ...placed([...results.flatMap((result) => result.problems)], place)];
  // Nobody has seen a profile without a frame read anything.
  if (sound && frames.length === 0) {
    found.push({ path: "frames", message: "are none: add one from the manual, or from the board", ...place([]) });
  }
  const ok = found.length === 0;
  const shown = new Set(frames.flatMap(({ expect }) => Object.keys(expect)));
  const unshown = (profile?.measurements ?? []).map(({ name }) => name).filter((name) => !shown.has(name));
  out.data({ file, ok, driver: profile ? driverId(profile) : null, problems: found, frames: results, unshown }, 2);
  for (const problem of found) out.line(describeProblem(file, problem));
  for (const result of results) out.line(frameLine(result));
  if (!ok) process.exitCode = Exit.failed;
  else {
    out.line(
      `ok         ${driverId(profile!)}   ${profile!.measurements.length} measurements, ${frames.length} frames`,
    );
    if (unshown.length > 0) out.note(`no frame shows ${unshown.join(", ")}`);
    out.note("use        put it into the folder `profiles` beside the configuration");
  }
}

function frameLine({ what, values, problems }: FrameResult): string {
  const decoded = Object.entries(values).map(([name, value]) => `${name} ${value}`);
  return `${(problems.length > 0 ? "differs" : "decoded").padEnd(10)} ${what}: ${decoded.join(", ") || "nothing"}`;
}
