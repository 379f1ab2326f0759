import pMap from 'p-map';
import { OciSaveError } from '../errors.ts';
import type { ManifestBytes, ManifestReader, ReadPort, StoredManifest } from '../image/index.ts';
import { LOCK_HINT, type LockedImage, type LockedReferrer } from '../lock/index.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import {
  artifactTypeOf,
  type CosignSuffix,
  cosignTag,
  isSignatureType,
  MAX_REFERRERS,
  referrersTag,
} from '../oci/referrer.ts';
import { isAbsent } from '../registry/index.ts';
import type { Store } from '../store/index.ts';
import { byText } from '../text/by-text.ts';
import { lockedImageOf, refuseUnlockable, type ResolvedImage, sizesOf } from './describe.ts';
import { createReferrerManifests, notValid, tooMuch } from './referrer-manifests.ts';

/** What is looked for beside an image. */
export type ReferrersChoice = 'none' | 'signatures' | 'all';

export interface ReferrerOptions {
  readonly referrers: ReferrersChoice;
  readonly store: Store;
  readonly manifests: ManifestReader;
  readonly signal?: AbortSignal | undefined;
}

/** What cosign may have stored under tags of its own. */
const SUFFIXES: Record<Exclude<ReferrersChoice, 'none'>, readonly CosignSuffix[]> = {
  signatures: ['sig'],
  all: ['sig', 'att', 'sbom'],
};

/** Referrers of an image, and referrers of these. */
const LEVELS = 2;
/** Manifests asked about at once, several requests each. */
const SUBJECTS_AT_ONCE = 8;
/** Listed manifests read at once, of each of these. */
const READ_AT_ONCE = 4;
/** Manifests asked about, referrers included: an index can list thousands of children. */
const MAX_SUBJECTS = 6000;

/**
 * An image with what refers to its manifests: by the registry's list, by the tag that stands in for such a list, and by
 * cosign's tags, since each tool writes another of the three. A filter or a type in a list is not trusted: the manifests
 * themselves say what they are and to what they belong.
 * @throws OciSaveError where any of these places gives another answer than that there is nothing; `unsupported` where there is
 *   more than is reasonable
 */
export async function withReferrers(image: ResolvedImage, options: ReferrerOptions): Promise<ResolvedImage> {
  const { referrers: choice, signal } = options;
  const { content } = image;
  if (choice === 'none') return image;
  if (content?.referrers === undefined || content.tagged === undefined) {
    return withNote(image, 'no signature or other referrer was looked for: no registry was asked for it');
  }
  const search = startSearch(content, choice, options);
  const asked = new Set<Digest>();
  // What was made here has no referrers at its source.
  let subjects = [...image.manifests.keys()].filter((digest) => !image.made.has(digest));
  for (let level = 0; level < LEVELS && subjects.length > 0; level += 1) {
    const fresh = [...new Set(subjects)].filter((digest) => !asked.has(digest));
    for (const digest of fresh) asked.add(digest);
    if (asked.size > MAX_SUBJECTS) throw tooMuch(`more than ${MAX_SUBJECTS} manifests to ask about`);
    const found = await pMap(
      fresh,
      (subject) => {
        signal?.throwIfAborted();
        return search.of(subject);
      },
      { concurrency: SUBJECTS_AT_ONCE },
    );
    subjects = found.flat();
  }
  const joined = joinFound(image, search);
  return image.converted === undefined
    ? joined
    : withNote(joined, 'it was converted: what signs its original does not fit it, and was not looked for');
}

/**
 * An image with the referrers that its lock has, each by its digest: nothing is looked for.
 * @throws OciSaveError `digest` where one of them belongs to something else than the lock says
 */
export async function withLockedReferrers(
  image: ResolvedImage,
  { referrers }: LockedImage,
  { manifests: reader, signal }: Pick<ReferrerOptions, 'manifests' | 'signal'>,
): Promise<ResolvedImage> {
  const { content } = image;
  if (referrers.length === 0 || content === undefined) return image;
  const manifests = createReferrerManifests(content, reader, signal);
  const subjects = new Set<Digest>([...image.manifests.keys(), ...referrers.map(({ digest }) => digest)]);
  const found = new Map<string, LockedReferrer>();
  for (const { digest, subject, tag } of referrers) {
    signal?.throwIfAborted();
    const one = await manifests.read(digest);
    if (!subjects.has(subject) || (tag === undefined && one.manifest.subject?.digest !== subject)) {
      const message = `its lock is wrong: ${shortDigest(digest)} does not refer to ${shortDigest(subject)}`;
      throw new OciSaveError({ code: 'digest', message, hint: LOCK_HINT });
    }
    await manifests.keep(one);
    found.set(keyOf(digest, subject), lockedReferrer(one, subject, tag));
  }
  return joinFound(image, { found, manifests: manifests.kept, notes: new Set() });
}

const keyOf = (digest: Digest, subject: Digest): string => `${digest} ${subject}`;

function lockedReferrer({ digest, manifest }: ManifestBytes, subject: Digest, tag?: string): LockedReferrer {
  const artifactType = artifactTypeOf(manifest);
  return {
    digest,
    mediaType: manifest.mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    subject,
    ...(tag === undefined ? {} : { tag }),
  };
}

function withNote(image: ResolvedImage, note: string): ResolvedImage {
  return { ...image, notes: [...image.notes, note] };
}

interface Search {
  readonly found: ReadonlyMap<string, LockedReferrer>;
  readonly manifests: ReadonlyMap<Digest, StoredManifest>;
  readonly notes: ReadonlySet<string>;
  /** Finds what refers to one manifest. */
  of(subject: Digest): Promise<Digest[]>;
}

function startSearch(
  port: ReadPort,
  choice: Exclude<ReferrersChoice, 'none'>,
  { store, manifests: reader, signal }: ReferrerOptions,
): Search {
  const found = new Map<string, LockedReferrer>();
  const notes = new Set<string>();
  const manifests = createReferrerManifests(port, reader, signal);

  /** Undefined where the tag is not there. */
  const readTag = async (tag: string): Promise<ManifestBytes | undefined> => {
    const one = await port.tagged?.(tag, signal);
    if (one === undefined) return undefined;
    manifests.count(one);
    return one;
  };

  const take = async (one: ManifestBytes, subject: Digest, tag?: string): Promise<Digest[]> => {
    await manifests.keep(one);
    const key = keyOf(one.digest, subject);
    found.set(key, lockedReferrer(one, subject, tag ?? found.get(key)?.tag));
    return [one.digest];
  };

  /** What a list names as a referrer; nothing where it is none, or not one of those looked for. */
  const takeListed = async (digest: Digest, subject: Digest): Promise<Digest[]> => {
    const words = `${shortDigest(digest)} is listed as a referrer of ${shortDigest(subject)}`;
    let one: ManifestBytes;
    try {
      one = await manifests.read(digest);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      notes.add(`${words}, and is not there`);
      return [];
    }
    if (one.manifest.subject?.digest !== subject) {
      notes.add(`${words}, and does not name it: it is left out`);
      return [];
    }
    const isWanted = choice === 'all' || isSignatureType(artifactTypeOf(one.manifest) ?? '');
    return isWanted ? take(one, subject) : [];
  };

  const listed = async (subject: Digest): Promise<Digest[]> => {
    const tag = referrersTag(subject);
    const [list = [], standIn] = await Promise.all([port.referrers?.(subject, signal), readTag(tag)]);
    const digests = new Set(list.map(({ digest }) => digest));
    if (standIn?.manifest.kind === 'index' && standIn.digest !== subject) {
      const [faulty] = standIn.manifest.faulty;
      if (faulty !== undefined) throw notValid(standIn.digest, faulty.fault);
      for (const { digest } of standIn.manifest.manifests) digests.add(digest);
    } else if (standIn !== undefined && standIn.digest !== subject) {
      notes.add(`its tag ${tag} names no index of referrers: it is left out`);
    }
    if (digests.size > MAX_REFERRERS) throw tooMuch(`${digests.size} of ${shortDigest(subject)}`);
    const taken = await pMap(digests, (digest) => takeListed(digest, subject), { concurrency: READ_AT_ONCE });
    return taken.flat();
  };

  const ofCosign = async (subject: Digest, suffix: CosignSuffix): Promise<Digest[]> => {
    const tag = cosignTag(subject, suffix);
    const one = await readTag(tag);
    if (one === undefined) return [];
    await store.put(one.bytes, await port.origin?.());
    return take(one, subject, tag);
  };

  return {
    found,
    manifests: manifests.kept,
    notes,
    async of(subject) {
      const cosigns = SUFFIXES[choice].map((suffix) => ofCosign(subject, suffix));
      return (await Promise.all([listed(subject), ...cosigns])).flat();
    },
  };
}

function joinFound(
  image: ResolvedImage,
  { found, manifests: own, notes }: Pick<Search, 'found' | 'manifests' | 'notes'>,
): ResolvedImage {
  if (found.size === 0 && notes.size === 0) return image;
  const manifests = new Map([...image.manifests, ...own]);
  const referrers = [...found.values()].toSorted(
    (a, b) => byText(a.digest, b.digest) || byText(a.subject, b.subject),
  );
  const joined = {
    ...image,
    referrers,
    manifests,
    sizes: sizesOf(manifests),
    notes: [...image.notes, ...[...notes].toSorted()],
  };
  refuseUnlockable(lockedImageOf(joined));
  return joined;
}
