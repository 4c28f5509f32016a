export {
  type BackendName,
  type CryptoBackend,
  nobleBackend,
  nodeBackend,
  type SelectedBackend,
  type SigningKey,
  selectBackend,
} from "./backends/index.ts";
export {
  type BoardPack,
  type BoardPackOptions,
  decodeBoardPack,
  encodeBoardPack,
  verifyBoardPack,
} from "./board-pack.ts";
export { chainAddress, chainSigner } from "./chain-signer.ts";
export {
  type Admission,
  type AdmitOptions,
  admit,
  type DeviceHistory,
  type HistoryStart,
  type PastStatement,
  type RefusalCode,
  startHistory,
} from "./guard.ts";
export {
  type CreateKeyOptions,
  type CreateKeystoreOptions,
  Keystore,
  type KeystoreOptions,
  listKeys,
  type OpenKey,
} from "./keystore.ts";
export {
  algorithmsOf,
  DEFAULT_SCRYPT,
  KEY_NAME,
  type KeyInfo,
  type KeyPurpose,
  type ScryptParameters,
} from "./keystore-format.ts";
export { Packer, type PackerOptions, type PackProposal, type PackReading } from "./packer.ts";
export {
  type PassphraseSource,
  type ResolvePassphraseOptions,
  readPassphrase,
  resolvePassphrase,
} from "./passphrase.ts";
export { Signer, type SignerOptions } from "./signer.ts";
export type { CoordinatorCall } from "./signer-calls.ts";
export { SignerClient, type SignerClientOptions } from "./signer-client.ts";
export { type FromSigner, SignerExit, type ToSigner } from "./signer-messages.ts";
export type {
  AnchorFields,
  AttestRequest,
  CheckpointRequest,
  EnrolRequest,
  SignerRequest,
  TransactionRequest,
} from "./signer-protocol.ts";
export type { Hello, SignerResults } from "./signer-response.ts";
export { SignerServer, type SignerServerOptions } from "./signer-server.ts";
export { type SignedHead, SignerState } from "./signer-state.ts";
