/** What the supervisor tells the signer's process over IPC. The passphrase comes on descriptor 4, never here. */
export interface ToSigner {
  type: "start";
  /** Directory of the key store. */
  keys: string;
}

/** What the signer's process tells the supervisor. */
export type FromSigner =
  | { type: "ready"; boot: number; backend: string; keys: number }
  /** It could not start, or must not go on, and ends now. */
  | { type: "error"; code: string; message: string; fix?: string };

/** Exit codes: 0 the channel or the parent is gone, 1 start again, 78 nothing changes without the operator. */
export const SignerExit = { done: 0, again: 1, configuration: 78 } as const;
