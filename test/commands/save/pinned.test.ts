import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SaveResult } from '../../../src/commands/save/run.ts';
import { save } from '../../../src/commands/save/save.ts';
import { encodeLock } from '../../../src/lock/index.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { att, chart, d2, dlist, idx, nested, one } from '../../support/fixtures/index.ts';
import { runMain } from '../../support/main.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const small = { layerBytes: 100 };
const IMAGES = {
  'app/one:1': one(small),
  'app/idx:1': idx(small),
  'app/idx:2': idx({ ...small, seed: 'two' }),
  'app/nested:1': nested(small),
  'app/list:1': dlist(small),
  'app/docker:1': d2(small),
  'app/att:1': att(small),
  'app/chart:1': chart(),
};
const NAMES = Object.entries(IMAGES).map(([name, { top }]) => ({ name, top }));

let source: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  source = await startBadRegistry({ images: IMAGES });
  temp = await tempFolder('pinned');
});
afterAll(async () => {
  await source.close();
  await temp.close();
});

/** Saves a list with an archive, for some platforms. Each run has the same archive name and a folder of its own. */
async function run(
  list: string,
  platforms: string,
  given: Readonly<Record<string, unknown>> = {},
): Promise<SaveResult & { readonly bundle: string }> {
  runs += 1;
  const file = path.join(temp.path, `${runs}.list`);
  await writeFile(file, list);
  const bundle = path.join(temp.path, `run-${runs}`, 'bundle');
  const options = parseOptions({
    imageList: file,
    platforms,
    output: bundle,
    archive: 'tar',
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [source.host],
    ...given,
  });
  const result = await save(options, { env: {}, emit: () => {} });
  expect(result.report.failed).toEqual([]);
  return { ...result, bundle };
}

/** No image has it: what is listed says for which platforms each is saved. */
const OTHER = 'linux/s390x';

const at = (name: string, digest?: Digest): string =>
  `${source.host}/${name}${digest === undefined ? '' : `@${digest}`}`;
const linesOf = (lines: readonly string[]): string => lines.join('\n');

const contentOf = ({ lock, report }: SaveResult): unknown => [
  new TextDecoder().decode(encodeLock(lock)),
  report.archive?.digest,
];

describe.each(['all', 'linux/amd64', 'linux/amd64,linux/arm64'])('images for %s', (platforms) => {
  const only = { onMissingPlatform: 'warn' };
  let byTag: SaveResult & { readonly bundle: string };
  beforeAll(async () => {
    byTag = await run(linesOf(NAMES.map(({ name }) => at(name))), platforms, only);
  });

  it('found A8: give the same lock and archive from a list that is pinned by the digests of a bundle', async () => {
    const pinned = await run(linesOf(NAMES.map(({ name, top }) => at(name, top))), platforms, only);
    expect(contentOf(pinned)).toEqual(contentOf(byTag));
    expect(byTag.lock.images.map(({ ref }) => ref)).toEqual(NAMES.map(({ name }) => at(name)).toSorted());
    for (const form of ['json', 'plain', 'yaml', 'sealer', 'imageslock']) {
      const again = await run(await runMain(['list', byTag.bundle, '--as', form]), OTHER);
      expect([form, contentOf(again)]).toEqual([form, contentOf(byTag)]);
    }
  });

  it('that have only a digest are called by it, also from what is listed of their bundle', async () => {
    const digestOnly = await run(
      linesOf(NAMES.map(({ name, top }) => at(name.split(':', 1)[0] ?? '', top))),
      platforms,
      only,
    );
    expect(digestOnly.lock.images.map(({ ref }) => ref)).toEqual(
      NAMES.map(({ name, top }) => at(name.split(':', 1)[0] ?? '', top)).toSorted(),
    );
    for (const { names, digest } of digestOnly.lock.images) {
      expect(names).toEqual([expect.stringMatching(new RegExp(`:digest-${digest.slice(7, 19)}$`))]);
    }
    for (const form of ['json', 'plain', 'yaml', 'sealer', 'imageslock']) {
      const again = await run(await runMain(['list', digestOnly.bundle, '--as', form]), OTHER);
      expect([form, contentOf(again)]).toEqual([form, contentOf(digestOnly)]);
    }
  });
});

describe('a list', () => {
  it('gives one lock, in whatever order, with whatever pins and as often as it names its images', async () => {
    const dry = (lines: readonly string[]) => run(linesOf(lines), 'linux/amd64', { dryRun: true });
    const expected = contentOf(await dry(NAMES.map(({ name }) => at(name))));
    const entry = fc
      .constantFrom(...NAMES)
      .chain(({ name, top }) => fc.boolean().map((pinned) => at(name, pinned ? top : undefined)));
    const every = NAMES.map(({ name, top }) =>
      fc.boolean().map((pinned) => at(name, pinned ? top : undefined)),
    );
    const lists = fc
      .tuple(fc.tuple(...every), fc.array(entry, { maxLength: 6 }))
      .chain(([needed, more]) =>
        fc.shuffledSubarray([...needed, ...more], { minLength: needed.length + more.length }),
      );
    await fc.assert(
      fc.asyncProperty(lists, async (lines) => {
        const result = await dry(lines);
        expect(contentOf(result)).toEqual(expected);
        expect(result.report.images).toHaveLength(NAMES.length);
      }),
      { numRuns: 12 },
    );
  });

  it('gives one lock where two digests of one tag are stored under names of their own', async () => {
    const { top } = IMAGES['app/idx:1'];
    const lines = [
      `${at('app/idx:1', top)} => site.example/b:1`,
      `${at('app/idx:1', IMAGES['app/idx:2'].top)} => site.example/a:1`,
    ];
    const [one, two] = [await run(linesOf(lines), 'all'), await run(linesOf(lines.toReversed()), 'all')];
    expect(contentOf(one)).toEqual(contentOf(two));
    expect(one.lock.images.map(({ ref, names }) => [ref, names])).toEqual([
      [at('app/idx:1'), ['site.example/a:1']],
      [at('app/idx:1'), ['site.example/b:1']],
    ]);
  });

  it('joins the names of one image, whether pinned or not, and each is there once', async () => {
    const { top } = IMAGES['app/one:1'];
    const { lock, report } = await run(
      linesOf([
        `${at('app/one:1')} => site.example/b:1`,
        `${at('app/one:1', top)} => site.example/a:1`,
        at('app/one', top),
        `${at('app/one', top)} => ${at(`app/one:digest-${top.slice(7, 19)}`)}`,
      ]),
      'all',
    );
    expect(lock.images.map(({ ref, names }) => [ref, names])).toEqual([
      [at('app/one:1'), ['site.example/a:1', 'site.example/b:1']],
      [at('app/one', top), [at(`app/one:digest-${top.slice(7, 19)}`)]],
    ]);
    expect(report.images.map(({ origins }) => origins.map(({ line }) => line))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('is refused where a tag moved on from the digest that another line pins', async () => {
    source.put('app/moved', IMAGES['app/idx:1'], '1');
    const { top } = IMAGES['app/idx:1'];
    source.put('app/moved', IMAGES['app/idx:2'], '1');
    await expect(run(linesOf([at('app/moved:1', top), at('app/moved:1')]), 'all')).rejects.toMatchObject({
      code: 'list',
      message: expect.stringContaining('two images would be stored as'),
    });
  });
});
