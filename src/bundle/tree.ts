import type { Manifests } from '../image/index.ts';
import { encodeLock, type Lock } from '../lock/index.ts';
import { blobHexIn, blobPath, type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';
import { byText } from '../text/by-text.ts';
import { kitFiles } from './kit/kit.ts';
import { dockerManifest, flatIndex, OCI_LAYOUT, repositories, type Repository } from './layout-files.ts';

export type View = 'oci' | 'zot';

/** One file of a bundle. Paths are relative, with slashes; folders are implied. */
export type TreeFile =
  | {
      readonly kind: 'bytes';
      readonly path: string;
      readonly bytes: Uint8Array;
      /** A script that can be started by its name. */
      readonly isExecutable?: boolean;
    }
  | { readonly kind: 'blob'; readonly path: string; readonly digest: Digest; readonly size: number }
  /** A second name of a file that comes before it. */
  | { readonly kind: 'link'; readonly path: string; readonly to: string; readonly size: number };

/** A bundle as data: what a folder is written from and what an archive is computed from, in one order. */
export type BundleTree = readonly TreeFile[];

export const LOCK_FILE = 'oci-save.lock.json';
export const SUMS_FILE = 'SHA256SUMS';
/** The sums of what is hard links to the pool, or copies where a medium knows no links. */
export const REGISTRY_SUMS_FILE = 'SHA256SUMS.registry';
export const REGISTRY_FOLDER = 'registry';

const text = (path: string, content: string, isExecutable = false): TreeFile => ({
  kind: 'bytes',
  path,
  bytes: new TextEncoder().encode(content),
  ...(isExecutable ? { isExecutable } : {}),
});

/**
 * The files of a bundle. Both views share one pool of blobs, where regular files come first: importers of the
 * archive pass over hard links. One view alone is at the top, without lock and report.
 */
export function planTree(
  lock: Lock,
  manifests: Manifests,
  views: readonly View[],
  reportHtml: (lock: Lock) => string,
): BundleTree {
  const [only, ...more] = views;
  const layouts = views.includes('zot') ? repositories(lock, manifests) : [];
  if (only === 'zot' && more.length === 0) return zotRoot(lock, layouts, '', new Map());
  const flat = flatLayout(lock, manifests);
  if (more.length === 0) return flat;
  const pool = new Map(
    flat.flatMap((file) => (file.kind === 'blob' ? [[file.digest, file.path] as const] : [])),
  );
  const beside: TreeFile[] = [
    { kind: 'bytes', path: LOCK_FILE, bytes: encodeLock(lock) },
    text('report.html', reportHtml(lock)),
  ];
  const kit = kitFiles(lock, manifests, layouts).map((file) =>
    text(file.path, file.content(), file.isExecutable),
  );
  const root = zotRoot(lock, layouts, `${REGISTRY_FOLDER}/`, pool);
  const registrySums = text(REGISTRY_SUMS_FILE, sha256sums(root.filter(isRegistryBlob)));
  const others = [...flat, ...beside, ...kit, registrySums, ...root.filter((file) => !isRegistryBlob(file))];
  const sums = text(SUMS_FILE, sha256sums(others));
  return [...flat, ...beside, ...kit, registrySums, sums, ...root];
}

const isRegistryBlob = ({ path }: TreeFile): boolean => blobHexIn(path) !== undefined;

function flatLayout(lock: Lock, manifests: Manifests): TreeFile[] {
  return [
    text('oci-layout', OCI_LAYOUT),
    text('index.json', flatIndex(lock, manifests)),
    text('manifest.json', dockerManifest(lock, manifests)),
    ...Object.entries(lock.blobs).flatMap(([digest, size]): TreeFile[] =>
      isDigest(digest) ? [{ kind: 'blob', path: blobPath(digest), digest, size }] : [],
    ),
  ];
}

/** `pool` has the path of each blob that is in the tree already; further names of it are links. */
function zotRoot(
  lock: Lock,
  layouts: readonly Repository[],
  prefix: string,
  pool: Map<Digest, string>,
): TreeFile[] {
  const place = (digest: Digest, path: string): TreeFile => {
    const size = lock.blobs[digest] ?? 0;
    const to = pool.get(digest);
    if (to !== undefined) return { kind: 'link', path, to, size };
    pool.set(digest, path);
    return { kind: 'blob', path, digest, size };
  };
  return [
    // Spares zot its scan at start, which is quadratic in the blobs (skopeo-and-zot: storage/common, RestoreDedupe).
    text(`${prefix}_restore_complete`, '1'),
    ...layouts.flatMap(({ path, index, blobs }) => [
      text(`${prefix}${path}/oci-layout`, OCI_LAYOUT),
      text(`${prefix}${path}/index.json`, index),
      ...blobs.map((digest) => place(digest, `${prefix}${path}/${blobPath(digest)}`)),
    ]),
  ];
}

/** `sha256sum -c` reads it. */
function sha256sums(files: readonly TreeFile[]): string {
  return files
    .toSorted((a, b) => byText(a.path, b.path))
    .map((file) => {
      const hex = blobHexIn(file.path) ?? (file.kind === 'bytes' ? hexOf(digestOf(file.bytes)) : '');
      return `${hex}  ${file.path}\n`;
    })
    .join('');
}

/** The digests in a file that `sha256sum -c` reads, by name; lines of any other form are ignored. */
export function sumsIn(text: string): Map<string, Digest> {
  return new Map(
    text.split('\n').flatMap((line): [string, Digest][] => {
      const [, hex, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      return hex === undefined || name === undefined ? [] : [[name, `sha256:${hex}`]];
    }),
  );
}
