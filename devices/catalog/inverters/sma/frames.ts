import type { RecordedFrame } from "../../../profile.ts";
import { integerInverter } from "../sunspec-frames.ts";

export const frames: readonly RecordedFrame[] = [integerInverter];
