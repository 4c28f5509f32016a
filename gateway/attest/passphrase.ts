import { closeSync, constants, fstatSync, openSync, read } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EnvironmentError, UsageError } from "../../protocols/bytes/index.ts";
import { fileError, readSecretFile } from "./keystore-files.ts";

/** Where the passphrase comes from. It is never an argument: those are visible to every user of the machine. */
export type PassphraseSource =
  | { kind: "fd"; fd: number }
  /** A secret file of ours, 0600. */
  | { kind: "file"; path: string }
  /** A file the service manager made for us (systemd.exec(5), LoadCredential=), which looks after its mode. */
  | { kind: "credential"; path: string };

export interface ResolvePassphraseOptions {
  /** A descriptor handed over by who started us. Wins over all. */
  fd?: number;
  /** The configuration's `file:PATH` or `credential:NAME`. */
  configured?: string;
  /** Whether a file is there; asked only about the service manager's credential. */
  exists?: (path: string) => boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const CREDENTIAL = "fieldseal-passphrase";
const MAX_PASSPHRASE = 1024;

function credential(env: Environment, name: string): PassphraseSource {
  const dir = env["CREDENTIALS_DIRECTORY"];
  if (dir === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new UsageError("FS-KEY-NO-PASSPHRASE", `credential ${name} was not handed over by the service manager`, {
      fix: `Add LoadCredential=${name}:PATH to the service, or name a file with mode 0600.`,
    });
  }
  return { kind: "credential", path: join(dir, name) };
}

/**
 * Decides where to read the passphrase: descriptor, configuration, the service manager's credential `fieldseal-passphrase`,
 * then the file that FIELDSEAL_PASSPHRASE_FILE names. Undefined when none is given.
 * @throws UsageError FS-KEY-PASSPHRASE-ENV when the passphrase itself is in the environment; FS-KEY-NO-PASSPHRASE for a
 * configured place that cannot be.
 */
export function resolvePassphrase(
  env: Environment,
  { fd, configured, exists = () => false }: ResolvePassphraseOptions = {},
): PassphraseSource | undefined {
  if (env["FIELDSEAL_PASSPHRASE"] !== undefined) {
    throw new UsageError("FS-KEY-PASSPHRASE-ENV", "FIELDSEAL_PASSPHRASE holds a passphrase", {
      fix: "Put it in a file with mode 0600 and name that in FIELDSEAL_PASSPHRASE_FILE: every child process inherits the environment.",
    });
  }
  if (fd !== undefined) return { kind: "fd", fd };
  if (configured !== undefined) {
    if (configured.startsWith("file:")) return { kind: "file", path: configured.slice(5) };
    if (configured.startsWith("credential:")) return credential(env, configured.slice(11));
    throw new UsageError("FS-KEY-NO-PASSPHRASE", "the configured passphrase is neither file:PATH nor credential:NAME", {
      fix: "Write where the passphrase is, never the passphrase itself.",
    });
  }
  const dir = env["CREDENTIALS_DIRECTORY"];
  if (dir !== undefined && exists(join(dir, CREDENTIAL))) return credential(env, CREDENTIAL);
  const path = env["FIELDSEAL_PASSPHRASE_FILE"];
  return path === undefined || path === "" ? undefined : { kind: "file", path };
}

const readFd = promisify(read);

/** Reads a descriptor to its end and closes it. Pipes and sockets block in the thread pool, not the process. */
async function readToEnd(fd: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(MAX_PASSPHRASE + 2);
  let at = 0;
  try {
    while (at < bytes.length) {
      const { bytesRead } = await readFd(fd, bytes, at, bytes.length - at, null);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
  } catch (cause) {
    bytes.fill(0);
    throw fileError(`descriptor ${fd}`, cause);
  } finally {
    closeSync(fd);
  }
  return bytes.subarray(0, at);
}

/** systemd's credentials are made for us alone, though their group bits may show an ACL's mask: the mode says nothing there. */
async function readCredential(path: string): Promise<Uint8Array> {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw fileError(path, cause);
  }
  if (!fstatSync(fd).isFile()) {
    closeSync(fd);
    throw new EnvironmentError("FS-KEY-MODE", `${path} is not a plain file`, { context: { path } });
  }
  return readToEnd(fd);
}

/**
 * Reads the passphrase: its bytes as they are, without one final newline. The caller zeroises them.
 * @throws UsageError FS-KEY-PASSPHRASE for an empty or overlong one; EnvironmentError FS-KEY-MISSING, FS-KEY-MODE, FS-KEY-IO.
 */
export async function readPassphrase(source: PassphraseSource): Promise<Uint8Array> {
  const read =
    source.kind === "fd"
      ? await readToEnd(source.fd)
      : source.kind === "file"
        ? readSecretFile(source.path)
        : await readCredential(source.path);
  let end = read.length;
  if (read[end - 1] === 0x0a) end -= read[end - 2] === 0x0d ? 2 : 1;
  if (end <= 0 || end > MAX_PASSPHRASE) {
    read.fill(0);
    throw new UsageError("FS-KEY-PASSPHRASE", `the passphrase is ${end <= 0 ? "empty" : "longer than 1,024 bytes"}`, {
      fix: "Check where it is read from.",
    });
  }
  return read.subarray(0, end);
}
