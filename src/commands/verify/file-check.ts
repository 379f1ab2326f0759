import { type BundleExplanation, parseLayoutEntries, type TreeFile } from '../../bundle/index.ts';
import { type Digest, digestOf, shortDigest } from '../../oci/digest.ts';
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
  // A server removes it when it is stopped in the midst of its scan, and makes it again.
  if (name === '_restore_complete') return undefined;
  if (seen === undefined) return 'it is missing';
  if (seen.kind === 'fault') return seen.reason;
  if (file.kind !== 'bytes') return whyWrongBlob(digestIn(path), file.size, seen);
  const written = sums.get(path);
  if (seen.digest === written || seen.digest === digestOf(file.bytes)) return undefined;
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  if (name === 'index.json') return whyLacking(observed.kept.get(path), explained.layouts.get(folder));
  if (name === 'oci-layout')
    return isLayoutFile(observed.kept.get(path)) ? undefined : 'it is not that of an OCI layout';
  // The lock and the sums are what the others are compared with; a page of another version has other bytes.
  if (written === undefined) return UNSUMMED.has(name) ? undefined : 'its bytes do not follow from the lock';
  return 'its bytes are not those that SHA256SUMS names';
}

const UNSUMMED = new Set(['oci-save.lock.json', 'SHA256SUMS', 'report.html']);

/** A file, or the one that a hard link of an archive names. */
function resolved({ entries }: Observed, path: string): Exclude<Seen, { kind: 'link' }> | undefined {
  const seen = entries.get(path);
  if (seen?.kind !== 'link') return seen;
  const target = entries.get(seen.to);
  if (target?.kind === 'file') return target;
  return { kind: 'fault', reason: 'it is a link to a file that is not in the archive' };
}

function whyWrongBlob(
  digest: string,
  size: number,
  seen: Extract<Seen, { kind: 'file' }>,
): string | undefined {
  if (seen.size !== size) return `it has ${seen.size} bytes instead of ${size}`;
  return seen.digest === digest ? undefined : `it hashes to ${shortDigest(seen.digest)}`;
}

function digestIn(path: string): string {
  return `sha256:${path.slice(path.lastIndexOf('/') + 1)}`;
}

/** A server may add names and rewrite the file; each name of ours must still mean what the lock says. */
function whyLacking(
  bytes: Uint8Array | undefined,
  tags: ReadonlyMap<string, Digest> | undefined,
): string | undefined {
  const entries = bytes === undefined ? undefined : parseLayoutEntries(bytes);
  if (entries === undefined) return 'it is not an index of a layout';
  const named = new Map(
    entries.flatMap(({ tag, digest }) => (tag === undefined ? [] : [[tag, digest] as const])),
  );
  const wrong = [...(tags ?? [])].filter(([tag, digest]) => named.get(tag) !== digest);
  const [first] = wrong;
  if (first === undefined) return undefined;
  const [tag] = first;
  const what = named.has(tag) ? 'names another image by' : 'lacks';
  return `it ${what} ${tag}${wrong.length > 1 ? `, and ${wrong.length - 1} more names` : ''}`;
}

function isLayoutFile(bytes: Uint8Array | undefined): boolean {
  const version = /"imageLayoutVersion"\s*:\s*"1\.0\.0"/;
  return bytes !== undefined && bytes.length < 1024 && version.test(new TextDecoder().decode(bytes));
}
