export { type OcmfCurve, ocmfCurveOf } from "./curves.ts";
export { decodeOcmfKey, type OcmfPublicKey } from "./key.ts";
export { decodeOcmf, type OcmfLimits, type OcmfReading, type OcmfRecord, type OcmfSignature } from "./record.ts";
export { type OcmfEnergy, type OcmfEnergyFault, type OcmfSession, ocmfSession } from "./session.ts";
export { type OcmfClock, type OcmfTime, parseOcmfTime } from "./time.ts";
export { type OcmfFault, type OcmfVerdict, verifyOcmf } from "./verify.ts";
