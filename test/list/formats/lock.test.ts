import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseList, readLists } from '../../../src/list/index.ts';
import { encodeLock, type Lock, type LockedImage, lockSchema } from '../../../src/lock/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-type.ts';
import { failureOf } from '../../support/failure.ts';
import { tempFolder } from '../../support/temp.ts';

const of = (text: string) => digestOf(new TextEncoder().encode(text));

function imageOf(ref: string, change: Partial<LockedImage> = {}): LockedImage {
  const [digest, config, layer] = [of(ref), of(`${ref} config`), of(`${ref} layer`)];
  return {
    ref,
    names: [ref],
    source: 'docker',
    digest,
    mediaType: OCI_MANIFEST,
    root: digest,
    rootMediaType: OCI_MANIFEST,
    platforms: ['linux/amd64'],
    leaves: [{ digest, mediaType: OCI_MANIFEST, platform: 'linux/amd64', config, layers: [layer] }],
    referrers: [],
    ...change,
  };
}

function lockOf(images: readonly LockedImage[], files: Lock['files'] = []): Lock {
  const named = images.flatMap(({ digest, root, leaves }) => [
    digest,
    root,
    ...leaves.flatMap((leaf) => [leaf.digest, leaf.config, ...leaf.layers]),
  ]);
  return lockSchema.parse({
    version: 1,
    images,
    files,
    blobs: Object.fromEntries(named.map((digest) => [digest, 1])),
  });
}

const OPTIONS = { format: 'auto', defaultRegistry: 'docker.io' };
const textOf = (lock: unknown): string => JSON.stringify(lock, null, 2);
const parse = (text: string, format = 'auto') =>
  parseList(new TextEncoder().encode(text), 'what.txt', { ...OPTIONS, format });

const [tagged, byDigest, artifact] = [
  imageOf('docker.io/library/busybox:1'),
  imageOf(`quay.io/acme/db@${of('quay.io/acme/db')}`, {
    digest: of('quay.io/acme/db'),
    names: ['quay.io/acme/db:digest-123456789abc'],
  }),
  imageOf('quay.io/acme/chart:1', { platforms: [] }),
];

describe('L21, found F3: a lock as a list', () => {
  it.each<[string, string, string]>([
    ['as we write it', new TextDecoder().decode(encodeLock(lockOf([tagged, byDigest, artifact]))), 'auto'],
    ['with other indentation', JSON.stringify(lockOf([tagged, byDigest, artifact]), null, '\t'), 'auto'],
    [
      'with line ends of Windows',
      textOf(lockOf([tagged, byDigest, artifact])).replaceAll('\n', '\r\n'),
      'auto',
    ],
    ['as the format that is named', textOf(lockOf([tagged, byDigest, artifact])), 'lock'],
  ])('%s is recognised, and has an image per entry', (_, text, format) => {
    const list = parse(text, format);
    expect(list).toMatchObject({ format: 'lock', rejects: [], candidates: [], ignored: [], warnings: [] });
    const lines = text.split('\n').map((line) => /"ref": "(.*)"/.exec(line)?.[1]);
    expect(list.requests.map(({ origin, written }) => [lines[origin.line - 1], written])).toEqual(
      [tagged, byDigest, artifact].map(({ ref }) => [ref, ref]),
    );
    expect(list.requests.map(({ locked }) => locked)).toEqual([tagged, byDigest, artifact]);
    const { digest } = byDigest;
    expect(list.requests.map(({ source }) => source)).toEqual([
      { transport: 'docker', reference: { domain: 'docker.io', path: 'library/busybox', tag: '1' } },
      { transport: 'docker', reference: { domain: 'quay.io', path: 'acme/db', digest } },
      { transport: 'docker', reference: { domain: 'quay.io', path: 'acme/chart', tag: '1' } },
    ]);
    expect(list.requests.map(({ platforms }) => platforms)).toEqual([
      [{ os: 'linux', architecture: 'amd64' }],
      [{ os: 'linux', architecture: 'amd64' }],
      'all',
    ]);
  });

  it('leaves a digest beside a tag to its own field', () => {
    const pinned = imageOf(`docker.io/library/busybox:1@${of('pinned')}`, {
      digest: of('pinned'),
      names: ['docker.io/library/busybox:1'],
    });
    const [request] = parse(textOf(lockOf([pinned]))).requests;
    expect(request?.source).toEqual({
      transport: 'docker',
      reference: { domain: 'docker.io', path: 'library/busybox', tag: '1' },
    });
  });

  it.each<[string, unknown, number, string, string]>([
    [
      'an image of a layout',
      lockOf([tagged, imageOf('site.example/own:1', { source: 'oci' })]),
      31,
      'it came from an OCI layout, and no lock says where that is',
      "name its source beside that: 'oci:path:name => site.example/own:1'",
    ],
    [
      'an image of a docker archive',
      lockOf([imageOf('site.example/own:1', { source: 'docker-archive', converted: {} })]),
      5,
      'it came from a docker archive, and no lock says where that is',
      "'docker-archive:path:name:tag => site.example/own:1'",
    ],
    [
      'plain files',
      lockOf([tagged], [{ path: 'site/values.yaml', digest: of('values'), size: 6 }]),
      1,
      'it has plain files, whose content no registry has: ',
      'Copy the bundle that has them',
    ],
    [
      'two digests of one image',
      lockOf([
        imageOf(`docker.io/library/busybox@${of('another')}`, { names: ['docker.io/library/busybox:1'] }),
      ]),
      5,
      'its reference and its digest differ',
      'It was changed',
    ],
    [
      'a field that is not valid',
      { ...lockOf([tagged]), images: [{ ...tagged, names: ['docker.io/../../trusted/base:1'] }] },
      1,
      'it is not a valid lock of version 1: images[0].names[0] is not a valid stored name',
      'It was changed',
    ],
    [
      'a version that is not known',
      { ...lockOf([tagged]), version: 2 },
      1,
      'it is not a valid lock of version 1: version has a value that the format does not know',
      'It was changed',
    ],
  ])('is refused with %s, by its line, with what to do', (_, lock, line, reason, advice) => {
    const { rejects } = parse(textOf(lock));
    expect(rejects).toEqual([
      expect.objectContaining({
        origin: { file: 'what.txt', line },
        reason: expect.stringContaining(reason),
        hint: expect.stringContaining(advice),
      }),
    ]);
  });

  it('is refused where it is YAML', () => {
    const { rejects, format } = parse('version: 1\nimages: []\nblobs: {}\n');
    expect([format, rejects.map(({ reason }) => reason)]).toEqual(['lock', ['it is not JSON']]);
  });

  it('counts files beyond five', () => {
    const files = Array.from({ length: 7 }, (_, at) => ({ path: `file-${at}`, digest: of('file'), size: 1 }));
    const [reject] = parse(textOf(lockOf([tagged], files))).rejects;
    expect(reject?.reason).toMatch(/file-0.*file-4.* and 2 more$/);
    expect(reject?.reason).not.toContain('file-5');
  });

  it('without an image is an error, as any list', async () => {
    await using temp = await tempFolder('lock-list');
    const file = path.join(temp.path, 'empty.txt');
    await writeFile(file, encodeLock(lockOf([])));
    const failure = await failureOf(
      readLists({ images: [], files: [file], strictTags: true, onCandidate: 'report', ...OPTIONS }),
    );
    expect(failure.message).toContain('read as a lock of oci-save, it does not name any image');
  });

  it('may be larger than other lists, and has no tag that floats', async () => {
    await using temp = await tempFolder('lock-list');
    const latest = imageOf('docker.io/library/busybox:latest');
    const layers = Array.from({ length: 100_000 }, () => of('layer'));
    const leaves = latest.leaves.map((leaf) => ({ ...leaf, layers }));
    const lock = lockOf([{ ...latest, leaves: [...leaves, ...leaves] }]);
    const text = encodeLock(lock);
    expect(text.length).toBeGreaterThan(16 * 1024 * 1024);
    const folder = path.join(temp.path, 'bundle');
    await mkdir(folder);
    await writeFile(path.join(folder, 'oci-save.lock.json'), text);
    const inputs = {
      images: [],
      files: [folder],
      strictTags: true,
      onCandidate: 'report' as const,
      ...OPTIONS,
    };
    const { requests, lists } = await readLists(inputs);
    expect(lists).toEqual([
      { file: path.join(folder, 'oci-save.lock.json'), format: 'lock', count: 1, ignored: [] },
    ]);
    expect(requests[0]?.origin.line).toBe(5);
    await writeFile(path.join(folder, 'oci-save.lock.json'), ` ${new TextDecoder().decode(text)}`);
    expect((await failureOf(readLists(inputs))).message).toContain(
      'it is larger than 16 MiB, which no list is',
    );
  });

  it('that two files have is read once', async () => {
    await using temp = await tempFolder('lock-list');
    const sparse = imageOf('docker.io/library/busybox:1', { mediaType: OCI_INDEX, digest: of('index') });
    const files = ['a', 'b', 'c'].map((name) => path.join(temp.path, name));
    const locks = [lockOf([tagged]), lockOf([tagged]), lockOf([sparse])];
    for (const [at, file] of files.entries()) await writeFile(file, textOf(locks[at]));
    const { requests } = await readLists({
      images: [],
      files,
      strictTags: false,
      onCandidate: 'report',
      ...OPTIONS,
    });
    expect(requests.map(({ locked }) => locked)).toEqual([tagged, sparse]);
  });
});
