export interface CacheEntry {
  readonly id: number;
  readonly key: string;
  readonly version: string;
  readonly bytes: Buffer;
}

interface Upload {
  readonly id: number;
  readonly key: string;
  readonly version: string;
  readonly blocks: Map<string, Buffer>;
}

/** Immutable entries, the newest last, and uploads that are under way, as the services keep them. */
export interface Entries {
  all(): CacheEntry[];
  /** Keys in their order, each exact first, then as a beginning; the newest wins. */
  find(keys: readonly string[], version: string): CacheEntry | undefined;
  byId(id: number): CacheEntry | undefined;
  /** Undefined where the key is taken, also by an upload under way. */
  reserve(key: string, version: string): number | undefined;
  upload(id: number): Upload | undefined;
  commit(id: number, bytes: Buffer): void;
  pending(key: string, version: string): Upload | undefined;
  evict(which: (entry: CacheEntry) => boolean): void;
  /** Other bytes under the same key, as somebody may have put there. */
  replace(which: (entry: CacheEntry) => boolean, bytes: (entry: CacheEntry) => Buffer): void;
  add(entry: Omit<CacheEntry, 'id'>): void;
}

export function createEntries(): Entries {
  let entries: CacheEntry[] = [];
  const uploads = new Map<number, Upload>();
  let last = 0;
  const pending = (key: string, version: string): Upload | undefined =>
    [...uploads.values()].find((upload) => upload.key === key && upload.version === version);
  return {
    all: () => [...entries],
    find(keys, version) {
      const same = entries.filter((entry) => entry.version === version).toReversed();
      for (const key of keys) {
        const found =
          same.find((entry) => entry.key === key) ?? same.find((entry) => entry.key.startsWith(key));
        if (found) return found;
      }
      return undefined;
    },
    byId: (id) => entries.find((entry) => entry.id === id),
    reserve(key, version) {
      if (entries.some((entry) => entry.key === key && entry.version === version)) return undefined;
      if (pending(key, version)) return undefined;
      last += 1;
      uploads.set(last, { id: last, key, version, blocks: new Map() });
      return last;
    },
    upload: (id) => uploads.get(id),
    pending,
    commit(id, bytes) {
      const upload = uploads.get(id);
      if (upload === undefined) return;
      uploads.delete(id);
      entries.push({ id, key: upload.key, version: upload.version, bytes });
    },
    evict(which) {
      entries = entries.filter((entry) => !which(entry));
    },
    replace(which, bytes) {
      entries = entries.map((entry) => (which(entry) ? { ...entry, bytes: bytes(entry) } : entry));
    },
    add(entry) {
      last += 1;
      entries.push({ id: last, ...entry });
    },
  };
}
