import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle, type VerifyReport } from '../../../src/commands/index.ts';
import { runMainAnyhow } from '../../support/main.ts';
import { type Saved, saveBundles } from '../bundles.ts';

let saved: Saved;
beforeAll(async () => {
  saved = await saveBundles(['app', 'oci', 'zot']);
});
afterAll(() => saved.close());

let copy = 0;
beforeEach(async () => {
  copy += 1;
  await cp(saved.at('app'), saved.at(`copy-${copy}`), { recursive: true });
});
const inCopy = (name: string): string => saved.at(`copy-${copy}`, name);

async function* of(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

const verify = (
  content: string,
  options: { lock?: string; stdin?: AsyncIterable<Uint8Array> } = {},
): Promise<VerifyReport> =>
  verifyBundle(
    { content: [content], lock: options.lock },
    { emit: () => {}, signal: undefined, stdin: options.stdin ?? of() },
  );

/** Puts other bytes into a file, and their sum into SHA256SUMS. */
async function replaceWithSum(name: string, text: string): Promise<void> {
  await writeFile(inCopy(name), text);
  const sums = await readFile(inCopy('SHA256SUMS'), 'utf8');
  const hex = createHash('sha256').update(text).digest('hex');
  await writeFile(inCopy('SHA256SUMS'), sums.replace(new RegExp(`^.{64}  ${name}$`, 'm'), `${hex}  ${name}`));
}

describe('V9: verify of the kit', () => {
  it('finds a script that was changed damaged', async () => {
    await writeFile(inCopy('kit/lib/common.sh'), '# other\n');
    const { damaged, notes } = await verify(inCopy(''));
    expect([damaged, notes]).toEqual([
      [{ path: 'kit/lib/common.sh', reason: 'its bytes are not those that SHA256SUMS names', images: [] }],
      [],
    ]);
  });

  it('says of a script that fits SHA256SUMS, and not this version, that the lock says nothing of it', async () => {
    await replaceWithSum('kit/lib/common.sh', '# of another version, or of somebody else\n');
    const report = await verify(inCopy(''));
    expect([report.outcome, report.damaged]).toEqual(['whole', []]);
    expect(report.notes).toEqual([
      expect.stringMatching(/^kit\/lib\/common\.sh is of another version .* or changed/),
    ]);
    await replaceWithSum('README.txt', 'Welcome.\n');
    expect((await verify(inCopy(''))).notes).toEqual([
      expect.stringMatching(/^README\.txt and 1 more file are/),
    ]);
    const { stderr, exitCode } = await runMainAnyhow(['verify', inCopy('')], [], 80);
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^note: README\.txt and 1 more/m)]);
  });

  it.for([
    ['kit/images.tsv', /\t1\.0\t|\t1\t/, '\t2\t'],
    ['kit/manifests.tsv', /(\tsha256:[^\n ]*) sha256:[0-9a-f]{64}/, '$1'],
  ] as const)(
    'finds %s damaged where it says other things than the lock, though SHA256SUMS names it',
    async ([name, from, to]) => {
      const text = await readFile(inCopy(name), 'utf8');
      const other = text.replace(from, to);
      expect(other).not.toBe(text);
      await replaceWithSum(name, other);
      const { damaged } = await verify(inCopy(''));
      expect(damaged).toEqual([{ path: name, reason: 'it says other things than the lock', images: [] }]);
      // Of rows in another order, and of other columns, there is nothing to say but what is said of scripts.
      const [head = '', ...rows] = text.split('\n').slice(0, -1);
      for (const same of [
        [head, ...rows.toReversed()],
        [`${head}\tmore`, ...rows],
      ]) {
        await replaceWithSum(name, `${same.join('\n')}\n`);
        const { outcome, notes } = await verify(inCopy(''));
        expect([outcome, notes]).toEqual(['whole', [expect.stringContaining(name)]]);
      }
    },
  );

  it.for([
    ['index.json', /team\/att:2/g, 'team/oops:2', 'it names other images than the lock'],
    ['manifest.json', /team\/att:2/g, 'team/oops:2', 'it names other images than the lock'],
    ['manifest.json', /"Layers"/, '"Layer"', 'it names other images than the lock'],
    ['registry/docker.io/library/one/index.json', /"1\.0"/, '"2.0"', 'it lacks 1.0'],
  ] as const)(
    'finds %s damaged where it means other images than the lock: %s',
    async ([name, from, to, reason]) => {
      const text = await readFile(inCopy(name), 'utf8');
      const other = text.replace(from, to);
      expect(other).not.toBe(text);
      await replaceWithSum(name, other);
      expect((await verify(inCopy(''))).damaged).toContainEqual(
        expect.objectContaining({ path: name, reason }),
      );
      // In another form it is what it was.
      await replaceWithSum(name, JSON.stringify(JSON.parse(text)));
      expect((await verify(inCopy(''))).outcome).toBe('whole');
    },
  );

  it('finds SHA256SUMS.registry damaged where it has other digests than the lock, though SHA256SUMS names it', async () => {
    const sums = await readFile(inCopy('SHA256SUMS.registry'), 'utf8');
    await replaceWithSum('SHA256SUMS.registry', sums.replace(/^.{64}/, '0'.repeat(64)));
    expect((await verify(inCopy(''))).damaged).toEqual([
      { path: 'SHA256SUMS.registry', reason: 'it has other digests than the lock, or fewer', images: [] },
    ]);
  });

  it('takes a bundle of a version without a kit', async () => {
    const sums = (await readFile(inCopy('SHA256SUMS'), 'utf8')).split('\n');
    const kit = sums.flatMap(
      (line) => / {2}((?:kit\/.*)|README\.txt|SHA256SUMS\.registry)$/.exec(line)?.[1] ?? [],
    );
    for (const name of kit) await rm(inCopy(name));
    const left = sums.filter((line) => !kit.some((name) => line.endsWith(`  ${name}`)));
    await writeFile(inCopy('SHA256SUMS'), left.join('\n'));
    expect(kit.length).toBeGreaterThan(3);
    expect(await verify(inCopy(''))).toMatchObject({ outcome: 'whole', notes: [] });
  });
});

describe('V9: a folder that is more, or less, than one bundle', () => {
  it('is told where the pool has what the lock does not tell, which only who unpacks and joins bring there', async () => {
    await writeFile(inCopy(`blobs/sha256/${'0'.repeat(64)}`), 'x');
    const { outcome, notes } = await verify(inCopy(''));
    expect([outcome, notes]).toEqual([
      'whole',
      [expect.stringMatching(/^blobs\/ has 1 file .* two bundles were unpacked here, one over the other/)],
    ]);
    // What a registry takes is no such thing.
    await rm(inCopy(`blobs/sha256/${'0'.repeat(64)}`));
    await writeFile(inCopy(`registry/docker.io/library/one/blobs/sha256/${'0'.repeat(64)}`), 'x');
    expect((await verify(inCopy(''))).notes).toEqual([]);
  });

  it('is told first of all where a join was cut off', async () => {
    await mkdir(inCopy('.oci-save-update'));
    await writeFile(inCopy('.oci-save-update/newer'), `${'a'.repeat(64)}\n`);
    await writeFile(inCopy(`blobs/sha256/${'0'.repeat(64)}`), 'x');
    await writeFile(inCopy('index.json'), '{}');
    const { exitCode, stderr } = await runMainAnyhow(['verify', inCopy('')], [], 80);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^note: an update was cut off here[^]*kit\/update\.sh of the newer[^]*\nindex\.json: /m,
    );
    expect(stderr).not.toContain('two bundles');
  });
});

describe('V9: a lock that lies elsewhere', () => {
  it('is what a bundle of one view is compared with, as a stream too', async () => {
    const stdin = (): AsyncIterable<Uint8Array> =>
      (async function* () {
        yield await readFile(saved.at('oci.tar'));
      })();
    const lock = saved.at('oci.lock.json');
    expect(await verify('-', { stdin: stdin(), lock })).toMatchObject({ outcome: 'whole', images: 4 });
    expect(await verify('-', { stdin: stdin() })).toMatchObject({ outcome: 'damaged', images: undefined });
    await cp(saved.at('zot'), saved.at('moved'), { recursive: true });
    expect(await verify(saved.at('moved'), { lock })).toMatchObject({ outcome: 'whole', images: 4 });
  });

  it('counts more than the one in the bundle, which has to be the same', async () => {
    const other = saved.at('other.lock.json');
    const lock = JSON.parse(await readFile(saved.at('app.lock.json'), 'utf8')) as { images: unknown[] };
    await writeFile(other, JSON.stringify({ ...lock, images: lock.images.slice(1) }));
    const { outcome, damaged } = await verify(saved.at('app'), { lock: other });
    expect([outcome, damaged[0]?.reason]).toEqual(['damaged', 'it is not the lock that was given']);
    expect(await verify(saved.at('app'), { lock: saved.at('app.lock.json') })).toMatchObject({
      outcome: 'whole',
    });
    await expect(verify(saved.at('app'), { lock: saved.at('nothing') })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('what verify prints', () => {
  it('tells a blob once, with short digests, and images on lines of their own, within 80 columns', async () => {
    const lock = JSON.parse(await readFile(saved.at('app.lock.json'), 'utf8')) as {
      images: { ref: string; names: string[]; leaves: { layers: string[] }[] }[];
    };
    const [image] = lock.images.filter(({ names }) => names.includes('docker.io/library/one:1.0'));
    const hex = image?.leaves[0]?.layers[0]?.slice('sha256:'.length) ?? '';
    // As copies, which a medium without links has.
    for (const folder of ['', 'registry/docker.io/library/one/']) {
      await rm(inCopy(`${folder}blobs/sha256/${hex}`));
      await writeFile(inCopy(`${folder}blobs/sha256/${hex}`), Buffer.alloc(600_113));
    }
    await writeFile(inCopy('registry/notes.txt'), 'x');
    const { exitCode, stderr } = await runMainAnyhow(['verify', inCopy('')], [], 80);
    expect(exitCode).toBe(1);
    const lines = stderr.split('\n').filter((line) => !line.startsWith('Verif'));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.slice(0, 9)).toEqual([
      expect.stringMatching(
        new RegExp(`^blob sha256:${hex.slice(0, 12)}: it has 600113 bytes instead of \\d+$`),
      ),
      '  in blobs/sha256/',
      '  in registry/docker.io/library/one/blobs/sha256/',
      '  needed by:',
      `    ${image?.ref}`,
      '1 image cannot be used:',
      `  ${image?.ref}`,
      'not of this bundle, and not checked:',
      '  registry/notes.txt',
    ]);
  });
});
