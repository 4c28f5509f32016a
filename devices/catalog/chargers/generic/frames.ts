import type { RecordedFrame } from "../../../profile.ts";
import { frames as old } from "../ocpp-16/frames.ts";
import { frames as current } from "../ocpp-201/frames.ts";

/** Messages of either version. */
export const frames: readonly RecordedFrame[] = [...old, ...current];
