import type { SaveEvent } from '../../src/events.ts';
import type { Lock } from '../../src/lock/index.ts';
import { readContent, storePort } from '../../src/image/index.ts';
import { type PushContext, pushToTargets } from '../../src/push/index.ts';
import { parsePushTargets } from '../../src/options/index.ts';
import type { RegistryClientOptions } from '../../src/registry/index.ts';
import type { PushTargetReport } from '../../src/report/index.ts';
import type { ResolvedImage } from '../../src/resolve/describe.ts';
import type { Store } from '../../src/store/index.ts';
import { clientOf } from '../registry/support.ts';
import type { Resolving } from '../resolve/resolving.ts';
import type { Image } from '../support/image.ts';

/** Images by stored name, resolved and brought into the store. */
export async function lockOfImages(bench: Resolving, images: Readonly<Record<string, Image>>): Promise<Lock> {
  const resolved: ResolvedImage[] = [];
  for (const [name, image] of Object.entries(images)) resolved.push(await bench.resolve(image, name));
  return bench.lock(...resolved);
}

/** What became of each stored name. */
export const statusesOf = ({ images }: Pick<PushTargetReport, 'images'>): Record<string, string> =>
  Object.fromEntries(images.map(({ name, status }) => [name, status]));

export interface Pushed {
  readonly report: PushTargetReport;
  readonly events: readonly SaveEvent[];
}

export type PushingOptions = Partial<Omit<PushContext, 'client' | 'content' | 'emit'>> & {
  readonly client?: Partial<RegistryClientOptions>;
  /** Told of each event, after it is noted. */
  readonly onEvent?: (event: SaveEvent) => void;
  /** After the host: `/prefix`, `@depth=2`. */
  readonly suffix?: string;
};

/** Pushes a lock out of a store to one registry on loopback. */
export async function pushTo(
  { host }: { readonly host: string },
  lock: Lock,
  store: Pick<Store, 'has' | 'open' | 'read'>,
  { client: clientOptions = {}, suffix = '', onEvent, ...options }: PushingOptions = {},
): Promise<Pushed> {
  using client = clientOf([host], clientOptions);
  const events: SaveEvent[] = [];
  const [report] = await pushToTargets(parsePushTargets([host + suffix]), {
    client,
    content: await readContent(lock, storePort(store)),
    index: 'auto',
    policy: 'always',
    onError: 'fail',
    dryRun: false,
    parallel: 0,
    retries: 3,
    waitMilliseconds: 0,
    ...options,
    emit: (event) => {
      events.push(event);
      onEvent?.(event);
    },
  });
  if (report === undefined) throw new Error('no report');
  return { report, events };
}
