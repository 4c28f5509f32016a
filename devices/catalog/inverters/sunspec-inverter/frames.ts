import type { RecordedFrame } from "../../../profile.ts";
import { floatInverter, integerInverter } from "../sunspec-frames.ts";

export const frames: readonly RecordedFrame[] = [integerInverter, floatInverter];
