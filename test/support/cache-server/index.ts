export type { CacheEntry } from './entries.ts';
export type { CacheCall, CacheFault, CacheRule, LoggedCall } from './faults.ts';
export { type CacheServer, type Protocol, startCacheServer, TOKEN } from './start.ts';
export { type ArchiveEntry, archiveLike, entriesOf } from './archives.ts';
