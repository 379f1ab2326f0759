import { OciSaveError } from '../../errors.ts';
import type { LockedReferrer } from '../../lock/index.ts';
import { type Digest, digestOf, shortDigest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { OCI_INDEX } from '../../oci/media-type.ts';
import { type Reachable, reachable } from '../../oci/reachable.ts';
import { artifactTypeOf, referrersTag } from '../../oci/referrer.ts';
import type { Repository } from '../../registry/index.ts';
import { manifestBytes, manifestOf, type PushContext } from '../context.ts';
import type { Destination, PushName } from '../plan.ts';
import { subjectsAt } from './left-out.ts';
import { annotationsOf, type ReferrerEntry, withReferrers } from './stand-in.ts';

/** Pushes a manifest with all that is below it, by its digest or under a tag. */
export type PutWhole = (
  repository: Repository,
  digest: Digest,
  below: Reachable,
  tag?: string,
) => Promise<void>;

/** Brings referrers to a target, after the manifests to which they belong. */
export interface ReferrerPusher {
  /**
   * Sends the referrers of an image that its repository lacks; those of manifests that are not there are left out.
   * @param there what the name has at the target
   * @returns how many were sent
   * @throws OciSaveError where the target refuses one, or does not say which it has
   */
  push(name: PushName, there: Digest): Promise<number>;
}

/** A referrer is pushed whole. */
const EVERY = { has: () => true };
/** How often an index is written that another push overwrote in between. */
const ATTEMPTS = 3;

export function createReferrerPusher(context: PushContext, put: PutWhole): ReferrerPusher {
  const { client, content, policy, emit, signal } = context;
  /** The last work on the referrers of one manifest, by repository: an index of them is read, and written. */
  const turns = new Map<string, Promise<unknown>>();

  const inTurn = <T>({ path }: Repository, subject: Digest, work: () => Promise<T>): Promise<T> => {
    const key = `${path}@${subject}`;
    const done = (turns.get(key) ?? Promise.resolve()).then(work);
    turns.set(
      key,
      done.catch(() => {}),
    );
    return done;
  };

  const warn = (message: string, { text }: Destination): void =>
    emit({ type: 'log', level: 'warning', message, image: text });

  const send = (to: Destination, { digest }: LockedReferrer, tag?: string): Promise<void> =>
    put(to, digest, reachable(digest, content.manifests, EVERY), tag);

  /** What cosign stores is under its tag. A tag that holds what is not saved here is the target's own, and stays. */
  const sendTagged = async (to: Destination, referrer: LockedReferrer, tag: string): Promise<number> => {
    const there = await client.findTagged(to, tag, signal);
    if (there?.digest === referrer.digest) return 0;
    const name = `${to.domain}/${to.path}:${tag}`;
    if (there !== undefined && policy === 'fail-if-different') throw differs(name, there.digest, referrer);
    if (
      there !== undefined &&
      (policy === 'if-missing' || !includes(manifestOf(content, referrer.digest).manifest, there.manifest))
    ) {
      const why = policy === 'if-missing' ? '' : ', with what is not saved here';
      warn(`${name} has ${shortDigest(there.digest)} there${why}: it is left as it is`, to);
      return 0;
    }
    await send(to, referrer, tag);
    return 1;
  };

  /** By the target's own list; where it has none, by the tag that stands in for it. */
  const sendListed = async (
    to: Destination,
    subject: Digest,
    referrers: readonly LockedReferrer[],
  ): Promise<number> => {
    const list = await client.listReferrers(to, subject, signal);
    if (list === undefined) return sendWithIndex(to, subject, referrers);
    const lacks = without(referrers, list);
    for (const referrer of lacks) await send(to, referrer);
    const unlisted =
      lacks.length === 0 ? [] : without(lacks, (await client.listReferrers(to, subject, signal)) ?? []);
    for (const { digest } of unlisted)
      warn(
        `${shortDigest(digest)} was pushed, and ${to.domain} does not list it as a referrer of ${shortDigest(subject)}`,
        to,
      );
    return lacks.length;
  };

  /** Reads the index, adds what it lacks and writes it (distribution-spec, Referrers Tag Schema), until it has all. */
  const sendWithIndex = async (
    to: Destination,
    subject: Digest,
    referrers: readonly LockedReferrer[],
  ): Promise<number> => {
    const tag = referrersTag(subject);
    let sent = 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const there = await client.findTagged(to, tag, signal);
      if (there !== undefined && there.manifest.kind !== 'index') throw noIndex(to, tag);
      const lacks = without(referrers, there?.manifest.kind === 'index' ? there.manifest.manifests : []);
      if (lacks.length === 0) return sent;
      if (attempt === 0) {
        for (const referrer of lacks) await send(to, referrer);
        sent = lacks.length;
      }
      const bytes = withReferrers(there?.bytes, await Promise.all(lacks.map(entryOf)));
      if (bytes === undefined) throw noIndex(to, tag);
      const mediaType = there?.mediaType ?? OCI_INDEX;
      await client.putManifest(to, tag, { bytes, digest: digestOf(bytes), mediaType }, signal);
    }
    const there = await client.findTagged(to, tag, signal);
    if (there?.manifest.kind === 'index' && without(referrers, there.manifest.manifests).length === 0)
      return sent;
    throw new OciSaveError({
      code: 'network',
      message: `${to.domain}/${to.path}:${tag} does not keep the referrers that were pushed: something else writes to it`,
      hint: 'Push again when no other push runs.',
    });
  };

  /** As the manifest says, not the lock. */
  const entryOf = async ({ digest }: LockedReferrer): Promise<ReferrerEntry> => {
    const { manifest } = manifestOf(content, digest);
    const { mediaType } = manifest;
    const artifactType = artifactTypeOf(manifest);
    const bytes = await manifestBytes(context, digest);
    const type = artifactType === undefined ? {} : { artifactType };
    return { mediaType, digest, size: bytes.length, ...type, ...annotationsOf(bytes) };
  };

  const ofSubject = async (
    to: Destination,
    subject: Digest,
    referrers: readonly LockedReferrer[],
  ): Promise<number> => {
    const naming = referrers.filter(
      ({ digest }) => manifestOf(content, digest).manifest.subject?.digest === subject,
    );
    let sent = naming.length === 0 ? 0 : await sendListed(to, subject, naming);
    for (const referrer of referrers)
      if (referrer.tag !== undefined) sent += await sendTagged(to, referrer, referrer.tag);
    return sent;
  };

  return {
    async push(name, there) {
      const { to } = name;
      let sent = 0;
      for (const [subject, own] of subjectsAt(name, there)) {
        signal?.throwIfAborted();
        sent += await inTurn(to, subject, () => ofSubject(to, subject, own));
      }
      return sent;
    },
  };
}

function without(
  referrers: readonly LockedReferrer[],
  listed: readonly { readonly digest: Digest }[],
): LockedReferrer[] {
  const there = new Set(listed.map(({ digest }) => digest));
  return referrers.filter(({ digest }) => !there.has(digest));
}

/** Whether nothing is lost where a manifest takes the place of another: cosign adds signatures as layers. */
function includes(ours: Manifest, there: Manifest): boolean {
  if (ours.kind !== 'manifest' || there.kind !== 'manifest') return false;
  const layers = new Set(ours.layers.map(({ digest }) => digest));
  return there.layers.every(({ digest }) => layers.has(digest));
}

function differs(name: string, there: Digest, { digest }: LockedReferrer): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${name} has ${shortDigest(there)} there, not ${shortDigest(digest)}, and push-policy is fail-if-different`,
  });
}

function noIndex({ domain, path }: Destination, tag: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${domain}/${path}:${tag} is no index of referrers: it is left as it is`,
    hint: 'Remove that tag there, and push again.',
  });
}
