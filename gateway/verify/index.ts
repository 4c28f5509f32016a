export type { TrustedChain } from "./anchor.ts";
export { type Facts, type Report, STEPS, type Step, type StepName } from "./report.ts";
export { type VerifyOptions, verifyProof } from "./verify.ts";
