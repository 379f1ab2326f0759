import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTar } from '../../../src/archive/index.ts';
import { verifyBundle, type VerifyReport } from '../../../src/commands/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { att, one } from '../../support/fixtures/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const layer = { layerBytes: 700 };

let source: BadRegistry;
let temp: TempFolder;
let archive: Buffer;
beforeAll(async () => {
  source = await startBadRegistry({
    images: { 'team/one:1': one(layer), 'att:1': att(layer) },
  });
  temp = await tempFolder('every-block');
  const options = parseOptions({
    images: ['team/one:1', 'att:1'].map((image) => `${source.host}/${image}`),
    platforms: 'linux/amd64',
    output: path.join(temp.path, 'app'),
    archive: 'tar',
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    insecureRegistries: [source.host],
  });
  const { report } = await save(options, { env: {}, emit: () => {} });
  expect(report).toMatchObject({ outcome: 'done', failed: [] });
  archive = await readFile(path.join(temp.path, 'app.tar'));
});
afterAll(async () => {
  await source.close();
  await temp.close();
});

async function* streamOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const verify = (bytes: Buffer): Promise<VerifyReport> =>
  verifyBundle({ content: ['-'] }, { emit: () => {}, signal: undefined, stdin: streamOf(bytes) });

/** The archive with one byte changed. */
function spoilt(position: number): Buffer {
  const bytes = Buffer.from(archive);
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  return bytes;
}

/** Where the entries of the archive begin, with their names; behind the last one, its end. */
async function entriesOf(): Promise<{ name: string; offset: number }[]> {
  const entries = [];
  let offset = 0;
  for await (const { path: name, size } of readTar(streamOf(archive))) {
    entries.push({ name, offset });
    offset += 512 + Math.ceil(size / 512) * 512;
    // A pax record comes before the header of a long name.
    if (archive[offset + 156] === 'x'.charCodeAt(0)) offset += 1024;
  }
  return [...entries, { name: 'the end', offset }];
}

describe('V9: one changed byte in any block of an archive is noticed without the sums beside it', () => {
  it('in headers, names, contents, padding, links and the end', async () => {
    expect(await verify(archive)).toMatchObject({ outcome: 'whole', damaged: [] });
    const entries = await entriesOf();
    const silent: string[] = [];
    for (let offset = 0; offset < archive.length; offset += 512) {
      // In the midst of a file, one block is like another.
      const near = entries.find((entry) => offset >= entry.offset - 512 && offset <= entry.offset + 1536);
      if (near === undefined) continue;
      // The first byte, which of a small file is not padding; and another place in each block, so that all fields of
      // headers have their turn.
      for (const within of [0, 1 + (((offset / 512) * 131) % 511)]) {
        const { outcome } = await verify(spoilt(offset + within));
        if (outcome === 'whole') silent.push(`${offset + within}, near ${near.name}`);
      }
    }
    expect(silent).toEqual([]);
  });
});
