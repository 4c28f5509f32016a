export { encodeRapi, MAX_RAPI, type RapiChecksum, RapiDecoder, type RapiEvent, type RapiFrame } from "./frame.ts";
export { type EvseState, evseState, evseStates } from "./state.ts";
