import type { MeasurementProfile, Profile } from "./profile.ts";

function retuned(measurement: MeasurementProfile, pulses: number): MeasurementProfile {
  const { firmata, step } = measurement;
  if (!firmata || !("pulses" in firmata)) return measurement;
  // Fewer pulses for a kWh: each is worth more, and as many of them come a second (EN 62053-31 §4.2). More of them are no reason
  // to take less for possible.
  const wider = step === undefined ? {} : { step: Math.max(step, Math.ceil((step * firmata.impulses) / pulses)) };
  return { ...measurement, ...wider, firmata: { ...firmata, impulses: pulses } };
}

/**
 * The profile of a meter whose pulses are counted, with the meter's own constant.
 * @param pulsesPerKwh as printed on the meter; undefined: the profile's.
 */
export function withPulseConstant(profile: Profile, pulsesPerKwh: number | undefined): Profile {
  if (pulsesPerKwh === undefined) return profile;
  return { ...profile, measurements: profile.measurements.map((measurement) => retuned(measurement, pulsesPerKwh)) };
}
