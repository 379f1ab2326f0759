import { createReadStream } from 'node:fs';
import { cp, link, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { computeTar, readTar, type TarEntry } from '../../../src/archive/index.ts';
import { verifyBundle, type VerifyReport } from '../../../src/commands/index.ts';
import { openServed } from '../../../src/commands/serve/served-content.ts';
import { save } from '../../../src/commands/save/save.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { failureOf } from '../../support/failure.ts';
import { att, idx, one } from '../../support/fixtures/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const layer = { layerBytes: 60_000 };

let source: BadRegistry;
let temp: TempFolder;
let made: string;
beforeAll(async () => {
  source = await startBadRegistry({
    images: { 'team/one:1': one(layer), 'team/idx:1': idx(layer), 'att:1': att(layer) },
  });
  temp = await tempFolder('verify');
  made = path.join(temp.path, 'made');
  const options = parseOptions({
    images: ['team/one:1', 'team/idx:1', 'att:1'].map((image) => `${source.host}/${image}`),
    platforms: 'linux/amd64',
    output: path.join(made, 'app'),
    archive: 'tar',
    splitSize: '100KiB',
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    insecureRegistries: [source.host],
  });
  const { report } = await save(options, { env: {}, emit: () => {} });
  expect(report).toMatchObject({ outcome: 'done', failed: [] });
});
afterAll(async () => {
  await source.close();
  await temp.close();
});

async function* noBytes(): AsyncGenerator<Uint8Array> {}

const verify = (
  content: string | string[],
  stdin: AsyncIterable<Uint8Array> = noBytes(),
): Promise<VerifyReport> =>
  verifyBundle({ content: [content].flat() }, { emit: () => {}, signal: undefined, stdin });

let at: string;
let count = 0;
/** A copy of the bundle and its parts; links between its files stay links, as `cp -a` leaves them. */
beforeEach(async () => {
  count += 1;
  at = path.join(temp.path, `copy-${count}`);
  await cp(made, at, { recursive: true });
});
const inBundle = (...names: string[]): string => path.join(at, 'app', ...names);
const ref = (image: string): string => `${source.host}/${image}`;

/** Changes one byte of a file. */
async function spoil(file: string, position = 0): Promise<void> {
  const bytes = await readFile(file);
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  // Another file: the old one may have further names.
  await rm(file);
  await writeFile(file, bytes);
}

/** The files of the archive in their order. */
async function partsOf(): Promise<string[]> {
  const names = (await readdir(at)).filter((name) => /^app\.tar\.\d{3}$/.test(name)).toSorted();
  return names.map((name) => path.join(at, name));
}

async function* joined(): AsyncGenerator<Uint8Array> {
  for (const part of await partsOf()) yield* createReadStream(part);
}

describe('V9: verify of a folder', () => {
  it('finds a whole bundle whole, hashing each blob once where its names are links', async () => {
    const report = await verify(path.join(made, 'app'));
    expect(report).toMatchObject({
      outcome: 'whole',
      kind: 'folder',
      images: 3,
      damaged: [],
      parts: [],
      foreign: [],
      state: [],
    });
    const copies = await verify(inBundle());
    expect(copies).toMatchObject({ outcome: 'whole', damaged: [] });
    expect(copies.bytes).toBeGreaterThan(report.bytes);
  });

  it('names the images that need a damaged layer, and no other', async () => {
    const lock: unknown = JSON.parse(await readFile(inBundle('oci-save.lock.json'), 'utf8'));
    const [image] = (lock as { images: { ref: string; leaves: { layers: string[] }[] }[] }).images.filter(
      (one) => one.ref === ref('team/one:1'),
    );
    const hex = image?.leaves[0]?.layers[0]?.slice('sha256:'.length) ?? '';
    await spoil(inBundle('blobs', 'sha256', hex), 9);
    const report = await verify(inBundle());
    expect(report).toMatchObject({ outcome: 'damaged', foreign: [] });
    expect(report.damaged.map(({ path: file }) => file)).toEqual([`blobs/sha256/${hex}`]);
    expect(report.damaged[0]?.reason).toMatch(/^it hashes to sha256:[0-9a-f]{12}$/);
    expect(report.damaged[0]?.images).toContain(ref('team/one:1'));
  });

  it('found A6: finds damage in a copy below registry/, where the pool is whole', async () => {
    const folder = `registry/${source.host.replace(':', '_')}/att/blobs/sha256`;
    const [first = ''] = (await readdir(inBundle(folder))).toSorted();
    await spoil(inBundle(folder, first));
    const report = await verify(inBundle());
    expect(report.damaged).toEqual([
      {
        path: `${folder}/${first}`,
        reason: expect.stringMatching(/^it hashes to/),
        images: expect.arrayContaining([ref('att:1')]),
      },
    ]);
  });

  it.each(['', 'registry/HOST/team/one/'])('says what is missing of the layout %s', async (folder) => {
    const layout = folder.replace('HOST', source.host.replace(':', '_'));
    await rm(inBundle(layout, 'index.json'));
    const report = await verify(inBundle());
    expect(report.damaged).toEqual([
      {
        path: `${layout}index.json`,
        reason: 'it is missing',
        images: expect.arrayContaining([ref('team/one:1')]),
      },
    ]);
  });

  it('takes an index.json that a server rewrote, and finds a tag that is gone or means another image', async () => {
    const file = inBundle('registry', source.host.replace(':', '_'), 'team/one/index.json');
    const index = JSON.parse(await readFile(file, 'utf8')) as {
      manifests: { digest: string; annotations?: object }[];
    };
    await writeFile(file, JSON.stringify({ ...index, manifests: index.manifests.toReversed() }));
    expect(await verify(inBundle())).toMatchObject({ outcome: 'whole', foreign: [] });
    await writeFile(file, JSON.stringify({ ...index, manifests: [] }));
    expect((await verify(inBundle())).damaged).toMatchObject([
      { reason: 'it lacks 1', images: [ref('team/one:1')] },
    ]);
    const other = index.manifests.map((entry) => ({ ...entry, digest: `sha256:${'0'.repeat(64)}` }));
    await writeFile(file, JSON.stringify({ ...index, manifests: other }));
    expect((await verify(inBundle())).damaged).toMatchObject([{ reason: 'it names another image by 1' }]);
  });

  it('finds an index.json that lists a platform no more, and a mark that no server writes', async () => {
    const file = inBundle('registry', source.host.replace(':', '_'), 'team/idx/index.json');
    const index = JSON.parse(await readFile(file, 'utf8')) as { manifests: { annotations?: object }[] };
    const tagged = index.manifests.filter(({ annotations }) => annotations !== undefined);
    await writeFile(file, JSON.stringify({ ...index, manifests: tagged }));
    expect((await verify(inBundle())).damaged).toMatchObject([
      { reason: expect.stringContaining('it does not list sha256:'), images: [ref('team/idx:1')] },
    ]);
    await writeFile(file, JSON.stringify(index));
    // zot writes 0 where it cannot remove the file.
    await writeFile(inBundle('registry/_restore_complete'), '0');
    expect(await verify(inBundle())).toMatchObject({ outcome: 'whole' });
    await writeFile(inBundle('registry/_restore_complete'), 'x');
    expect((await verify(inBundle())).damaged).toMatchObject([{ path: 'registry/_restore_complete' }]);
  });

  it('takes an oci-layout that a server rewrote, and finds one that is changed or is no JSON', async () => {
    const layout = path.join('registry', source.host.replace(':', '_'), 'team/one');
    await writeFile(inBundle(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    expect(await verify(inBundle())).toMatchObject({ outcome: 'whole', damaged: [] });
    await spoil(inBundle(layout, 'oci-layout'));
    await spoil(inBundle('oci-layout'));
    await spoil(
      inBundle(layout, 'index.json'),
      (await readFile(inBundle(layout, 'index.json'))).indexOf('vnd.oci'),
    );
    expect((await verify(inBundle())).damaged).toMatchObject([
      { path: 'oci-layout' },
      { path: `${layout}/index.json`, reason: 'it is not an index of a layout' },
      { path: `${layout}/oci-layout`, reason: 'it is not that of an OCI layout' },
    ]);
  });

  it('tells apart what a server left and what others put there', async () => {
    await writeFile(inBundle('registry', 'cache.db'), 'x');
    await rm(inBundle('registry', '_restore_complete'));
    await writeFile(inBundle('notes.txt'), 'mine');
    expect(await verify(inBundle())).toMatchObject({
      outcome: 'whole',
      foreign: ['notes.txt'],
      state: ['registry/cache.db'],
    });
  });

  it('finds the page, the sums and the lock changed', async () => {
    await spoil(inBundle('report.html'), 20);
    expect((await verify(inBundle())).damaged).toEqual([
      { path: 'report.html', reason: 'its bytes are not those that SHA256SUMS names', images: [] },
    ]);
    await rm(inBundle('oci-save.lock.json'));
    const lost = [{ path: 'oci-save.lock.json', reason: 'it is missing' }, { path: 'report.html' }];
    expect(await verify(inBundle())).toMatchObject({ images: 3, damaged: lost });
    await rm(path.join(at, 'app.lock.json'));
    expect(await verify(inBundle())).toMatchObject({
      images: undefined,
      damaged: [
        { path: 'oci-save.lock.json', reason: expect.stringContaining('nothing says') },
        { path: 'report.html' },
      ],
    });
  });

  it('finds a digest changed in the sums, and a size or a name in an index', async () => {
    const sums = await readFile(inBundle('SHA256SUMS'), 'utf8');
    const other = (digit: string): string => (digit === '0' ? '1' : '0');
    for (const changed of [
      sums.replace(/^.(?=.*blobs)/m, other),
      sums.replace(/^.(?=.*blobs)/m, 'X'),
      sums.replace(/^.(?=.*report.html)/m, 'X'),
      sums.replace(/^.(?=.*team.idx.index.json)/m, other),
    ]) {
      expect(changed).not.toBe(sums);
      await writeFile(inBundle('SHA256SUMS'), changed);
      expect((await verify(inBundle())).damaged).toEqual([
        { path: 'SHA256SUMS', reason: 'it has other digests than the lock, or fewer', images: [] },
      ]);
    }
    await writeFile(inBundle('SHA256SUMS'), sums);
    const file = inBundle('registry', source.host.replace(':', '_'), 'team/one/index.json');
    const index = await readFile(file, 'utf8');
    await writeFile(file, index.replace(/"size": /, '"size": 1'));
    expect((await verify(inBundle())).damaged).toMatchObject([
      { reason: 'it has a wrong size or type of an image', images: [ref('team/one:1')] },
    ]);
    await writeFile(file, index);
    const top = await readFile(inBundle('index.json'), 'utf8');
    await writeFile(inBundle('index.json'), top.replace('io.containerd.image.name', 'io.containerd.imag'));
    expect((await verify(inBundle())).damaged).toMatchObject([{ path: 'index.json' }]);
  });

  it('takes no symbolic link for a file', async () => {
    await rename(inBundle('manifest.json'), path.join(at, 'elsewhere'));
    await symlink(path.join(at, 'elsewhere'), inBundle('manifest.json'));
    const report = await verify(inBundle());
    expect(report.damaged).toEqual([
      { path: 'manifest.json', reason: 'it is a symbolic link', images: expect.any(Array) },
    ]);
  });

  it('V9, V17: names what is meant by a folder that holds an archive, its parts or releases', async () => {
    const naming = (file: string): object => ({
      code: 'usage',
      message: expect.stringContaining('is not a bundle'),
      hint: `Name ${file}.`,
    });
    await expect(verify(at)).rejects.toMatchObject(naming(path.join(at, 'app.tar.001')));
    const site = path.join(at, 'site');
    await cp(inBundle(), path.join(site, 'releases', 'a'), { recursive: true });
    await symlink('releases/a', path.join(site, 'current'));
    await expect(verify(site)).rejects.toMatchObject(naming(path.join(site, 'current')));
    expect(await verify(path.join(site, 'current'))).toMatchObject({ outcome: 'whole' });
    const { code, hint } = await failureOf(openServed(site));
    expect([code, hint]).toEqual(['usage', `Name ${path.join(site, 'current')}.`]);
    const parts = path.join(at, 'stick');
    await cp(path.join(at, 'app.tar.001'), path.join(parts, 'app.tar.001'));
    expect((await failureOf(openServed(parts))).hint).toBe(`Name ${path.join(parts, 'app.tar.001')}.`);
  });

  it('says of a folder that is no bundle what it lacks', async () => {
    const empty = path.join(at, 'other');
    await cp(inBundle('blobs'), empty, { recursive: true });
    expect(await verify(empty)).toMatchObject({
      outcome: 'damaged',
      damaged: [{ path: 'oci-save.lock.json', reason: expect.stringContaining('it is missing') }],
    });
    await expect(verify(path.join(at, 'nowhere'))).rejects.toMatchObject({ code: 'usage' });
    await expect(verify([inBundle(), at])).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('V9: verify of a bundle of one view', () => {
  it.each(['zot', 'oci'])('compares the view %s with the lock beside it', async (layout) => {
    const folder = path.join(temp.path, `only-${layout}`);
    const options = parseOptions({
      images: ['team/one:1', 'team/idx:1'].map((image) => `${source.host}/${image}`),
      platforms: 'linux/amd64',
      output: folder,
      layout,
      archive: 'tar',
      cacheDir: path.join(temp.path, 'store'),
      copier: 'direct',
      insecureRegistries: [source.host],
    });
    await save(options, { env: {}, emit: () => {} });
    for (const content of [folder, `${folder}.tar`]) {
      expect(await verify(content)).toMatchObject({
        outcome: 'whole',
        images: 2,
        damaged: [],
        foreign: [],
        state: [],
      });
    }
    const names = (await readdir(folder, { recursive: true })).filter((name) =>
      /sha256\/[0-9a-f]{64}$/.test(name),
    );
    for (const name of names) {
      const bytes = await readFile(path.join(folder, name));
      await rm(path.join(folder, name));
      const lost = await verify(folder);
      expect(lost.damaged.length).toBeGreaterThan(0);
      expect(lost.damaged.flatMap(({ images }) => images)).not.toEqual([]);
      await writeFile(path.join(folder, name), bytes);
    }
    expect(await verify(folder)).toMatchObject({ outcome: 'whole' });
  });
});

/** Makes the header at the start of a tar one of another type: 2 a symbolic link, 5 a folder, 6 a pipe. */
function setType(tar: Buffer, type: string): void {
  tar.write(type, 156);
  tar.fill(' ', 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

describe('V15: verify of an archive without unpacking it', () => {
  it('reads its parts by any of them, their list, and as a stream', async () => {
    const parts = await partsOf();
    expect(parts.length).toBeGreaterThan(2);
    const [first = '', second = ''] = parts;
    for (const content of [[first], [second], parts, [path.join(at, 'app.parts.json')]]) {
      expect(await verify(content)).toMatchObject({
        outcome: 'whole',
        kind: 'parts',
        images: 3,
        damaged: [],
        parts: [],
      });
    }
    expect(await verify('-', joined())).toMatchObject({ outcome: 'whole', kind: 'stream', images: 3 });
    await rm(path.join(at, 'app.parts.json'));
    expect(await verify(second)).toMatchObject({ outcome: 'whole', kind: 'parts' });
  });

  it('case J2: names a missing and a damaged part in one run', async () => {
    const [, second = '', third = ''] = await partsOf();
    await rm(second);
    await spoil(third, 5);
    const report = await verify(third);
    expect(report.outcome).toBe('damaged');
    expect(report.parts).toEqual([
      { name: path.basename(second), reason: 'it is missing' },
      { name: path.basename(third), reason: 'its bytes are not those that were written' },
    ]);
    expect(report.broken).toMatch(/cut off/);
  });

  it('names a part that a worn medium does not give, and hashes those after it', async () => {
    const [, second = '', third = ''] = await partsOf();
    await rm(second);
    // Reading it fails with EIO at once, as on a worn medium (proc(5)).
    await symlink('/proc/self/mem', second);
    await spoil(third, 5);
    const report = await verify(third);
    expect(report.parts).toEqual([
      { name: path.basename(second), reason: 'it cannot be read (EIO)' },
      { name: path.basename(third), reason: 'its bytes are not those that were written' },
    ]);
    expect(report.damaged.map(({ path: file }) => file)).not.toContain('manifest.json');
  });

  it('joins nothing behind a part that is too short', async () => {
    const [, second = ''] = await partsOf();
    const bytes = await readFile(second);
    await rm(second);
    await writeFile(second, bytes.subarray(0, -512));
    const report = await verify(second);
    expect(report.parts).toMatchObject([{ reason: expect.stringContaining('bytes instead of') }]);
    expect(report.broken).toMatch(/cut off/);
  });

  it('finds what would be written or read outside of the folder that it is unpacked to', async () => {
    const whole = Buffer.concat(await Array.fromAsync(joined()));
    const bytes = new Uint8Array(1);
    const cases: [TarEntry, reason: string, type?: string][] = [
      [{ kind: 'bytes', path: '../out', bytes }, 'it has a name that no bundle has'],
      [{ kind: 'bytes', path: 'kit/../../out', bytes }, 'it has a name that no bundle has'],
      [{ kind: 'bytes', path: '/etc/cron.d/out', bytes }, 'it has a name that no bundle has'],
      [{ kind: 'bytes', path: '../out', bytes: new Uint8Array() }, 'it has a name that no bundle has', '5'],
      [
        { kind: 'link', path: 'registry/x', to: '/etc/passwd' },
        'it is a link to a file that is not in the archive before it',
      ],
      [{ kind: 'link', path: 'registry/x', to: '/etc' }, 'it is not a regular file', '2'],
      [{ kind: 'bytes', path: 'registry/x', bytes: new Uint8Array() }, 'it is not a regular file', '6'],
    ];
    for (const [entry, reason, type] of cases) {
      const tail = Buffer.concat(await Array.fromAsync(computeTar([entry]).read()));
      if (type !== undefined) setType(tail, type);
      async function* hostile(): AsyncGenerator<Uint8Array> {
        yield whole.subarray(0, -1024);
        yield tail;
      }
      const { outcome, damaged } = await verify('-', hostile());
      expect([entry.path, outcome, damaged]).toEqual([
        entry.path,
        'damaged',
        [{ path: entry.path, reason, images: [] }],
      ]);
    }
  });

  it('V15: finds a link that stands before its file, which no program can make', async () => {
    const whole = Buffer.concat(await Array.fromAsync(joined()));
    let link: { readonly name: string; readonly at: number } | undefined;
    for await (const { kind, path: name, start } of readTar(joined()))
      if (kind === 'link') link ??= { name, at: start - 512 };
    const { name = '', at = 0 } = link ?? {};
    async function* moved(): AsyncGenerator<Uint8Array> {
      yield whole.subarray(at, at + 512);
      yield whole.subarray(0, at);
      yield whole.subarray(at + 512);
    }
    const { outcome, damaged } = await verify('-', moved());
    expect([outcome, damaged.map((one) => [one.path, one.reason])]).toEqual([
      'damaged',
      [[name, 'it is a link to a file that is not in the archive before it']],
    ]);
  });

  it.each([
    ['g', '18 path=evil.json\n'],
    ['g', '9 size=5\n'],
    ['x', '23 GNU.sparse.size=100\n'],
    ['x', '24 GNU.sparse.name=evil\n'],
  ])(
    'V15: finds a header %s with %j, by which other programs write other files than were hashed',
    async (type, text) => {
      const whole = Buffer.concat(await Array.fromAsync(joined()));
      const record = Buffer.concat(
        await Array.fromAsync(
          computeTar([{ kind: 'bytes', path: 'PaxHeaders/x', bytes: Buffer.from(text) }]).read(),
        ),
      ).subarray(0, 1024);
      setType(record, type);
      async function* hostile(): AsyncGenerator<Uint8Array> {
        yield record;
        yield whole;
      }
      expect(await verify('-', hostile())).toMatchObject({
        outcome: 'damaged',
        broken: expect.stringMatching(/another name or size than other readers see \(at byte 0\)/),
      });
    },
  );

  it('bounds the folders of an archive', async () => {
    const whole = Buffer.concat(await Array.fromAsync(joined()));
    async function* hostile(): AsyncGenerator<Uint8Array> {
      yield whole.subarray(0, -1024);
      const extra: TarEntry[] = [];
      for (let at = 0; at < 200; at += 1)
        extra.push({ kind: 'bytes', path: `${at}/${'a/'.repeat(2000)}f`, bytes: new Uint8Array() });
      yield* computeTar(extra).read();
    }
    await expect(verify('-', hostile())).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('says where the parts of an archive are, and how one is read that comes through a pipe', async () => {
    await expect(verify(path.join(at, 'app.tar'))).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('app.tar.001'),
    });
    await expect(verify('/dev/null')).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('-'),
    });
  });

  it('case J4: says of a part alone, or of a cut archive, where it ends', async () => {
    const [first = ''] = await partsOf();
    const alone = path.join(at, 'alone', 'app.tar');
    await cp(first, alone);
    const report = await verify(alone);
    expect(report).toMatchObject({ outcome: 'damaged', kind: 'archive', images: undefined });
    expect(report.broken).toMatch(
      /^it ends within blobs\/sha256\/[0-9a-f]{64}, after \d+ of \d+ bytes: it was cut off \(at byte \d+\)$/,
    );
  });

  it('finds one changed byte of each kind: a header, padding, a blob, a link, a boundary', async () => {
    const bytes = Buffer.concat(await Array.fromAsync(joined()));
    const [first = '', ...others] = await partsOf();
    const size = (await readFile(first)).length;
    const places = { header: 0, size: 124, padding: 0, blob: 0, link: 0, target: 0, boundary: size - 1 };
    let offset = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    // Headers are 512 bytes, and follow what comes before them at once.
    for await (const entry of readTar(counted())) {
      const padded = Math.ceil(entry.size / 512) * 512;
      if (entry.kind === 'file' && entry.size % 512 > 0 && places.blob === 0 && entry.size > 10_000) {
        places.header = offset;
        places.size = offset + 124;
        places.blob = offset + 512 + 9;
        places.padding = offset + 512 + entry.size;
      }
      if (entry.kind === 'link' && places.link === 0) {
        places.link = bytes.indexOf(entry.path.slice(-64), offset);
        places.target = bytes.indexOf(entry.to.slice(-64), places.link + 64);
      }
      offset += 512 + padded;
      // A pax record comes before the header of a long name.
      if (bytes[offset + 156] === 'x'.charCodeAt(0)) offset += 1024;
    }
    for (const [kind, position] of Object.entries(places)) {
      expect([kind, position >= 0]).toEqual([kind, true]);
      const wrong = Buffer.from(bytes);
      wrong[position] = (wrong[position] ?? 0) ^ 1;
      async function* one(): AsyncGenerator<Uint8Array> {
        yield wrong;
      }
      const streamed = await verify('-', one());
      expect([kind, streamed.outcome]).toEqual([kind, 'damaged']);
      expect([kind, streamed.images]).toEqual([kind, 3]);
      // Padding is of no image; a file whose header is damaged is missed, and no other.
      if (kind === 'header' || kind === 'size') {
        expect(streamed.broken).toBe(`a header is damaged (at byte ${places.header})`);
        const hexes = new Set(streamed.damaged.map((one) => path.basename(one.path)));
        expect([kind, hexes.size]).toEqual([kind, 1]);
      }
      const part = [first, ...others][Math.floor(position / size)] ?? '';
      await spoil(part, position % size);
      const report = await verify(first);
      const wrongPart = { name: path.basename(part), reason: 'its bytes are not those that were written' };
      expect([kind, report.parts]).toEqual([kind, [wrongPart]]);
      await spoil(part, position % size);
    }
  });

  it('says of bytes that are no archive that they are none', async () => {
    const file = path.join(at, 'notes.tar');
    await writeFile(file, 'x'.repeat(2000));
    await expect(verify(file)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is not a bundle: a header is damaged'),
    });
    await link(file, path.join(at, 'b.tar'));
    await expect(verify([file, path.join(at, 'b.tar')])).rejects.toMatchObject({ code: 'usage' });
  });
});
