import { cp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hexOf } from '../../src/oci/digest.ts';
import { one, writeOciLayout } from '../support/fixtures/index.ts';
import { largestBlobOf } from '../support/image.ts';
import { outputOf } from '../support/program.ts';
import { startSaving } from '../support/saving.ts';

const { registry, work, args } = await startSaving({ 'image:1': one({ seed: 'pipes', layerBytes: 64 }) });
const IMAGE = `${registry.host}/image:1`;
const layout = one({ seed: 'layout', layerBytes: 64 });

beforeAll(async () => {
  await work.succeed(...args(IMAGE, '-o', 'bundle', '--archive', 'tar'));
  await writeOciLayout(work.file('layout'), [{ image: layout }]);
});

/** A pipe that nobody writes to, instead of what is there. */
async function pipeAt(...names: readonly string[]): Promise<void> {
  const file = work.file(path.join(...names));
  await rm(file, { force: true });
  await outputOf('mkfifo', [file]);
}

/** Copies of the bundle, the layout and the store, to be spoilt. */
async function copyOf(name: string, as: string): Promise<string> {
  await cp(work.file(name), work.file(as), { recursive: true });
  return as;
}

const PIPE = /^error(?: \(local\))?: .*it is a pipe, a device or a terminal, not a file/m;

describe('found B6: a pipe that nobody writes to is named and not waited for', () => {
  const save = (...words: readonly string[]): string[] => args(...words, '-o', 'piped', '--retries', '0');
  const blobOf = (image: typeof layout): string => path.join('blobs/sha256', hexOf(largestBlobOf(image)));

  it.each<[string, number, RegExp, () => Promise<string[]>]>([
    ['a list', 2, PIPE, async () => (await pipeAt('list.txt'), save('-f', 'list.txt'))],
    ['a list to be printed', 2, PIPE, async () => (await pipeAt('shown.txt'), ['list', 'shown.txt'])],
    [
      'an auth file',
      2,
      PIPE,
      async () => (await pipeAt('auth.json'), save(IMAGE, '--auth-file', 'auth.json')),
    ],
    [
      'an archive as source',
      1,
      /it is a pipe/,
      async () => (await pipeAt('source.tar'), save('docker-archive:source.tar => docker.io/library/x:1')),
    ],
    [
      'a layout’s index',
      1,
      /it is a pipe/,
      async () => {
        await pipeAt(await copyOf('layout', 'no-index'), 'index.json');
        return save('oci:no-index => docker.io/library/x:1');
      },
    ],
    [
      'a layout’s blob',
      1,
      /it is a pipe/,
      async () => {
        await pipeAt(await copyOf('layout', 'no-blob'), blobOf(layout));
        return save('--cache-dir', 'store-b', 'oci:no-blob => docker.io/library/x:1');
      },
    ],
    [
      'a layout’s manifest',
      1,
      /it is a pipe/,
      async () => {
        await pipeAt(await copyOf('layout', 'no-manifest'), 'blobs/sha256', hexOf(layout.top));
        return save('--cache-dir', 'store-m', 'oci:no-manifest => docker.io/library/x:1');
      },
    ],
    [
      'a bundle’s lock',
      2,
      /is not a bundle/,
      async () => {
        await pipeAt(await copyOf('bundle', 'no-lock'), 'oci-save.lock.json');
        return ['push', 'no-lock', registry.host, '--insecure-registries', registry.host];
      },
    ],
    [
      'a bundle’s lock to be listed',
      2,
      PIPE,
      async () => (await pipeAt('pipe.lock.json'), ['list', 'pipe.lock.json']),
    ],
    [
      'the lock file of another run at the output',
      2,
      /is not a regular file/,
      async () => (await pipeAt('.piped.lock'), save(IMAGE)),
    ],
    [
      'the store’s journal',
      1,
      PIPE,
      async () => {
        await pipeAt(await copyOf('cache/oci-save', 'no-journal'), 'journal.jsonl');
        return save(IMAGE, '--cache-dir', 'no-journal');
      },
    ],
  ])('%s', async (_, code, words, prepare) => {
    const { exitCode, stderr } = await work.run(...(await prepare()));
    await rm(work.file('.piped.lock'), { force: true });
    expect([exitCode, stderr]).toEqual([code, expect.stringMatching(words)]);
    expect(stderr).not.toContain('fault in oci-save');
  });

  it.each(['index.json', 'SHA256SUMS'])(
    '%s of the bundle at the output, which is refused as somebody else’s or replaced',
    async (name) => {
      const output = `spoilt-${name}`;
      await copyOf('bundle', output);
      await pipeAt(output, name);
      const { exitCode, stderr } = await work.run(...args(IMAGE, '-o', output));
      expect([0, 2]).toContain(exitCode);
      expect(stderr).not.toContain('fault in oci-save');
    },
  );

  it.each(['tar', 'sha256', 'parts.json', 'report.json'])('%s beside the output', async (suffix) => {
    const output = `beside-${suffix}`;
    await pipeAt(`${output}.${suffix}`);
    const { exitCode, stderr } = await work.run(...args(IMAGE, '-o', output, '--archive', 'tar'));
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/is not a regular file/)]);
  });

  it('a blob of the store, which is fetched again', async () => {
    const store = await copyOf('cache/oci-save', 'no-blobs');
    const image = one({ seed: 'pipes', layerBytes: 64 });
    const [digest] = [...image.blobs.keys()];
    await pipeAt(store, 'blobs/sha256', hexOf(digest ?? image.top));
    const { stderr } = await work.succeed(...args(IMAGE, '-o', 'healed', '--cache-dir', store));
    expect(stderr).toContain('it is not a regular file');
  });

  it('a blob of a bundle that is pushed', async () => {
    const bundle = await copyOf('bundle', 'no-blob-to-push');
    const image = one({ seed: 'pipes', layerBytes: 64 });
    await pipeAt(bundle, 'blobs/sha256', hexOf(image.top));
    const { exitCode, stderr } = await work.run(
      'push',
      bundle,
      registry.host,
      '--insecure-registries',
      registry.host,
    );
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(PIPE)]);
  });
});

describe('what else is not a file', () => {
  const server = createServer();
  afterAll(() => void server.close());

  it('is named as well: a socket, a folder, a device', async () => {
    await new Promise<void>((resolve) => void server.listen(work.file('socket'), resolve));
    for (const [file = '', kind] of [
      ['socket', 'a socket'],
      ['layout', 'a folder'],
      ['/dev/zero', 'a pipe, a device or a terminal'],
    ]) {
      for (const words of [
        args('-f', file, '-o', 'unmade'),
        args(IMAGE, '--auth-file', file, '-o', 'unmade'),
      ] as string[][]) {
        const { exitCode, stderr } = await work.run(...words);
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`it is ${kind}, not a file`)]);
      }
    }
  });

  it('is no login where the auth file is /dev/null', async () => {
    const { exitCode } = await work.run(...args(IMAGE, '--auth-file', '/dev/null', '-o', 'anonymous'));
    expect(exitCode).toBe(0);
  });

  it('stays readable as the standard input, which a list may be', async () => {
    await writeFile(work.file('some.txt'), `${IMAGE}\n`);
    const { exitCode } = await work.runWith(`${IMAGE}\n`, ...args('-f', '-', '-o', 'from-stdin'));
    expect(exitCode).toBe(0);
  });
});
