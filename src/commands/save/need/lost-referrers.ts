import { OciSaveError } from '../../../errors.ts';
import type { LockedImage, LockedReferrer } from '../../../lock/index.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../../../oci/manifest.ts';
import { isSignatureType } from '../../../oci/referrer.ts';
import type { RunReport } from '../../../report/index.ts';
import type { ReferrersChoice, ResolvedImage } from '../../../resolve/index.ts';
import type { Store } from '../../../store/index.ts';
import { byText } from '../../../text/by-text.ts';
import { formatCount } from '../../../text/bytes.ts';
import { readEarlierLocks } from './earlier-locks.ts';
import type { Run } from '../run.ts';

/** Digests that a warning names. */
const MAX_NAMED = 3;

/**
 * A warning for each image whose digest is that of an earlier save at this run's output, and of whose signatures or other
 * referrers some are not found any more: a source that lost them, or hides them, looks like one that never had any.
 */
export async function warnOfLostReferrers(
  images: readonly ResolvedImage[],
  {
    options: { referrers: choice },
    places,
    session: { store },
  }: Pick<Run, 'options' | 'places'> & { readonly session: { readonly store: Pick<Store, 'read'> } },
): Promise<RunReport['warnings']> {
  if (choice === 'none') return [];
  const earlier = await readEarlierLocks(places);
  const warnings: RunReport['warnings'] = [];
  for (const image of images) {
    const [found] = earlier.flatMap(({ file, lock }) => {
      const same = lock.images.filter(({ ref, digest }) => ref === image.ref && digest === image.digest);
      return same.length === 0 ? [] : [{ file, same }];
    });
    if (found === undefined) continue;
    const { file, same } = found;
    const lost = lostReferrers(image, same, choice);
    const messages = lost.length === 0 ? [] : [words(lost, choice, file)];
    for (const { tag, before, now } of rewrittenTags(image, same)) {
      const had = await manifestIn(store, before);
      const has = image.manifests.get(now)?.manifest;
      const fewer = had === undefined || has === undefined ? 0 : lostLayers(had, has);
      if (fewer > 0) messages.push(tagWords(fewer, tag, file));
    }
    const [origin] = image.wanted.origins;
    const place = origin === undefined ? {} : { origin: { ...origin } };
    warnings.push(...messages.map((message) => ({ text: image.ref, message, ...place })));
  }
  return warnings;
}

/** It only makes a warning: what the store has no more, or no reader takes, is passed over. */
async function manifestIn(store: Pick<Store, 'read'>, digest: Digest): Promise<Manifest | undefined> {
  const bytes = await store.read(digest, MAX_MANIFEST_BYTES);
  if (bytes === undefined) return undefined;
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (error instanceof OciSaveError) return undefined;
    throw error;
  }
}

/** A tag of cosign's that names another manifest than it did. */
interface RewrittenTag {
  readonly tag: string;
  readonly before: Digest;
  readonly now: Digest;
}

/** cosign's tags that an earlier lock has as well, and that were written anew since. Pure. */
export function rewrittenTags(
  { referrers }: Pick<ResolvedImage, 'referrers'>,
  earlier: readonly Pick<LockedImage, 'referrers'>[],
): RewrittenTag[] {
  const had = new Map(
    earlier.flatMap((image) =>
      image.referrers.flatMap(({ tag, digest }) => (tag === undefined ? [] : [[tag, digest] as const])),
    ),
  );
  return referrers.flatMap(({ tag, digest: now }) => {
    const before = tag === undefined ? undefined : had.get(tag);
    return tag === undefined || before === undefined || before === now ? [] : [{ tag, before, now }];
  });
}

/**
 * How many signatures or attestations one manifest of cosign's has that another one lacks. Each is a layer: two keys sign the
 * same payload, and differ in the annotations alone. Pure.
 */
export function lostLayers(before: Manifest, now: Manifest): number {
  const keysOf = (manifest: Manifest): string[] =>
    manifest.kind === 'index'
      ? []
      : manifest.layers.map(({ digest, annotations }) => {
          const sorted = Object.entries(annotations ?? {}).toSorted(([a], [b]) => byText(a, b));
          return JSON.stringify([digest, sorted]);
        });
  const has = new Set(keysOf(now));
  return new Set(keysOf(before).filter((key) => !has.has(key))).size;
}

function tagWords(count: number, tag: string, file: string): string {
  const noun = tag.endsWith('.sig') ? 'signature' : tag.endsWith('.att') ? 'attestation' : 'entry';
  const [are, them] = count === 1 ? ['is', 'it'] : ['are', 'them'];
  const some = formatCount(count, noun).replace(/entrys$/, 'entries');
  return (
    `${some} that ${file} has of the same digest under the tag ${tag} ${are} not found there any more: ` +
    `the tag was written anew without ${them}`
  );
}

function words(lost: readonly LockedReferrer[], choice: ReferrersChoice, file: string): string {
  const noun = choice === 'signatures' ? 'signature' : 'referrer';
  const named = lost.slice(0, MAX_NAMED).map(({ digest }) => shortDigest(digest));
  const more = lost.length > MAX_NAMED ? ` and ${lost.length - MAX_NAMED} more` : '';
  const [are, them] = lost.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return (
    `${formatCount(lost.length, noun)} that ${file} has of the same digest ${are} not found at its source any more ` +
    `(${named.join(', ')}${more}): what is saved now does not have ${them}`
  );
}

/**
 * The referrers that an image had in an earlier lock, and has no more. One counts where this save looks for its kind, and
 * for what refers to its subject. cosign replaces what is under its tag when it adds to it: that is not lost. Pure.
 */
export function lostReferrers(
  {
    referrers,
    manifests,
  }: Pick<ResolvedImage, 'referrers'> & {
    readonly manifests: Pick<ReadonlySet<Digest>, 'has'>;
  },
  earlier: readonly Pick<LockedImage, 'referrers'>[],
  choice: ReferrersChoice,
): LockedReferrer[] {
  const isWanted = ({ tag, artifactType = '' }: LockedReferrer): boolean =>
    choice === 'all' || tag?.endsWith('.sig') === true || isSignatureType(artifactType);
  const had = earlier.flatMap((image) => image.referrers).filter(isWanted);
  const direct = had.filter(({ subject }) => manifests.has(subject));
  // A referrer that is lost took with it what refers to it.
  const subjects = new Set(direct.map(({ digest }) => digest));
  const looked = had.filter(({ subject }) => manifests.has(subject) || subjects.has(subject));
  const now = new Set(
    referrers.flatMap(({ digest, subject, tag }) => [
      `${digest} ${subject}`,
      ...(tag === undefined ? [] : [tag]),
    ]),
  );
  const lost = looked.filter(
    ({ digest, subject, tag }) => !now.has(`${digest} ${subject}`) && (tag === undefined || !now.has(tag)),
  );
  return [...new Map(lost.map((one) => [`${one.digest} ${one.subject}`, one])).values()];
}
