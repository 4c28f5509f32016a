import { matchesFilter } from "./topics.ts";

/** Who a connection proved to be. */
export type Principal =
  /** The gateway's own connection, by the token it was started with. */
  | { readonly kind: "gateway" }
  /** A board that logged in as a device. */
  | { readonly kind: "device"; readonly device: string }
  /** A board that publishes plain values: topic filters of what it writes and reads. */
  | {
      readonly kind: "board";
      readonly name: string;
      readonly write: readonly string[];
      readonly read: readonly string[];
    }
  /** Anyone else with a login, or anyone at all on loopback. `device`: a board without a login that goes by its id. */
  | { readonly kind: "person"; readonly name: string; readonly device?: string };

export interface TopicLayout {
  /** The gateway's own tree. */
  base: string;
  /** `<link>/DEVICEID/{up,down}`: boards that speak the link protocol. */
  link: string;
  /** Filters of topics that belong to boards with a login of their own: nobody else writes them. */
  owned?: readonly string[];
}

/** The seam for a richer access list. An answer of false is a refusal; there is no "undecided". */
export interface AccessRule {
  mayPublish(principal: Principal, topic: string): boolean;
  maySubscribe(principal: Principal, filter: string): boolean;
}

const under = (root: string, topic: string): boolean => topic === root || topic.startsWith(`${root}/`);

/**
 * The basic rule. The gateway may do everything but write `$…`. A device writes its own `up` and reads its own `down`.
 * Everybody else reads all but `$…`, and writes anything outside the gateway's tree and the link topics,
 * plus the two places of the tree that are there to be written: requests and settings. A board with topics of its own writes
 * and reads those, never the gateway's, and no other login writes them: a reading is paid for, so nobody speaks for another.
 */
export function basicAccess({ base, link, owned = [] }: TopicLayout): AccessRule {
  const outside = (topic: string) => !under(base, topic) && !under(link, topic);
  return {
    mayPublish(principal, topic) {
      if (topic.startsWith("$")) return false;
      if (principal.kind === "gateway") return true;
      if (principal.kind === "board") {
        return outside(topic) && principal.write.some((filter) => matchesFilter(filter, topic));
      }
      if (principal.device !== undefined && topic === `${link}/${principal.device}/up`) return true;
      if (principal.kind === "device") return false;
      if (matchesFilter(`${base}/bridge/request/#`, topic) || matchesFilter(`${base}/+/set`, topic)) return true;
      return outside(topic) && !owned.some((filter) => matchesFilter(filter, topic));
    },
    maySubscribe(principal, filter) {
      if (filter.startsWith("$")) return false;
      if (principal.kind === "board") return principal.read.includes(filter);
      if (principal.kind === "device") return filter === `${link}/${principal.device}/down`;
      return true;
    },
  };
}

/** Two connections may follow each other under one client id only when they are the same party. */
export function sameParty(a: Principal, b: Principal): boolean {
  if (a.kind === "person" && b.kind === "person") return a.name === b.name;
  if (a.kind === "board" && b.kind === "board") return a.name === b.name;
  if (a.kind === "device" && b.kind === "device") return a.device === b.device;
  return a.kind === b.kind;
}
