import { describe, expect, it } from 'vitest';
import { allUnchanged } from '../../../../src/commands/save/need/unchanged.ts';
import { type Digest, digestOf, digestTag } from '../../../../src/oci/digest.ts';
import { parseReference } from '../../../../src/oci/reference.ts';
import type { WantedImage } from '../../../../src/resolve/index.ts';

const digest = digestOf(new TextEncoder().encode('a'));
const wanted = (ref: string, tag: string | undefined = '1'): WantedImage => ({
  ref,
  source: { transport: 'docker', reference: parseReference(ref) },
  origins: [{ file: 'images.txt', line: 1 }],
  platforms: 'all',
  names: [{ name: ref, tag }],
  pin: undefined,
});
const context = (there: (name: string, digest: Digest) => boolean) => ({
  head: async () => ({ digest, mediaType: 'application/vnd.oci.image.index.v1+json' }),
  isEverywhere: async (_: WantedImage, name: string, asked: Digest) => there(name, asked),
  parallel: 2,
});

describe('a run that only publishes is unchanged', () => {
  const images = ['r.example/a', 'r.example/b', 'r.example/c'].map((ref) => wanted(ref));

  it('where every target has every name', async () => {
    const all = await allUnchanged(
      images,
      context((_, asked) => asked === digest),
    );
    expect(all?.map(({ names }) => names[0])).toEqual(['r.example/a:1', 'r.example/b:1', 'r.example/c:1']);
  });

  it('and lists its images in their order, whichever source responds first', async () => {
    const first = Promise.withResolvers<void>();
    const head = async (image: WantedImage) => {
      if (image === images[0]) await first.promise;
      else first.resolve();
      return { digest, mediaType: 'application/vnd.oci.image.index.v1+json' };
    };
    const all = await allUnchanged(images, { ...context(() => true), head });
    expect(all?.map((one) => one.wanted)).toEqual(images);
  });

  it('but not where one name is missing', async () => {
    expect(
      await allUnchanged(
        images,
        context((name) => name !== 'r.example/b:1'),
      ),
    ).toBeUndefined();
  });

  it('but not where HEAD is not enough, or an image has no name yet', async () => {
    const silent = { ...context(() => true), head: async () => undefined };
    expect(await allUnchanged(images, silent)).toBeUndefined();
    expect(
      await allUnchanged(
        [{ ...wanted('r.example/a'), names: [] }],
        context(() => true),
      ),
    ).toBeUndefined();
  });

  it('and asks for an image without a tag under the tag of its digest', async () => {
    const asked: string[] = [];
    const untagged = { ...wanted('r.example/a'), names: [{ name: 'r.example/a', tag: undefined }] };
    await allUnchanged(
      [untagged],
      context((name) => asked.push(name) > 0),
    );
    expect(asked).toEqual([`r.example/a:${digestTag(digest)}`]);
  });
});
