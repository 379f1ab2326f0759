import pMap from 'p-map';
import { OciSaveError } from '../errors.ts';
import type { ManifestBytes, ManifestReader, ReadPort, StoredManifest } from '../image/index.ts';
import type { LockedReferrer } from '../lock/index.ts';
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
/** Of all manifests that were read for one image. */
const MAX_MANIFESTS_BYTES = 64 * 1024 * 1024;

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
    return withNote(image, 'no signature or other referrer was looked for: its source is no registry');
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

function withNote(image: ResolvedImage, note: string): ResolvedImage {
  return { ...image, notes: [...image.notes, note] };
}

function tooMuch(what: string): OciSaveError {
  return new OciSaveError({ code: 'unsupported', message: `its referrers are beyond reason: ${what}` });
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
  const manifests = new Map<Digest, StoredManifest>();
  const notes = new Set<string>();
  const read = new Set<Digest>();
  let bytes = 0;

  const count = (one: ManifestBytes): void => {
    if (read.has(one.digest)) return;
    read.add(one.digest);
    bytes += one.bytes.length;
    if (read.size > MAX_REFERRERS) throw tooMuch(`more than ${MAX_REFERRERS}`);
    if (bytes > MAX_MANIFESTS_BYTES) throw tooMuch(`more than ${MAX_MANIFESTS_BYTES} bytes of manifests`);
  };

  const readOne = async (digest: Digest): Promise<ManifestBytes> => {
    const one = await reader.read(digest, port, signal);
    count(one);
    return one;
  };

  /** Undefined where the tag is not there. */
  const readTag = async (tag: string): Promise<ManifestBytes | undefined> => {
    const one = await port.tagged?.(tag, signal);
    if (one === undefined) return undefined;
    count(one);
    return one;
  };

  /** A referrer is taken with all below it: one that is an index is of no use without its children. */
  const keep = async ({ digest, bytes: own, manifest }: ManifestBytes): Promise<void> => {
    if (manifests.has(digest)) return;
    manifests.set(digest, { digest, size: own.length, manifest });
    if (manifest.kind === 'manifest') return;
    const [faulty] = manifest.faulty;
    if (faulty !== undefined) throw notValid(digest, faulty.fault);
    for (const child of manifest.manifests) await keep(await readOne(child.digest));
  };

  const take = async (one: ManifestBytes, subject: Digest, tag?: string): Promise<Digest[]> => {
    const { digest, manifest } = one;
    const artifactType = artifactTypeOf(manifest);
    await keep(one);
    const key = `${digest} ${subject}`;
    const known = found.get(key);
    found.set(key, {
      digest,
      mediaType: manifest.mediaType,
      ...(artifactType === undefined ? {} : { artifactType }),
      subject,
      ...(tag === undefined ? (known?.tag === undefined ? {} : { tag: known.tag }) : { tag }),
    });
    return [digest];
  };

  /** What a list names as a referrer; nothing where it is none, or not one of those looked for. */
  const takeListed = async (digest: Digest, subject: Digest): Promise<Digest[]> => {
    const words = `${shortDigest(digest)} is listed as a referrer of ${shortDigest(subject)}`;
    let one: ManifestBytes;
    try {
      one = await readOne(digest);
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
    manifests,
    notes,
    async of(subject) {
      const cosigns = SUFFIXES[choice].map((suffix) => ofCosign(subject, suffix));
      return (await Promise.all([listed(subject), ...cosigns])).flat();
    },
  };
}

function notValid(digest: Digest, fault: string): OciSaveError {
  const message = `its index of referrers ${shortDigest(digest)} is not valid: ${fault}`;
  return new OciSaveError({ code: 'unsupported', message });
}

function joinFound(image: ResolvedImage, { found, manifests: own, notes }: Search): ResolvedImage {
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
