export { type Published, publishedAt, publishedFolder, publishedIn } from "./published.ts";
export { decodePublishedShares, encodePublishedShares, type PublishedSeal } from "./published-shares.ts";
export type { FaultName, Missing, Suspicion } from "./suspicion.ts";
export type { WatchEvent } from "./watch-event.ts";
export { folderStore, memoryStore, type WatchStore } from "./watch-store.ts";
export { Watchtower, type WatchtowerOptions } from "./watchtower.ts";
