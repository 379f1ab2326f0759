import { bringBlob, createManifestReader, openLayout } from '../../src/image/index.ts';
import { lockOf, type ResolvedImage } from '../../src/resolve/index.ts';
import { resolveImage } from '../../src/resolve/resolve-image.ts';
import { namesOf } from '../../src/resolve/wanted.ts';
import type { Lock } from '../../src/lock/index.ts';
import { parsePlatformChoice } from '../../src/oci/platform.ts';
import { formatReference, parseReference, withDefaultTag } from '../../src/oci/reference.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { closable, type Closable } from '../support/closable.ts';
import { writeOciLayout } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { tempFolder } from '../support/temp.ts';

export interface Resolving extends Closable {
  readonly folder: string;
  readonly store: Store;
  /** Resolves a fixture out of a layout on disk, as `reference`, and brings its blobs into the store. */
  resolve(image: Image, reference: string, options?: ResolvingOptions): Promise<ResolvedImage>;
  lock(...images: ResolvedImage[]): Lock;
}

export interface ResolvingOptions {
  readonly platforms?: string;
  readonly onMissingPlatform?: 'fail' | 'warn';
  readonly index?: 'auto' | 'keep' | 'narrow';
  readonly format?: 'keep' | 'oci';
}

/** A store and layouts in a temporary folder. */
export async function startResolving(): Promise<Resolving> {
  const temp = await tempFolder('resolve');
  const store = await openStore(`${temp.path}/store`);
  let layouts = 0;
  return closable(
    {
      folder: temp.path,
      store,
      async resolve(image: Image, reference: string, options: ResolvingOptions = {}) {
        const { platforms = 'all', onMissingPlatform = 'fail', index = 'auto', format = 'keep' } = options;
        layouts += 1;
        const place = `${temp.path}/layout-${layouts}`;
        await writeOciLayout(place, [{ image }]);
        const source = await openLayout(place);
        const parsed = withDefaultTag(parseReference(reference));
        const wanted = {
          ref: formatReference(parsed),
          source: { transport: 'docker' as const, reference: parsed },
          origins: [{ file: 'images.txt', line: layouts }],
          platforms: parsePlatformChoice(platforms),
          names: namesOf(parsed, [{ kind: 'keep-domain' }]),
          pin: parsed.digest,
        };
        const resolved = await resolveImage(wanted, image.top, source, {
          store,
          manifests: createManifestReader(store),
          onMissingPlatform,
          index,
          format,
          retries: 0,
        });
        for (const [digest, size] of resolved.sizes) {
          if (!(await store.has({ digest, size })))
            await bringBlob(source, { digest, size }, store, { retries: 0 });
        }
        return resolved;
      },
      lock: (...images: ResolvedImage[]) => lockOf(images),
    },
    async () => {
      await store.close();
      await temp.close();
    },
  );
}
