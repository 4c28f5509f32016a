import { createHmac, scrypt, scryptSync, timingSafeEqual } from "node:crypto";
import { fromBase64Url, toBase64Url, UsageError } from "../../protocols/bytes/index.ts";
import { isFilter } from "./topics.ts";

/** scrypt cost of a stored password: N = 2^14, r = 8, p = 1 takes 16 MB and some 50 ms (OWASP's lower bound for r = 8). */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const KEY_BYTES = 32;
/** Stored costs may be doubled once (N = 2^15, 32 MB); more would let a login weigh on the whole machine. */
const MAX_N = 2 ** 15;
const MAX_MEMORY = 64 * 1024 * 1024;

export interface BrokerUser {
  name: string;
  /** As `hashPassword` gives it. */
  password: string;
  /** 64 hex digits: this user is that device, and may do no more than a device. */
  device?: string;
  /** This user is a board that publishes plain values: it writes and reads these topics (filters), and nobody else writes them. */
  topics?: { write: readonly string[]; read: readonly string[] };
}

function derive(password: Uint8Array, salt: Uint8Array, cost: typeof COST): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, { ...cost, maxmem: MAX_MEMORY }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/**
 * The text to store for a password: `scrypt$N$r$p$salt$key`, base64url.
 * @param salt at least 16 random bytes.
 */
export function hashPassword(password: string, salt: Uint8Array): string {
  if (salt.length < 16) throw new UsageError("FS-MQTT-USER", "a password hash needs a salt of 16 random bytes");
  const key = scryptSync(password, salt, KEY_BYTES, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${toBase64Url(salt)}$${toBase64Url(key)}`;
}

interface Stored {
  cost: typeof COST;
  salt: Uint8Array;
  key: Uint8Array;
}

function parseHash(text: string): Stored | undefined {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d)\$([\w-]{22,})\$([\w-]{43})$/.exec(text);
  if (match === null) return undefined;
  const [, n, r, p, salt, key] = match;
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  if (cost.N < 2 ** 14 || cost.N > MAX_N || (cost.N & (cost.N - 1)) !== 0 || cost.r !== 8 || cost.p !== 1)
    return undefined;
  return { cost, salt: fromBase64Url(salt!), key: fromBase64Url(key!) };
}

export interface UserListOptions {
  users: readonly BrokerUser[];
  /** 32 random bytes of this process: remembers a verified password without keeping it. */
  secret: Uint8Array;
}

/** Who may log in. Verifying is slow by design, so at most two run at once, few wait, and a verified login is remembered. */
export class UserList {
  readonly #users = new Map<string, { user: BrokerUser; stored: Stored }>();
  readonly #verified = new Map<string, Uint8Array>();
  readonly #secret: Uint8Array;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @throws UsageError FS-MQTT-USER */
  constructor({ users, secret }: UserListOptions) {
    this.#secret = secret;
    for (const user of users) {
      const stored = parseHash(user.password);
      const why =
        stored === undefined
          ? "has a password that is not a scrypt hash"
          : this.#users.has(user.name)
            ? "is there twice"
            : user.name === "" || user.name.length > 64
              ? "has no usable name"
              : user.device !== undefined && !/^[0-9a-f]{64}$/.test(user.device)
                ? "names a device that is not 64 hex digits"
                : [...(user.topics?.write ?? []), ...(user.topics?.read ?? [])].every(isFilter)
                  ? undefined
                  : "has topics that are no filters";
      if (why !== undefined || stored === undefined) {
        throw new UsageError("FS-MQTT-USER", `MQTT user ${JSON.stringify(user.name.slice(0, 64))} ${why}`, {
          fix: "set the user's password with the command line, which stores its hash",
        });
      }
      this.#users.set(user.name, { user, stored });
    }
  }

  get size(): number {
    return this.#users.size;
  }

  /** The user, or undefined for a wrong name or password, or "busy" when too many logins are being verified. */
  async login(name: string, password: Uint8Array): Promise<BrokerUser | undefined | "busy"> {
    const entry = this.#users.get(name);
    const tag = createHmac("sha256", this.#secret).update(`${name.length}:${name}:`).update(password).digest();
    const known = this.#verified.get(name);
    if (entry !== undefined && known !== undefined && timingSafeEqual(known, tag)) return entry.user;
    if (this.#running >= 2 && this.#waiting.length >= 32) return "busy";
    await this.#turn();
    try {
      // An unknown name costs as much as a wrong password, so that time does not tell them apart.
      const stored = entry?.stored ?? { cost: COST, salt: this.#secret, key: new Uint8Array(KEY_BYTES) };
      const key = await derive(password, stored.salt, stored.cost);
      if (!timingSafeEqual(key, stored.key) || entry === undefined) return undefined;
      this.#verified.set(name, tag);
      return entry.user;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const run = (): void => {
        this.#running++;
        resolve();
      };
      if (this.#running < 2) run();
      else this.#waiting.push(run);
    });
  }
}
