import { describe, expect, it } from 'vitest';
import { findReleased, type Release } from '../../src/github-release/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { failureOf } from '../support/failure.ts';
import type { StoredAsset } from '../support/release-service/index.ts';
import { archiveOf, type ArchiveSettings, assetOf, assetsOf, pageOf } from './sending.ts';

const TEXT = 'a'.repeat(25);
const release: Release = {
  id: 1,
  tag: 'v1',
  title: 'v1',
  draft: false,
  immutable: false,
  url: 'https://x/y',
  body: '',
  uploadUrl: 'https://x/up',
};

type Edit = (assets: StoredAsset[]) => StoredAsset[];

/** What is found in a release that has an archive, and files as `edit` leaves them. */
async function found(
  settings: ArchiveSettings,
  edit: Edit = (assets) => assets,
  { partSize = settings.partSize ?? 0, page = pageOf, digests = true } = {},
): Promise<{ result: Awaited<ReturnType<typeof findReleased>>; read: string[] }> {
  const held = edit(await assetsOf(await archiveOf(TEXT, settings)));
  const read: string[] = [];
  const result = await findReleased({
    release,
    archive: { base: 'site', suffix: 'tar' },
    partSize,
    pageOf: page,
    service: {
      assets: async () =>
        held.map(({ id, name, size, state, sha256 }) => ({
          id,
          name,
          size,
          state,
          digest: digests ? `sha256:${sha256}` : null,
        })),
      // oxlint-disable-next-line typescript/require-await -- a source of bytes, as those that read files
      async *read({ id, name }) {
        read.push(name);
        yield held.find((one) => one.id === id)?.bytes ?? Buffer.alloc(0);
      },
    },
  });
  return { result, read };
}

const replaced =
  (name: string, text: string): Edit =>
  (assets) =>
    assets.map((one) => (one.name === name ? assetOf(name, text) : one));
const textIn = (assets: readonly StoredAsset[], name: string): string =>
  assets.find((one) => one.name === name)?.bytes?.toString() ?? '';

describe('the archive that a release has', () => {
  it.each<[string, ArchiveSettings]>([
    ['as one file', {}],
    ['in parts', { partSize: 10 }],
  ])(
    '%s is found with its lock, its report, its sums and all its files, none of which is a piece that is read',
    async (_, settings) => {
      const archive = await archiveOf(TEXT, settings);
      const { result, read } = await found(settings);
      const assets = await assetsOf(archive);
      expect(result).toEqual({
        lock: archive.lock,
        archive: expect.objectContaining({ size: TEXT.length, digest: digestOf(Buffer.from(TEXT)) }),
        sums: digestOf(Buffer.from(textIn(assets, 'site.sha256'))),
        report: Buffer.from(textIn(assets, 'site.report.json')),
        files: archive.files.map(({ name, size, digest }) => ({
          name,
          size,
          digest,
          id: expect.any(Number),
          status: 'there',
        })),
      });
      expect(read.filter((name) => name.includes('.tar'))).toEqual([]);
    },
  );

  it.each<[string, ArchiveSettings]>([
    ['as one file', {}],
    ['in parts', { partSize: 10 }],
  ])('%s is not found where any of its files is missing, not whole or another one', async (_, settings) => {
    const { files } = await archiveOf(TEXT, settings);
    for (const { name, record } of files) {
      const edits: Edit[] = [
        (assets) => assets.filter((one) => one.name !== name),
        (assets) => assets.map((one) => (one.name === name ? { ...one, state: 'starter' } : one)),
        // Another record is one, too.
        ...(record || name.endsWith('lock.json') ? [] : [replaced(name, 'x'.repeat(10))]),
      ];
      for (const [at, edit] of edits.entries())
        expect([name, at, (await found(settings, edit)).result]).toEqual([name, at, undefined]);
    }
  });

  it.each<[string, Edit]>([
    ['names fewer parts', (assets) => withList(assets, (parts) => parts.slice(0, 2))],
    ['names more parts', (assets) => withList(assets, (parts) => [...parts, parts[0]])],
    ['is no list', replaced('site.parts.json', '{"version":1}')],
  ])('in parts is not found where its list %s', async (_, edit) => {
    expect((await found({ partSize: 10 }, edit)).result).toBe(undefined);
  });
  const withList = (assets: StoredAsset[], change: (parts: unknown[]) => unknown[]): StoredAsset[] => {
    const list: { parts: unknown[] } = JSON.parse(textIn(assets, 'site.parts.json'));
    return replaced('site.parts.json', JSON.stringify({ ...list, parts: change(list.parts) }))(assets);
  };

  it('is not found where it is cut otherwise than it would be today', async () => {
    expect((await found({}, undefined, { partSize: 10 })).result).toBe(undefined);
    expect((await found({ partSize: 10 }, undefined, { partSize: 0 })).result).toBe(undefined);
    expect((await found({ partSize: 10 }, undefined, { partSize: 12 })).result).toBe(undefined);
  });

  it('is not found where the page of its lock is another one today', async () => {
    expect((await found({}, undefined, { page: () => 'new' })).result).toBe(undefined);
  });

  it('is not found where the service tells no digest of it, for its bytes are not read', async () => {
    for (const settings of [{}, { partSize: 10 }])
      expect((await found(settings, undefined, { digests: false })).result).toBe(undefined);
  });

  it('is not found where the service tells a digest of another kind', async () => {
    const edit: Edit = (assets) =>
      assets.map((one) => (one.name === 'site.tar' ? { ...one, sha256: 'no digest' } : one));
    expect((await found({}, edit)).result).toBe(undefined);
  });

  it('with a lock that is none is told with the release', async () => {
    const failure = await failureOf(found({}, replaced('site.lock.json', '{}')));
    expect(failure).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('site.lock.json of release v1 is not a valid lock'),
    });
  });
});
