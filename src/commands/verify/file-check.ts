import { z } from 'zod';
import {
  type BundleExplanation,
  parseLayoutEntries,
  REGISTRY_SUMS_FILE,
  type TreeFile,
} from '../../bundle/index.ts';
import { blobDigestIn, type Digest, digestOf, shortDigest } from '../../oci/digest.ts';
import { OCI_INDEX } from '../../oci/media-type.ts';
import { jsonIn } from '../../text/json-in.ts';
import { namesOtherThings } from './named-images.ts';
import type { Observed, Seen } from './observed.ts';

/** What a file of a bundle is compared with. */
export interface Expectations {
  readonly observed: Observed;
  /** The digests of files as they were written. */
  readonly sums: ReadonlyMap<string, Digest>;
  readonly explained: BundleExplanation;
}

/** Why a file of a bundle's tree is not what it has to be; undefined where it is. */
export function whyWrong(file: TreeFile, { observed, sums, explained }: Expectations): string | undefined {
  const { path } = file;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const seen = resolved(observed, path);
  // A server that is stopped in the midst of its scan removes it, or has written 0 into it.
  if (name === '_restore_complete' && !observed.isArchive)
    return seen?.kind === 'file' && !RESTORE_MARKS.has(seen.digest)
      ? 'it is not what a server writes there'
      : undefined;
  if (seen === undefined) return isOfKit(path) && !sums.has(path) ? undefined : whyMissing(observed);
  if (seen.kind === 'fault') return seen.reason;
  if (file.kind !== 'bytes') return whyWrongBlob(blobDigestIn(path), file.size, seen);
  const written = sums.get(path);
  if (seen.digest === digestOf(file.bytes)) return undefined;
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  // Servers rewrite that of a repository; nobody that at the top of both views, from which runtimes take the names.
  const isOfServer = folder !== '' || explained.registry === '';
  if (name === 'index.json' && isOfServer)
    return whyLacking(observed.kept.get(path), file.bytes, explained.layouts.get(folder));
  if (name === 'oci-layout' && isOfServer)
    return isLayoutFile(observed.kept.get(path)) ? undefined : 'it is not that of an OCI layout';
  // What somebody wrote into it could have been written into SHA256SUMS as well; the lock says what it has to name.
  if (seen.digest === written)
    return namesOtherThings(path, observed.kept.get(path), file.bytes)
      ? 'it names other images than the lock'
      : undefined;
  // The lock and the sums are what the others are compared with; a page of another version has other bytes.
  // What a file has to be follows from manifests, which may be among what could not be read.
  if (written === undefined && observed.broken !== undefined) return undefined;
  if (written === undefined) return UNSUMMED.has(name) ? undefined : 'its bytes do not follow from the lock';
  return 'its bytes are not those that SHA256SUMS names';
}

/** Whether a file of the kit is the one that SHA256SUMS names, and not the one that this version writes. */
export function isOfAnotherKit(file: TreeFile, { observed, sums }: Omit<Expectations, 'explained'>): boolean {
  const seen = observed.entries.get(file.path);
  if (file.kind !== 'bytes' || !isOfKit(file.path) || seen?.kind !== 'file') return false;
  return seen.digest === sums.get(file.path) && seen.digest !== digestOf(file.bytes);
}

/** What bundles of earlier versions lack. */
function isOfKit(path: string): boolean {
  return path === 'README.txt' || path === REGISTRY_SUMS_FILE || path.startsWith('kit/');
}

/** A file of which a damaged archive has no entry may have been in it. */
export function whyMissing({ broken }: Observed): string {
  return broken === undefined ? 'it is missing' : 'it is missing, or could not be read';
}

/** zot: pkg/storage/constants, DedupeRestoreMarker… */
const RESTORE_MARKS = new Set(['0', '1'].map((mark) => digestOf(new TextEncoder().encode(mark))));

const UNSUMMED = new Set(['oci-save.lock.json', 'SHA256SUMS', 'report.html']);

/** Whether SHA256SUMS has another digest, or none, for a file that is what it has to be. */
export function isWrongInSums(file: TreeFile, { observed, sums }: Omit<Expectations, 'explained'>): boolean {
  const { path, kind } = file;
  const seen = observed.entries.get(path);
  if (kind === 'link' || path === 'SHA256SUMS' || seen?.kind !== 'file') return false;
  // The lock says nothing of its bytes.
  if (path === 'report.html') return !sums.has(path);
  const right = kind === 'blob' ? file.digest : digestOf(file.bytes);
  return seen.digest === right && sums.get(path) !== right;
}

/** A file, or the one that a hard link of an archive names. */
function resolved({ entries }: Observed, path: string): Exclude<Seen, { kind: 'link' }> | undefined {
  const seen = entries.get(path);
  if (seen?.kind !== 'link') return seen;
  const target = entries.get(seen.to);
  if (target?.kind === 'file') return target;
  return { kind: 'fault', reason: 'it is a link to a file that is not in the archive' };
}

function whyWrongBlob(
  digest: Digest | undefined,
  size: number,
  seen: Extract<Seen, { kind: 'file' }>,
): string | undefined {
  if (seen.size !== size) return `it has ${seen.size} bytes instead of ${size}`;
  return seen.digest === digest ? undefined : `it hashes to ${shortDigest(seen.digest)}`;
}

/** image-spec, image-layout.md and image-index.md: servers leave the media type out, or write this one. */
const layoutFileSchema = z.looseObject({ imageLayoutVersion: z.literal('1.0.0') });
const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.enum(['', OCI_INDEX]).optional(),
});

/** A server may add names and rewrite the file; each name of ours must still mean what the lock says. */
function whyLacking(
  bytes: Uint8Array | undefined,
  ours: Uint8Array,
  tags: ReadonlyMap<string, Digest> | undefined,
): string | undefined {
  const entries = bytes === undefined ? undefined : parseLayoutEntries(bytes);
  if (bytes === undefined || entries === undefined || !indexSchema.safeParse(jsonIn(bytes)).success)
    return 'it is not an index of a layout';
  const named = new Map(
    entries.flatMap(({ tag, digest }) => (tag === undefined ? [] : [[tag, digest] as const])),
  );
  const wrong = [...(tags ?? [])].filter(([tag, digest]) => named.get(tag) !== digest);
  const [first] = wrong;
  if (first === undefined) {
    const known = new Map((parseLayoutEntries(ours) ?? []).map((entry) => [entry.digest, entry]));
    const listed = new Set(entries.map(({ digest }) => digest));
    // zot finds a manifest by its digest here alone.
    const unlisted = [...known.keys()].find((digest) => !listed.has(digest));
    if (unlisted !== undefined) return `it does not list ${unlisted}, which cannot be pulled so`;
    const isOther = entries.some(({ digest, size, mediaType }) => {
      const own = known.get(digest);
      return own !== undefined && (own.size !== size || own.mediaType !== mediaType);
    });
    return isOther ? 'it has a wrong size or type of an image' : undefined;
  }
  const [tag] = first;
  const what = named.has(tag) ? 'names another image by' : 'lacks';
  return `it ${what} ${tag}${wrong.length > 1 ? `, and ${wrong.length - 1} more names` : ''}`;
}

function isLayoutFile(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes.length < 1024 && layoutFileSchema.safeParse(jsonIn(bytes)).success;
}
