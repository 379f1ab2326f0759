import type { RemoteCache } from '../../src/cache/index.ts';

/** A cache that works, has nothing, and takes whatever is saved. */
export const EMPTY_CACHE: RemoteCache = {
  unavailable: undefined,
  readable: true,
  writable: true,
  read: async () => ({ kind: 'miss' }),
  save: async () => ({ kind: 'saved' }),
  close: async () => {},
};
