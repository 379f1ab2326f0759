import {
  blobHexIn,
  type BundleExplanation,
  explainBundle,
  findForeign,
  LOCK_FILE,
  planTree,
  SUMS_FILE,
  sumsIn,
  type View,
} from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import { type Lock, parseLock } from '../../lock/index.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../../oci/digest.ts';
import { byText } from '../../text/by-text.ts';
import { affectedImages } from './affected.ts';
import { folderContent } from './content.ts';
import { isWrongInSums, whyMissing, whyWrong } from './file-check.ts';
import { manifestsIn } from './manifests.ts';
import type { Observed } from './observed.ts';

/** A file of a bundle that is not what the bundle's lock says. */
export interface Damage {
  /** Relative, with slashes. */
  readonly path: string;
  /** The rest of a sentence that begins with the path: `it is missing`. */
  readonly reason: string;
  /** The references of the images that need it; empty where no image does, or that cannot be told. */
  readonly images: readonly string[];
}

/** A bundle as it was found. */
export interface Verdict {
  /** How many images the lock has; undefined where it cannot be read. */
  readonly images: number | undefined;
  readonly lock: Digest | undefined;
  readonly damaged: readonly Damage[];
  /** What others put there: paths, and names of images that were pushed. The lock has nothing of it. */
  readonly foreign: readonly string[];
  /** A server's own files. */
  readonly state: readonly string[];
}

const BOTH_VIEWS: readonly View[] = ['oci', 'zot'];
/** A bundle of one view does not say which: it is the one that fits better. */
const SINGLE_VIEWS: readonly (readonly View[])[] = [['zot'], ['oci']];

/**
 * Compares what was read of a bundle with its lock: each blob under each of its names, and each file that a server or
 * an importer reads. An index.json that a server rewrote is judged by what it names.
 * @param beside the bytes of the lock beside a bundle of one view
 */
export function judgeBundle(observed: Observed, beside: Uint8Array | undefined): Verdict {
  const inside = observed.kept.get(LOCK_FILE);
  const sums = sumsIn(textOf(observed.kept.get(SUMS_FILE)));
  const bytes = inside ?? beside;
  if (bytes === undefined)
    return unknown(`${whyMissing(observed)}: nothing says what belongs to the bundle`, observed, sums);
  const lock = readLock(bytes);
  if (typeof lock === 'string') return unknown(lock, observed, sums);
  // A bundle of one view has no sums. Of another the lock may be lost, and its copy lies beside the archive.
  const isSingle = inside === undefined && !observed.entries.has(SUMS_FILE);
  const views = isSingle ? SINGLE_VIEWS : [BOTH_VIEWS];
  const verdicts = views.map((one) => judgeViews(lock, one, observed, sums));
  const [best] = verdicts.toSorted((a, b) => a.damaged.length - b.damaged.length);
  return { damaged: [], foreign: [], state: [], ...best, images: lock.images.length, lock: digestOf(bytes) };
}

function judgeViews(
  lock: Lock,
  views: readonly View[],
  observed: Observed,
  sums: ReadonlyMap<string, Digest>,
): Pick<Verdict, 'damaged' | 'foreign' | 'state'> {
  const explained = explainBundle(lock, views, sums);
  const manifests = manifestsIn(observed, lock);
  const affected = affectedImages(lock, manifests);
  const damaged: Damage[] = [];
  const checked = new Set<string>();
  const blobs = new Set<string>();
  const files = planTree(lock, manifests, views, () => '');
  const isSummed = views.length > 1 && observed.entries.has(SUMS_FILE);
  for (const file of files) {
    checked.add(file.path);
    const hex = blobHexIn(file.path);
    if (hex !== undefined) blobs.add(hex);
    const reason = whyWrong(file, { observed, sums, explained });
    if (reason === undefined) continue;
    const images =
      hex === undefined ? affected.byLayout(file.path, explained) : affected.byBlob(file.path, explained);
    damaged.push({ path: file.path, reason, images });
  }
  if (isSummed && files.some((file) => isWrongInSums(file, { observed, sums })))
    damaged.push({ path: SUMS_FILE, reason: 'it has other digests than the lock, or fewer', images: [] });
  for (const hex of unplaced(lock, views, blobs)) {
    const path = `blobs/sha256/${hex}`;
    const reason = 'no manifest that is there leads to it';
    damaged.push({ path, reason, images: affected.byBlob(path, explained) });
  }
  damaged.push(...wrongSums(observed, sums, checked, explained));
  const { foreign, state } = findForeign(folderContent(observed), explained);
  return {
    damaged: damaged.toSorted((a, b) => byText(a.path, b.path)),
    foreign: foreign.map(({ path, name }) => name ?? path),
    state,
  };
}

/** Blobs of the lock that no manifest which is there names: what would name them is missing. */
function unplaced(lock: Lock, views: readonly View[], placed: ReadonlySet<string>): string[] {
  // The zot view alone has no narrowed index: readers make it again of what is there.
  const made = new Set(views.includes('oci') ? [] : lock.images.map(({ root }) => hexOf(root)));
  const needed = Object.keys(lock.blobs).filter(isDigest).map(hexOf);
  return needed.filter((hex) => !placed.has(hex) && !made.has(hex));
}

/** Files that SHA256SUMS names and this version does not know: another version wrote them. */
function wrongSums(
  observed: Observed,
  sums: ReadonlyMap<string, Digest>,
  checked: ReadonlySet<string>,
  explained: BundleExplanation | undefined,
): Damage[] {
  return [...sums].flatMap(([path, digest]) => {
    if (checked.has(path) || (explained !== undefined && path.endsWith('/_restore_complete'))) return [];
    const seen = observed.entries.get(path);
    if (seen?.kind === 'file' && seen.digest === digest) return [];
    const reason =
      seen === undefined ? whyMissing(observed) : 'its bytes are not those that SHA256SUMS names';
    return [{ path, reason, images: [] }];
  });
}

function unknown(reason: string, observed: Observed, sums: ReadonlyMap<string, Digest>): Verdict {
  const damaged = [
    { path: LOCK_FILE, reason, images: [] },
    ...wrongSums(observed, sums, new Set([LOCK_FILE]), undefined),
  ];
  return { images: undefined, lock: undefined, damaged, foreign: [], state: [] };
}

/** The lock, or why it cannot be read. */
function readLock(bytes: Uint8Array): Lock | string {
  try {
    return parseLock(bytes, LOCK_FILE);
  } catch (error) {
    if (error instanceof OciSaveError) return error.message;
    throw error;
  }
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder().decode(bytes);
}
