import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainBundle } from '../../../src/bundle/output/bundle-explanation.ts';
import { findForeign, type FolderFindings } from '../../../src/bundle/output/foreign-content.ts';
import type { FileKind, FolderContent } from '../../../src/bundle/output/folder-content.ts';
import { planTree, sumsIn, type View } from '../../../src/bundle/index.ts';
import type { Manifests } from '../../../src/image/index.ts';
import type { Lock } from '../../../src/lock/index.ts';
import { type Digest, digestOf, hexOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-type.ts';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const REF_NAME = 'org.opencontainers.image.ref.name';

/** A lock of images with one or two platforms, and the manifests that it was made of. */
function lockOf(images: readonly { repository: string; tag: string; platforms: number }[]): {
  lock: Lock;
  manifests: Manifests;
} {
  const blobs: Record<string, number> = {};
  const manifests = new Map<
    Digest,
    { digest: Digest; size: number; manifest: ReturnType<typeof parseManifest> }
  >();
  const keep = (value: unknown): Digest => {
    const bytes = bytesOf(value);
    const digest = digestOf(bytes);
    blobs[digest] = bytes.length;
    if (typeof value === 'object' && value !== null && 'schemaVersion' in value)
      manifests.set(digest, { digest, size: bytes.length, manifest: parseManifest(bytes) });
    return digest;
  };
  const locked = images.map(({ repository, tag, platforms }): Lock['images'][number] => {
    const leaves = Array.from({ length: platforms }, (_, at) => {
      const config = keep(`config ${repository}:${tag} ${at}`);
      const layer = keep(`layer ${at}`);
      const digest = keep({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 1 },
        layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer, size: 1 }],
      });
      return { digest, mediaType: OCI_MANIFEST, platform: `linux/p${at}`, config, layers: [layer] };
    });
    const children = leaves.map(({ digest }) => ({ mediaType: OCI_MANIFEST, digest, size: 1 }));
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children };
    const top = platforms === 1 ? leaves[0]!.digest : keep(index);
    return {
      ref: `${repository}:${tag}`,
      names: [`${repository}:${tag}`],
      source: 'docker',
      digest: top,
      mediaType: platforms === 1 ? OCI_MANIFEST : OCI_INDEX,
      root: top,
      rootMediaType: OCI_INDEX,
      platforms: leaves.map(({ platform }) => platform),
      leaves,
      referrers: [],
    };
  });
  return { lock: { version: 1, images: locked, files: [], blobs }, manifests };
}

/** What stands on a disk, as data that a test may change. */
type Disk = Map<string, Uint8Array | FileKind>;

function diskOf(lock: Lock, manifests: Manifests, views: readonly View[]): Disk {
  return new Map(
    planTree(lock, manifests, views, () => '<html>').map((file) => [
      file.path,
      file.kind === 'bytes' ? file.bytes : 'file',
    ]),
  );
}

interface Folder extends FolderContent {
  readonly files: Map<string, FileKind>;
  readonly folders: Map<string, Folder>;
  readonly read: Map<string, Uint8Array>;
}

function contentOf(disk: Disk): FolderContent {
  const make = (): Folder => ({ files: new Map(), folders: new Map(), read: new Map() });
  const top = make();
  for (const [path, what] of disk) {
    let folder = top;
    const names = path.split('/');
    const file = names.pop() ?? '';
    for (const name of names) {
      const below = folder.folders.get(name) ?? make();
      folder.folders.set(name, below);
      folder = below;
    }
    folder.files.set(file, typeof what === 'string' ? what : 'file');
    if (file === 'index.json' && typeof what !== 'string') folder.read.set(file, what);
  }
  return top;
}

function look(disk: Disk, lock: Lock, views: readonly View[]): FolderFindings {
  const sums = disk.get('SHA256SUMS');
  const text = sums === undefined || typeof sums === 'string' ? '' : new TextDecoder().decode(sums);
  return findForeign(contentOf(disk), explainBundle(lock, views, sumsIn(text)));
}

const named = ({ foreign }: FolderFindings): string[] =>
  foreign.map(({ name, path }) => name ?? path).toSorted();

const repository = fc.constantFrom(
  'docker.io/library/a',
  'docker.io/library/a/b',
  'quay.io/c',
  'localhost:5000/d',
);
const images = fc.uniqueArray(
  fc.record({ repository, tag: fc.constantFrom('1', '2', 'latest'), platforms: fc.constantFrom(1, 2) }),
  { minLength: 1, maxLength: 6, selector: ({ repository: name, tag }) => `${name}:${tag}` },
);
const views = fc.constantFrom<View[][]>(['oci', 'zot'], ['zot'], ['oci']);
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);

/** How zot or any other tool may write an index.json anew: in another order, with other spaces and fields. */
function rewrite(bytes: Uint8Array, seed: number): Uint8Array {
  const { manifests, ...rest } = JSON.parse(new TextDecoder().decode(bytes));
  const turned = [
    ...manifests.slice(seed % (manifests.length + 1)),
    ...manifests.slice(0, seed % (manifests.length + 1)),
  ];
  const more = turned.map((entry: object) => ({
    platform: { os: 'linux', architecture: 'amd64' },
    ...entry,
    data: 'x',
  }));
  return new TextEncoder().encode(
    JSON.stringify({ annotations: null, manifests: more, ...rest }, null, seed % 3),
  );
}

describe('the content of a bundle’s folder', () => {
  it('is ours as it was written, as a server rewrote it, and with any of its files missing', () => {
    fc.assert(
      fc.property(
        images,
        views,
        fc.integer({ min: 0, max: 50 }),
        fc.infiniteStream(fc.boolean()),
        (list, view, seed, gone) => {
          const { lock, manifests } = lockOf(list);
          const disk = diskOf(lock, manifests, view);
          expect(look(disk, lock, view)).toEqual({ foreign: [], state: [] });
          for (const [path, what] of disk) {
            if (path.endsWith('index.json') && typeof what !== 'string') disk.set(path, rewrite(what, seed));
            if (gone.next().value === true) disk.delete(path);
          }
          expect(look(disk, lock, view)).toEqual({ foreign: [], state: [] });
        },
      ),
    );
  });

  it('is foreign exactly where something was added', () => {
    const addition = fc.oneof(
      fc.record({ kind: fc.constant('file' as const), name: fc.stringMatching(/^[a-z]{1,8}\.txt$/) }),
      fc.record({ kind: fc.constant('folder' as const), name: fc.stringMatching(/^notes-[a-z]{1,8}$/) }),
      fc.record({ kind: fc.constant('repository' as const), name: fc.stringMatching(/^team\/[a-z]{1,8}$/) }),
      fc.record({ kind: fc.constant('tag' as const), name: fc.stringMatching(/^pushed-[a-z]{1,8}$/) }),
      fc.record({ kind: fc.constant('blob' as const), name: hex }),
      fc.record({ kind: fc.constant('link' as const), name: fc.stringMatching(/^link-[a-z]{1,8}$/) }),
    );
    const additions = fc.uniqueArray(addition, { minLength: 1, maxLength: 5, selector: ({ name }) => name });
    fc.assert(
      fc.property(
        images,
        fc.constantFrom<View[][]>(['oci', 'zot'], ['zot']),
        additions,
        hex,
        (list, view, added, other) => {
          const { lock, manifests } = lockOf(list);
          const disk = diskOf(lock, manifests, view);
          const root = view.length > 1 ? 'registry/' : '';
          const index = [...disk.keys()].find(
            (path) => path.startsWith(root) && path.endsWith('/index.json'),
          )!;
          const place = index.slice(0, -'/index.json'.length);
          const hasTag = added.some(({ kind }) => kind === 'tag');
          const expected: string[] = [];
          for (const { kind, name } of added) {
            const entry = {
              mediaType: OCI_MANIFEST,
              digest: `sha256:${other}`,
              size: 1,
              annotations: { [REF_NAME]: name },
            };
            if (kind === 'file' || kind === 'link') {
              disk.set(name, kind);
              expected.push(name);
            } else if (kind === 'folder') {
              disk.set(`${name}/deep/a.txt`, 'file');
              disk.set(`${name}/b.txt`, 'file');
              expected.push(`${name}/`);
            } else if (kind === 'repository') {
              disk.set(`${root}${name}/index.json`, bytesOf({ schemaVersion: 2, manifests: [entry] }));
              disk.set(`${root}${name}/oci-layout`, 'file');
              disk.set(`${root}${name}/blobs/sha256/${other}`, 'file');
              disk.set(`${root}${name}/.uploads/1`, 'file');
              expected.push(`${name}:${name}`);
            } else if (kind === 'tag') {
              const bytes = disk.get(index)!;
              const parsed = JSON.parse(
                new TextDecoder().decode(typeof bytes === 'string' ? undefined : bytes),
              );
              disk.set(index, bytesOf({ ...parsed, manifests: [entry, ...parsed.manifests] }));
              disk.set(`${place}/blobs/sha256/${other}`, 'file');
              expected.push(`${place.slice(root.length)}:${name}`);
            } else {
              disk.set(`${place}/blobs/sha256/${name}`, 'file');
              // Beside a tag that was pushed it is taken for a blob of that.
              if (!hasTag) expected.push(`${place}/blobs/sha256/${name}`);
            }
          }
          expect(named(look(disk, lock, view))).toEqual(expected.toSorted());
        },
      ),
    );
  });

  it('is foreign where a tag of ours was moved, and where an image of ours got another tag', () => {
    const { lock, manifests } = lockOf([
      { repository: 'docker.io/library/a', tag: '1', platforms: 2 },
      { repository: 'docker.io/library/a', tag: '2', platforms: 1 },
    ]);
    const disk = diskOf(lock, manifests, ['oci', 'zot']);
    const [one, two] = lock.images.map(({ digest }) => digest);
    const entry = (digest: Digest | undefined, tag: string) => ({ digest, annotations: { [REF_NAME]: tag } });
    const manifestsNow = [entry(two, '1'), entry(two, '2'), { digest: one }, entry(one, 'stable')];
    disk.set('registry/docker.io/library/a/index.json', bytesOf({ manifests: manifestsNow }));
    expect(named(look(disk, lock, ['oci', 'zot']))).toEqual([
      'docker.io/library/a:1',
      'docker.io/library/a:stable',
    ]);
  });

  it('is foreign where an image was pushed without a tag, and where this user may not read a folder', () => {
    const { lock, manifests } = lockOf([{ repository: 'docker.io/library/a', tag: '1', platforms: 1 }]);
    const disk = diskOf(lock, manifests, ['oci', 'zot']);
    const other = digestOf(bytesOf('other'));
    disk.set('registry/own/index.json', bytesOf({ manifests: [{ digest: other }] }));
    disk.set(`registry/own/blobs/sha256/${hexOf(other)}`, 'file');
    disk.set('registry/secret', 'closed');
    expect(named(look(disk, lock, ['oci', 'zot']))).toEqual([`own@${other}`, 'registry/secret']);
  });

  it('has a server’s state, which is listed apart', () => {
    const { lock, manifests } = lockOf([{ repository: 'docker.io/library/a', tag: '1', platforms: 1 }]);
    const disk = diskOf(lock, manifests, ['oci', 'zot']);
    const state = [
      'registry/cache.db',
      'registry/meta.db',
      'registry/hardlinkcheck.txt',
      'registry/_trivy/db/trivy.db',
      'registry/docker.io/library/a/.uploads/5f',
    ];
    for (const path of state) disk.set(path, 'file');
    disk.set('registry/begun/index.json', bytesOf({ schemaVersion: 2, manifests: null }));
    disk.delete('registry/_restore_complete');
    const found = look(disk, lock, ['oci', 'zot']);
    expect(found.foreign).toEqual([]);
    expect(found.state.toSorted()).toEqual([
      'registry/_trivy/',
      'registry/begun/',
      'registry/cache.db',
      'registry/docker.io/library/a/.uploads/',
      'registry/hardlinkcheck.txt',
      'registry/meta.db',
    ]);
  });
});
