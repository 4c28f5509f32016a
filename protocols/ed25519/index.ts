export { ed25519Point, verifyEd25519 } from "./verify.ts";
