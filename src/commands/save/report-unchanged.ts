import type { ImageList } from '../../list/index.ts';
import type { Lock } from '../../lock/index.ts';
import type { RunReport } from '../../report/index.ts';
import { makeReport } from './make-report.ts';
import { lockOf } from './outcome.ts';
import type { Run } from './run.ts';
import type { Unchanged } from './need/unchanged.ts';
import { writeReport } from './write-report.ts';

/** What is known of a run before it has asked for anything. */
export interface Begun {
  readonly started: Date;
  readonly run: Run;
  readonly list: ImageList;
}

/** Ends a run that has nothing to do. Its lock is the release's; without one it is empty, since no manifest was read. */
export async function endUnchanged(
  { images, push, release, lock = lockOf([]) }: Unchanged,
  { started, run, list }: Begun,
): Promise<{ readonly report: RunReport; readonly lock: Lock }> {
  const made = makeReport({
    started,
    run,
    list,
    lock,
    images: [],
    failed: [],
    inventory: {
      missing: [],
      refsOf: new Map(),
      stored: { blobs: 0, bytes: 0 },
      restored: new Set(),
    },
    copied: { movers: new Map(), failures: new Map() },
    cache: undefined,
    published: { results: push.length === 0 ? {} : { push: [...push] }, archive: undefined },
    needed: new Set(),
  });
  const report: RunReport = {
    ...made,
    unchanged: true,
    ...(release === undefined ? {} : { release }),
    images: images.map(({ wanted, digest, mediaType, names }) => ({
      ref: wanted.ref,
      names: [...names],
      origins: wanted.origins.map((origin) => ({ ...origin })),
      digest,
      root: digest,
      mediaType,
      platforms: [],
      size: 0,
      status: 'unchanged',
      fetchedBytes: 0,
      copier: 'none',
      notes: [],
    })),
    totals: { ...made.totals, images: images.length },
  };
  await writeReport(report, run);
  return { report, lock };
}
