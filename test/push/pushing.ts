import type { SaveEvent } from '../../src/events.ts';
import type { Lock } from '../../src/lock/index.ts';
import { readContent, storePort } from '../../src/image/index.ts';
import { type PushContext, pushToTargets } from '../../src/push/index.ts';
import { parsePushTargets } from '../../src/options/index.ts';
import type { RegistryClient, RegistryClientOptions } from '../../src/registry/index.ts';
import type { PushTargetReport } from '../../src/report/index.ts';
import type { ResolvedImage } from '../../src/resolve/describe.ts';
import type { Store } from '../../src/store/index.ts';
import { clientOf } from '../registry/support.ts';
import type { Resolving } from '../resolve/resolving.ts';
import { att, d2, dlist, idx, nested, one } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';

const small = { layerBytes: 100 };

/** An image of each kind, by stored name. */
export const KINDS = {
  'r.example/one:1': one(small),
  'r.example/d2:1': d2(small),
  'r.example/idx:1': idx(small),
  'r.example/dlist:1': dlist(small),
  'r.example/nested:1': nested(small),
  'r.example/att:1': att(small),
} as const satisfies Readonly<Record<string, Image>>;

/** Options of a push that asks for nothing special. */
export const PLAIN = {
  index: 'auto',
  policy: 'always',
  onError: 'fail',
  dryRun: false,
  parallel: 0,
  retries: 0,
  waitMilliseconds: 0,
  emit: () => {},
} as const satisfies Partial<PushContext>;

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

/** What a push said at a level. */
export const saidIn = ({ events }: Pushed, level: string): string[] =>
  events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));

export type PushingOptions = Partial<Omit<PushContext, 'client' | 'content' | 'emit'>> & {
  readonly client?: Partial<RegistryClientOptions>;
  /** Told of each event, after it is noted. */
  readonly onEvent?: (event: SaveEvent) => void;
  /** After the host: `/prefix`, `@depth=2`. */
  readonly suffix?: string;
  /** In place of the host. */
  readonly target?: string;
  /** What the push gets in place of the client. */
  readonly wrap?: (client: RegistryClient) => RegistryClient;
};

/** Pushes a lock out of a store to one registry on loopback. */
export async function pushTo(
  { host }: { readonly host: string },
  lock: Lock,
  store: Pick<Store, 'has' | 'open' | 'read'>,
  {
    client: clientOptions = {},
    suffix = '',
    target = host,
    wrap = (client) => client,
    onEvent,
    ...options
  }: PushingOptions = {},
): Promise<Pushed> {
  using client = clientOf([host], clientOptions);
  const events: SaveEvent[] = [];
  const [report] = await pushToTargets(parsePushTargets([target + suffix]), {
    client: wrap(client),
    content: await readContent(lock, storePort(store)),
    ...PLAIN,
    retries: 3,
    ...options,
    emit: (event) => {
      events.push(event);
      onEvent?.(event);
    },
  });
  if (report === undefined) throw new Error('no report');
  return { report, events };
}
