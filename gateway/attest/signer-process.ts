import { Socket } from "node:net";
import { EnvironmentError, FieldsealError, InternalError, UsageError } from "../../protocols/bytes/index.ts";
import { selectBackend } from "./backends/index.ts";
import { Keystore } from "./keystore.ts";
import { readPassphrase } from "./passphrase.ts";
import { Signer } from "./signer.ts";
import { type FromSigner, SignerExit, type ToSigner } from "./signer-messages.ts";
import { SignerServer } from "./signer-server.ts";
import { SignerState } from "./signer-state.ts";

/**
 * The signer: a process of its own that holds the keys. Its parent hands it the key store's path over IPC, the channel on
 * descriptor 3 and the passphrase on descriptor 4. It ends when its parent or its channel does.
 */
const CHANNEL = 3;
const PASSPHRASE = 4;

/** Errors that the same start would meet again. */
const LASTING = /^FS-KEY-(?!IO$)/;

function tell(message: FromSigner): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}

async function fail(error: unknown): Promise<never> {
  const known =
    error instanceof FieldsealError ? error : new InternalError("FS-SIGNER-BUG", "the signer failed", { cause: error });
  const { code, message, fix } = known;
  await tell({ type: "error", code, message, ...(fix === undefined ? {} : { fix }) });
  process.exit(LASTING.test(code) ? SignerExit.configuration : SignerExit.again);
}

function startMessage(): Promise<ToSigner> {
  return new Promise((resolve, reject) => {
    process.once("message", (message: unknown) => {
      const { type, keys } = (message ?? {}) as Partial<ToSigner>;
      if (type === "start" && typeof keys === "string") resolve({ type, keys });
      else reject(new UsageError("FS-SIGNER-START", "the first message is not a start message"));
    });
  });
}

/** Unseals the keys and counts the start; the passphrase does not outlive this. */
async function open(): Promise<{ signer: Signer; backend: string; keys: number }> {
  const [{ keys: dir }, passphrase] = await Promise.all([
    startMessage(),
    readPassphrase({ kind: "fd", fd: PASSPHRASE }),
  ]);
  const { backend } = selectBackend();
  let keystore: Keystore;
  try {
    keystore = Keystore.open({ dir, passphrase, backend });
  } finally {
    passphrase.fill(0);
  }
  try {
    // Keys first: a key store that is refused does not use up boot numbers.
    const keys = keystore.list().length;
    const state = SignerState.start(dir);
    return { signer: new Signer({ keystore, state, backendName: backend.name }), backend: backend.name, keys };
  } finally {
    keystore.close();
  }
}

async function main(): Promise<void> {
  if (process.send === undefined) {
    throw new UsageError("FS-SIGNER-START", "the signer is started by fieldseal run", { fix: "fieldseal run" });
  }
  process.once("disconnect", () => process.exit(SignerExit.done));
  process.once("SIGTERM", () => process.exit(SignerExit.done));
  // The terminal sends these to the whole group; the parent decides when the last signature is made.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  // Without a listener this signal opens node's debugger, and with it the memory that holds the keys.
  process.on("SIGUSR1", () => undefined);

  const { signer, backend, keys } = await open();
  let channel: Socket;
  try {
    channel = new Socket({ fd: CHANNEL, readable: true, writable: true });
  } catch (cause) {
    throw new EnvironmentError("FS-SIGNER-START", "descriptor 3 is no channel", { cause });
  }
  new SignerServer({
    signer,
    channel,
    onEnd(error) {
      signer.close();
      if (error === undefined) process.exit(SignerExit.done);
      // The refusal that tells the gateway why is still on its way.
      channel.once("finish", () => void fail(error));
      channel.once("close", () => void fail(error));
    },
  }).start();
  await tell({ type: "ready", boot: signer.boot, backend, keys });
}

main().catch(fail);
