import { FieldsealError } from "../protocols/bytes/index.ts";
import { engines } from "./drivers/engines.ts";
import type { Profile, RecordedFrame } from "./profile.ts";
import type { ProfileProblem } from "./profile-lint.ts";

/** A recorded frame decoded the way the driver does, and what differs from what it must give. */
export interface FrameResult {
  what: string;
  /** Exact decimal text by measurement name. */
  values: Readonly<Record<string, string>>;
  /** With paths as in the profile's file: `frames.0.expect.power`. */
  problems: readonly ProfileProblem[];
}

/** Decodes each recorded frame of a sound profile, and compares it digit by digit. */
export function checkFrames(profile: Profile, frames: readonly RecordedFrame[]): FrameResult[] {
  return frames.map((frame, i) => {
    const problems: ProfileProblem[] = [];
    const values: Record<string, string> = {};
    try {
      for (const [name, value] of engines[profile.link].decodeFrame(profile, frame)) values[name] = String(value);
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      return {
        what: frame.what,
        values,
        problems: [{ path: `frames.${i}.answer`, message: `${error.code} ${error.message}` }],
      };
    }
    for (const [name, expected] of Object.entries(frame.expect)) {
      const got = values[name];
      if (got === expected) continue;
      const message =
        got === undefined ? `is not in the answer, expected ${expected}` : `is ${got}, expected ${expected}`;
      problems.push({ path: `frames.${i}.expect.${name}`, message });
    }
    if (Object.keys(frame.expect).length === 0) problems.push({ path: `frames.${i}.expect`, message: "is empty" });
    return { what: frame.what, values, problems };
  });
}
