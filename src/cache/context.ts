import type { Emit } from '../events.ts';
import type { Store } from '../store/index.ts';
import type { RemoteCache } from './port.ts';

/** What the parts of a session work with. */
export interface CacheContext {
  readonly cache: RemoteCache;
  readonly store: Store;
  readonly emit: Emit;
  readonly signal: AbortSignal | undefined;
  /** Told what went wrong, as one line: it is shown, and stands in the report. */
  readonly trouble: (message: string) => void;
}
