import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { join } from "node:path";
import { EnvironmentError, fromUtf8, ProtocolError, TimeoutError, UsageError } from "../../protocols/bytes/index.ts";
import { type LogFiles, nodeLogFiles } from "../batch/index.ts";
import { LogReader } from "../batch/log-reader.ts";
import { decodePublishedShares, type PublishedSeal } from "./published-shares.ts";

/** Where a gateway's published files are read: what is missing is undefined. */
export type PublishedFiles = Pick<LogFiles, "read" | "list">;

/** What a gateway publishes: its log, and the shares of its seals. Nothing of it is trusted. */
export interface Published {
  /** Entries of tile `index`, the first `width` of them. @throws EnvironmentError FS-LOG-…, FS-WATCH-…; TimeoutError. */
  entries(index: number, width: number): Promise<Uint8Array[]>;
  /** Undefined when there is no file. @throws ProtocolError FS-WATCH-SHARES; EnvironmentError FS-LOG-…, FS-WATCH-…. */
  shares(epoch: bigint): Promise<PublishedSeal[] | undefined>;
}

/** Longest file read, bytes: a bundle of 256 entries of 65,535 bytes is the longest that the log's format allows. */
const MOST = 17 << 20;
const TIMEOUT_MS = 20_000;

const sharesPath = (epoch: bigint) => `${String(epoch).padStart(10, "0")}.json`;

/** @param log C2SP tiles. @param seals one JSON file an epoch. */
export function publishedIn(log: PublishedFiles, seals: PublishedFiles): Published {
  const refuse = (name: string) => async (): Promise<never> => {
    throw new UsageError("FS-LOG-READ-ONLY", `another gateway's files are only read (${name})`);
  };
  const readOnly: LogFiles = {
    name: "published",
    start: async () => undefined,
    read: (path) => log.read(path),
    list: (folder) => log.list(folder),
    write: refuse("write"),
    rename: refuse("rename"),
    syncFolder: refuse("syncFolder"),
    remove: refuse("remove"),
    removeFolder: refuse("removeFolder"),
  };
  const reader = new LogReader(readOnly);
  return {
    entries: (index, width) => reader.items("entries", index, width),
    async shares(epoch) {
      const bytes = await seals.read(sharesPath(epoch));
      if (bytes === undefined) return undefined;
      const text = bytes.length <= MOST ? fromUtf8(bytes) : undefined;
      if (text === undefined) throw new ProtocolError("FS-WATCH-SHARES", "published shares: too long, or not UTF-8");
      return decodePublishedShares(text, epoch);
    },
  };
}

/** A gateway's data folder, or a copy of it: `log/` and `seals/`. */
export const publishedFolder = (folder: string): Published =>
  publishedIn(nodeLogFiles(join(folder, "log")), nodeLogFiles(join(folder, "seals")));

/**
 * The same behind a URL: `<base>/log/tile/…` and `<base>/seals/…`.
 * @throws UsageError FS-WATCH-URL.
 */
export function publishedAt(base: string): Published {
  return publishedIn(httpFiles(base, "log"), httpFiles(base, "seals"));
}

function httpFiles(base: string, folder: string): PublishedFiles {
  const target = URL.canParse(base) ? new URL(base) : undefined;
  if (target === undefined || (target.protocol !== "http:" && target.protocol !== "https:")) {
    throw new UsageError("FS-WATCH-URL", "the place of a gateway's published files is not a URL", {
      fix: "Give http://… or https://…, or a folder.",
    });
  }
  const secure = target.protocol === "https:";
  const send = secure ? httpsRequest : httpRequest;
  const settings = { keepAlive: true, maxSockets: 2 };
  const agent = secure ? new HttpsAgent(settings) : new HttpAgent(settings);
  const prefix = target.pathname.replace(/\/$/, "");
  const { host } = target;

  const get = (path: string): Promise<Uint8Array | undefined> =>
    new Promise((resolve, reject) => {
      const url = new URL(target);
      url.pathname = `${prefix}/${folder}/${path}`;
      const request = send(url, { method: "GET", agent });
      const late = setTimeout(() => {
        request.destroy(new TimeoutError("FS-WATCH-TIMEOUT", `${host} did not send ${path} within ${TIMEOUT_MS} ms`));
      }, TIMEOUT_MS);
      const fail = (cause: unknown) => {
        clearTimeout(late);
        if (cause instanceof TimeoutError || cause instanceof EnvironmentError) return reject(cause);
        reject(
          new EnvironmentError("FS-WATCH-UNREACHABLE", `${host} cannot be reached`, {
            context: { host },
            cause,
            fix: "Check where the gateway publishes; it is tried again.",
          }),
        );
      };
      request.on("error", fail);
      request.on("response", (message) => {
        const chunks: Buffer[] = [];
        let length = 0;
        message.on("data", (chunk: Buffer) => {
          length += chunk.length;
          chunks.push(chunk);
          if (length > MOST) {
            request.destroy(
              new EnvironmentError("FS-WATCH-ANSWER", `${host} sends more than ${MOST} bytes of ${path}`),
            );
          }
        });
        message.on("error", fail);
        message.on("close", () => {
          clearTimeout(late);
          const { statusCode } = message;
          if (!message.complete) return fail(new Error("closed within its answer"));
          if (statusCode === 200) return resolve(new Uint8Array(Buffer.concat(chunks)));
          if (statusCode === 404 || statusCode === 410) return resolve(undefined);
          fail(new EnvironmentError("FS-WATCH-ANSWER", `${host} answers ${statusCode} for ${path}`));
        });
      });
      request.end();
    });
  // Over HTTP nothing is listed: a tile is asked for by the width that its checkpoint names, as C2SP clients do.
  return { read: get, list: async () => [] };
}
