import { formatBytes, formatCount } from '../text/bytes.ts';
import { plainText } from '../text/plain-text.ts';
import type { RunReport } from '../report/run-report.ts';

const MAX_TROUBLES = 10;

/** What a run did with the cache, one thing a line; none where no cache was wanted. */
export function cacheLines({ cache }: RunReport): string[] {
  if (cache === undefined) return [];
  const { unavailable, restored, saved, withheld, entries, bytes, troubles } = cache;
  if (unavailable !== undefined) return [`not used: ${plainText(unavailable)}`];
  const more = troubles.length - MAX_TROUBLES;
  return [
    restored.blobs === 0
      ? 'nothing came from it'
      : `${formatCount(restored.blobs, 'blob')}, ${formatBytes(restored.bytes)} came from it`,
    ...(saved.packs === 0
      ? []
      : [
          `${formatCount(saved.packs, 'pack')} saved, with ${formatCount(saved.blobs, 'blob')}, ${formatBytes(saved.bytes)}`,
        ]),
    `${formatCount(entries, 'entry').replace(/entrys$/, 'entries')}, ${formatBytes(bytes)} of this list are in it`,
    ...(withheld.images === 0
      ? []
      : [
          `not saved: ${formatCount(withheld.images, 'image')}, ${formatBytes(withheld.bytes)}, fetched with credentials; ` +
            'anybody may read the cache of a public repository (cache: actions saves them)',
        ]),
    ...troubles.slice(0, MAX_TROUBLES).map((trouble) => `trouble: ${plainText(trouble)}`),
    ...(more > 0 ? [`and ${more} more, all in report.json`] : []),
  ];
}
