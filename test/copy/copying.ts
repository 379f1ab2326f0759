import {
  copyBlobs,
  type CopyContext,
  type CopyResult,
  findMissingBlobs,
  type MissingBlobs,
} from '../../src/copy/index.ts';
import type { SaveEvent } from '../../src/events.ts';
import { parseInline } from '../../src/list/index.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { parsePlatformChoice } from '../../src/oci/platform.ts';
import {
  anonymous,
  createSources,
  type Mirror,
  type RegistryClientOptions,
} from '../../src/registry/index.ts';
import {
  joinRequests,
  type Resolution,
  type ResolveContext,
  type ResolvedImage,
  resolveImages,
} from '../../src/resolve/index.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { clientOf } from '../registry/support.ts';
import { closable, type Closable } from '../support/closable.ts';
import { tempFolder } from '../support/temp.ts';

export interface Copied extends CopyResult {
  readonly missing: MissingBlobs;
  readonly events: readonly SaveEvent[];
  /** In the order in which they landed. */
  readonly landed: readonly Digest[];
}

export interface CopyingOptions extends Partial<Omit<CopyContext, 'emit'>> {
  readonly restored?: ReadonlySet<Digest>;
}

export interface Copying extends Closable {
  readonly folder: string;
  readonly store: Store;
  /** What was said of mirrors. */
  readonly said: readonly string[];
  /** Resolves entries of a list, all platforms of each unless others are named. */
  resolve(
    entries: readonly string[],
    given?: Partial<ResolveContext>,
    platforms?: string,
  ): Promise<Resolution>;
  /** The same where none may fail. */
  images(entries: readonly string[], given?: Partial<ResolveContext>): Promise<readonly ResolvedImage[]>;
  /** Copies what the store lacks of images, by our own client unless something else is given. */
  copy(images: readonly ResolvedImage[], given?: CopyingOptions): Promise<Copied>;
}

const naming = [{ kind: 'keep-domain' }] as const;
const noSkopeo = (): Promise<never> => Promise.reject(new Error('nothing here is for skopeo'));

/** A store in a folder of its own, and what is resolved and copied from these registries into it. */
export async function startCopying(
  hosts: readonly string[],
  {
    mirrors = [],
    ...options
  }: Partial<RegistryClientOptions> & { readonly mirrors?: readonly Mirror[] } = {},
): Promise<Copying> {
  const temp = await tempFolder('copy');
  const store = await openStore(`${temp.path}/store`);
  const client = clientOf(hosts, { retries: 0, ...options });
  const said: string[] = [];
  const sources = createSources(client, mirrors, (message) => said.push(message));
  const resolve: Copying['resolve'] = (entries, given = {}, platforms = 'all') => {
    const { requests } = parseInline(entries, { defaultRegistry: 'docker.io' });
    return resolveImages(joinRequests(requests, { platforms: parsePlatformChoice(platforms), naming }), {
      store,
      sources,
      isPrivate: async () => false,
      sourceOrder: 'auto',
      offline: false,
      skopeoTools: noSkopeo,
      naming,
      onMissingPlatform: 'fail',
      index: 'auto',
      format: 'keep',
      referrers: 'none',
      retries: 0,
      parallel: 4,
      emit: () => {},
      ...given,
    });
  };
  return closable<Omit<Copying, keyof Closable>>(
    {
      folder: temp.path,
      store,
      said,
      resolve,
      async images(entries, given) {
        const { resolved, failed } = await resolve(entries, given);
        for (const { error } of failed) throw error;
        return resolved;
      },
      async copy(images, { restored, onLanded, ...given } = {}) {
        const missing = await findMissingBlobs(images, given.store ?? store, restored);
        const events: SaveEvent[] = [];
        const landed: Digest[] = [];
        const result = await copyBlobs(images, missing, {
          store,
          copier: 'direct',
          skopeoTools: noSkopeo,
          credentials: anonymous,
          client,
          sources,
          insecureRegistries: hosts,
          parallel: 2,
          connections: 4,
          retries: 0,
          ...given,
          onLanded(digest) {
            landed.push(digest);
            onLanded?.(digest);
          },
          emit: (event) => events.push(event),
        });
        return { ...result, missing, events, landed };
      },
    },
    async () => {
      client.close();
      await store.close();
      await temp.close();
    },
  );
}
