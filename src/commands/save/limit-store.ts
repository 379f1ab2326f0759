import { messageOf } from '../../errors.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import type { Run } from './run.ts';

/**
 * Keeps the store below its limit, once a run needs nothing more of others. What cannot be removed fails no run: it is
 * told.
 */
export async function limitStore({ options, session, io: { emit } }: Run): Promise<void> {
  if (options.dryRun) return;
  const limit = options.cacheMaxSize;
  try {
    const pruned = await session.store.prune(limit);
    if (pruned === undefined) return;
    const { removed, kept } = pruned;
    if (removed.blobs > 0) {
      const message = `removed ${formatCount(removed.blobs, 'blob')} from the store, ${formatBytes(removed.bytes)}, used longest ago`;
      emit({ type: 'log', level: 'info', message });
    }
    if (kept.bytes > limit) {
      const message = `the store keeps ${formatBytes(kept.bytes)}, over its limit of ${formatBytes(limit)}: runs at work, this one among them, use it`;
      emit({ type: 'log', level: 'info', message });
    }
  } catch (error) {
    const message = `the store could not be kept below its limit: ${messageOf(error)}`;
    emit({ type: 'log', level: 'warning', message });
  }
}
