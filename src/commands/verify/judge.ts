import {
  type BundleExplanation,
  explainBundle,
  findForeign,
  type ForeignContent,
  LOCK_FILE,
  planTree,
  REGISTRY_SUMS_FILE,
  SUMS_FILE,
  sumsIn,
  type View,
} from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import type { Manifests } from '../../image/index.ts';
import { type Lock, parseLock, taggedDigest } from '../../lock/index.ts';
import { blobDigestIn, blobPath, type Digest, digestOf, isDigest } from '../../oci/digest.ts';
import { formatCount } from '../../text/bytes.ts';
import { byText } from '../../text/by-text.ts';
import { STAGING } from '../unpack/hold-site.ts';
import { affectedImages } from './affected.ts';
import { folderContent } from './content.ts';
import { isOfAnotherKit, isWrongInSums, whyMissing, whyWrong } from './file-check.ts';
import { manifestsIn } from './manifests.ts';
import type { Observed } from './observed.ts';
import { saysOtherThings, TABLES } from './tables.ts';

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
  /** What is no damage, and what nothing here can tell: sentences. */
  readonly notes: readonly string[];
  /**
   * How many blobs below `registry/` are missing, where none is there: it was unpacked where hard links are not known. All
   * of them count as damaged, unless they are no matter.
   */
  readonly linksMissing: number;
}

/** How a bundle is judged, apart from its own files. */
export interface JudgeOptions {
  /** The bytes of the lock beside a bundle of one view. */
  readonly beside?: Uint8Array | undefined;
  /** The bytes of a lock that the user gave: it counts, whatever the bundle has. */
  readonly given?: Uint8Array | undefined;
  /** Whether blobs that are missing below `registry/`, all of them, are no matter. */
  readonly withoutLinks?: boolean | undefined;
}

const BOTH_VIEWS: readonly View[] = ['oci', 'zot'];
/** A bundle of one view does not say which: it is the one that fits better. */
const SINGLE_VIEWS: readonly (readonly View[])[] = [['zot'], ['oci']];

/**
 * Compares what was read of a bundle with its lock: each blob under each of its names, and each file that a server or
 * an importer reads. An index.json that a server rewrote is judged by what it names.
 */
export function judgeBundle(observed: Observed, options: JudgeOptions = {}): Verdict {
  const { beside, given } = options;
  const inside = observed.kept.get(LOCK_FILE);
  const sums = sumsIn(textOf(observed.kept.get(SUMS_FILE)));
  const bytes = given ?? inside ?? beside;
  if (bytes === undefined)
    return unknown(`${whyMissing(observed)}: nothing says what belongs to the bundle`, observed, sums);
  const lock = readLock(bytes);
  if (typeof lock === 'string') return unknown(lock, observed, sums);
  // A bundle of one view has no sums. Of another the lock may be lost, and its copy lies beside the archive.
  const isSingle = inside === undefined && !observed.entries.has(SUMS_FILE);
  const views = isSingle ? SINGLE_VIEWS : [BOTH_VIEWS];
  const verdicts = views.map((one) => judgeViews(lock, one, { observed, sums, options }));
  const [best] = verdicts.toSorted((a, b) => a.damaged.length - b.damaged.length);
  const isOther = given !== undefined && inside !== undefined && !Buffer.from(inside).equals(given);
  const other = { path: LOCK_FILE, reason: 'it is not the lock that was given', images: [] };
  return {
    ...NOTHING,
    ...best,
    damaged: [...(isOther ? [other] : []), ...(best?.damaged ?? [])],
    images: lock.images.length,
    lock: digestOf(bytes),
  };
}

const NOTHING = { damaged: [], foreign: [], state: [], notes: [], linksMissing: 0 };

/** A bundle as it was read, and how it is judged. */
interface Judged {
  readonly observed: Observed;
  readonly sums: ReadonlyMap<string, Digest>;
  readonly options: JudgeOptions;
}

function judgeViews(
  lock: Lock,
  views: readonly View[],
  { observed, sums, options }: Judged,
): Omit<Verdict, 'images' | 'lock'> {
  const explained = explainBundle(lock, views, sums);
  const manifests = manifestsIn(observed, lock);
  const affected = affectedImages(lock, manifests);
  const damaged: Damage[] = [];
  const checked = new Set<string>();
  const placed = new Set<string>();
  const files = planTree(lock, manifests, views, () => '');
  const isSummed = views.length > 1 && observed.entries.has(SUMS_FILE);
  const links = files.filter(({ kind }) => kind === 'link');
  const linksMissing = links.every(({ path }) => !observed.entries.has(path)) ? links.length : 0;
  const changed: string[] = [];
  const otherTables: string[] = [];
  for (const file of files) {
    checked.add(file.path);
    const digest = blobDigestIn(file.path);
    if (digest !== undefined) placed.add(digest);
    if (file.kind === 'link' && linksMissing > 0 && options.withoutLinks === true) continue;
    if (isOfAnotherKit(file, { observed, sums })) {
      const table = TABLES.includes(file.path) ? observed.kept.get(file.path) : undefined;
      if (table !== undefined && file.kind === 'bytes' && saysOtherThings(table, file.bytes))
        otherTables.push(file.path);
      else changed.push(file.path);
    }
    const reason = whyWrong(file, { observed, sums, explained });
    if (reason === undefined) continue;
    const images =
      digest === undefined ? affected.byLayout(file.path, explained) : affected.byBlob(file.path, explained);
    damaged.push({ path: file.path, reason, images });
  }
  if (isSummed && files.some((file) => isWrongInSums(file, { observed, sums })))
    damaged.push({ path: SUMS_FILE, reason: 'it has other digests than the lock, or fewer', images: [] });
  const absent = unplaced(lock, views, placed);
  for (const digest of absent) {
    const path = blobPath(digest);
    const reason = 'no manifest that is there leads to it';
    damaged.push({ path, reason, images: affected.byBlob(path, explained) });
  }
  damaged.push(...wrongSums(observed, sums, checked, explained));
  // What the kit has to be follows from all manifests.
  const isTold = absent.length === 0 && hasTops(lock, manifests);
  if (isTold && changed.includes(REGISTRY_SUMS_FILE))
    damaged.push({
      path: REGISTRY_SUMS_FILE,
      reason: 'it has other digests than the lock, or fewer',
      images: [],
    });
  // By them kit/load.sh and kit/push.sh would give images other names.
  if (isTold)
    damaged.push(
      ...otherTables.map((path) => ({ path, reason: 'it says other things than the lock', images: [] })),
    );
  const harmful = observed.isArchive ? harmfulIn(observed).filter(({ path }) => !checked.has(path)) : [];
  damaged.push(...harmful);
  const told = new Set(harmful.map(({ path }) => path));
  const { foreign, state } = findForeign(folderContent(observed), explained);
  return {
    damaged: damaged.toSorted((a, b) => byText(a.path, b.path)),
    foreign: foreign.flatMap(({ path, name }) => (told.has(path) ? [] : [name ?? path])),
    state,
    notes: [
      ...(views.length > 1 ? placeNotes(observed, foreign) : []),
      ...(isTold ? kitNotes(changed.filter((path) => path !== REGISTRY_SUMS_FILE)) : []),
    ],
    linksMissing,
  };
}

/** What writes or reads outside of its folder where an archive is unpacked, or could: no save writes it. */
function harmfulIn({ entries }: Observed): Damage[] {
  return [...entries].flatMap(([path, seen]) => {
    if (seen.kind === 'fault') return [{ path, reason: seen.reason, images: [] }];
    if (seen.kind === 'file' || entries.get(seen.to)?.kind === 'file') return [];
    return [{ path, reason: 'it is a link to a file that is not in the archive', images: [] }];
  });
}

/** Whether the manifest of each image is there, and of each of its platforms and referrers. */
function hasTops({ images }: Lock, manifests: Manifests): boolean {
  return images.every((image) =>
    [
      taggedDigest(image),
      image.root,
      ...[...image.leaves, ...image.referrers].map(({ digest }) => digest),
    ].every((digest) => manifests.has(digest)),
  );
}

/** What has become of the folder as a whole. Into the pool only a join writes, and who unpacks: neither servers nor pushes. */
function placeNotes({ entries }: Observed, foreign: readonly ForeignContent[]): string[] {
  if ([...entries.keys()].some((path) => path.startsWith(`${STAGING}/`))) return [UNFINISHED];
  const strays = foreign.filter(({ path, kind }) => kind === 'blob' && path.startsWith('blobs/')).length;
  if (strays === 0) return [];
  return [
    `blobs/ has ${formatCount(strays, 'file')} of which the lock does not tell: it looks as if two bundles were unpacked ` +
      'here, one over the other. Tags of the earlier one are lost: unpack it again into a folder of its own. ' +
      'kit/update.sh of the newer one joins them.',
  ];
}

const UNFINISHED =
  'an update was cut off here, or is at work. Where none is at work, run kit/update.sh of the newer bundle again, or its ' +
  'join by oci-save unpack: that finishes it. Then verify again.';

/** What nothing here can tell: the sums beside a script could have been replaced together with it. */
function kitNotes(changed: readonly string[]): string[] {
  const [first, ...more] = changed;
  if (first === undefined) return [];
  const what =
    more.length === 0 ? `${first} is` : `${first} and ${formatCount(more.length, 'more file')} are`;
  return [
    `${what} of another version of oci-save, or changed together with SHA256SUMS: the lock says nothing of them. ` +
      'Compare the sha256 of SHA256SUMS with that where the bundle was made.',
  ];
}

/** Blobs of the lock that no manifest which is there names: what would name them is missing. */
function unplaced(lock: Lock, views: readonly View[], placed: ReadonlySet<string>): Digest[] {
  // The zot view alone has no narrowed index: readers make it again of what is there.
  const made = new Set(views.includes('oci') ? [] : lock.images.map(({ root }) => root));
  const needed = Object.keys(lock.blobs).filter(isDigest);
  return needed.filter((digest) => !placed.has(digest) && !made.has(digest));
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
  return { ...NOTHING, images: undefined, lock: undefined, damaged };
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
