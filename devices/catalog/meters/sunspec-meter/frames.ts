import type { RecordedFrame } from "../../../profile.ts";
import { floatMeter, integerMeter } from "../../inverters/sunspec-frames.ts";

export const frames: readonly RecordedFrame[] = [integerMeter, floatMeter];
