export type {
  IncomingFile,
  NewEntry,
  ReadOutcome,
  ReadRequest,
  RemoteCache,
  SaveOutcome,
  Trouble,
} from './port.ts';
export { type CatalogueScope, HANDOVER, scopeOf } from './keys.ts';
export { MAX_CONTENT_BYTES } from './catalogue.ts';
export type { CacheReport, Keepable } from './keepable.ts';
export { type CacheSession, type CacheUse, openCacheSession } from './session.ts';
