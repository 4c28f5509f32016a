/** What is known against a reading. A reading is attested as it came and marked, never repaired. */
export const Quality = {
  /** A value is outside the profile's bounds. */
  OutOfBounds: 1,
  /** A value moved further since the last reading than the profile allows. */
  StepTooLarge: 2,
  /** A value has been the same for longer than the profile allows. */
  Stuck: 4,
  /** A counter is below what it was. */
  RegisterFell: 8,
  /** The clock that gave the time was not synchronized. */
  ClockUnsynced: 16,
  /** Readings are missing between the one before and this one. */
  GapBefore: 32,
} as const;

/** All bits that have a meaning. */
export const QUALITY_MASK = 63;

/** Names of the bits that are set, in ascending order of the bits. */
export function qualityNames(quality: number): (keyof typeof Quality)[] {
  return (Object.keys(Quality) as (keyof typeof Quality)[]).filter((name) => quality & Quality[name]);
}
