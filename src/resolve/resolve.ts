import pMap from 'p-map';
import { createManifestReader, heldFirst, offlinePort, type ReadPort, registryPort } from '../image/index.ts';
import type { Emit } from '../events.ts';
import { messageOf, OciSaveError } from '../errors.ts';
import type { HeldPlace } from '../list/index.ts';
import { type LockedImage, repositoryPath, taggedDigest, whyUnservable } from '../lock/index.ts';
import type { NamingRule, SourceOrder } from '../options/index.ts';
import { otherAlgorithm } from '../oci/digest.ts';
import { parseReference, withDefaultTag } from '../oci/reference.ts';
import type { Repository, Sources } from '../registry/index.ts';
import { missingNotes } from '../report/index.ts';
import type { SkopeoTools } from '../skopeo/index.ts';
import { diskError } from '../store/index.ts';
import { joinSame, type ResolvedImage } from './describe.ts';
import { resolveConverted } from './local/convert.ts';
import { dockerArchive, nameInArchive } from './local/docker-archive.ts';
import { openHeld } from './local/held.ts';
import { resolveInOrder } from './local/places.ts';
import { type Opened, openSource } from './local/open-source.ts';
import { refuseElsewhere, storedImage } from './local/storage.ts';
import { explainGone, refuseOther } from './locked.ts';
import { type ReferrerOptions, withLockedReferrers, withReferrers } from './referrers.ts';
import { type ResolveOptions, resolveImage } from './resolve-image.ts';
import { missingFrom, namesOf, type WantedImage } from './wanted.ts';

export interface ResolveContext extends Omit<ResolveOptions & ReferrerOptions, 'manifests'> {
  /** How repositories are read. */
  readonly sources: Pick<Sources, 'client' | 'nameOf' | 'notesOf' | 'passOver'>;
  /** Whether credentials are sent to a repository, or to a mirror of it. */
  readonly isPrivate: (repository: Repository) => Promise<boolean>;
  /** Asked for when a local transport needs skopeo, and only then. */
  readonly skopeoTools: () => Promise<SkopeoTools>;
  readonly emit: Emit;
  readonly naming: readonly NamingRule[];
  /** Where images without a transport are taken from. */
  readonly sourceOrder: SourceOrder;
  /** True: nothing is asked of any registry. */
  readonly offline: boolean;
  /** Images resolved at once. */
  readonly parallel: number;
}

export interface FailedImage {
  readonly wanted: WantedImage;
  readonly error: unknown;
}

export interface Resolution {
  readonly resolved: readonly ResolvedImage[];
  readonly failed: readonly FailedImage[];
}

/** Fails some of the images that were resolved. */
export function failImages(
  { resolved, failed }: Resolution,
  errors: ReadonlyMap<ResolvedImage, unknown>,
): Resolution {
  return {
    resolved: resolved.filter((image) => !errors.has(image)),
    failed: [...failed, ...[...errors].map(([{ wanted }, error]) => ({ wanted, error }))],
  };
}

/**
 * Resolves every image; the failure of one is a result. Throws only what ends a run: an interruption, or a machine that
 * lacks something.
 */
export async function resolveImages(
  wanted: readonly WantedImage[],
  context: ResolveContext,
): Promise<Resolution> {
  const { emit, signal } = context;
  emit({ type: 'stage', stage: 'resolve', total: wanted.length });
  const shared = { manifests: createManifestReader(context.store), opened: new Map(), heldPorts: new Map() };
  const told = new Set<unknown>();
  const results = await pMap(
    wanted,
    async (image) => {
      signal?.throwIfAborted();
      const result = await resolveOne(image, { ...context, ...shared });
      if ('error' in result) {
        const { error } = result;
        const { ref, origins } = image;
        // A used-up quota is one cause of all: it is told once, and the end of the run lists the images.
        const isTold = error instanceof OciSaveError && error.code === 'quota' && told.has(error);
        told.add(error);
        if (!isTold) emit({ type: 'log', level: 'error', message: messageOf(error), image: ref, origins });
        emit({ type: 'step', stage: 'resolve', subject: ref, outcome: 'failed', origins });
        return result;
      }
      warnOfMissing(result, emit);
      emit({ type: 'step', stage: 'resolve', subject: image.ref, outcome: 'done' });
      return result;
    },
    { concurrency: context.parallel },
  );
  return {
    resolved: joinSame(results.filter((result): result is ResolvedImage => !('error' in result))),
    failed: results.filter((result) => 'error' in result),
  };
}

function warnOfMissing({ ref, wanted, platforms }: ResolvedImage, emit: Emit): void {
  const { origins } = wanted;
  const missing = missingFrom(wanted, platforms);
  for (const message of missingNotes({ platforms, missingPlatforms: missing }))
    emit({ type: 'log', level: 'warning', message, image: ref, origins });
}

async function resolveOne(
  wanted: WantedImage,
  // The local sources that were opened, by transport and path.
  context: ResolveContext &
    ResolveOptions &
    ReferrerOptions & {
      readonly opened: Map<string, Promise<Opened>>;
      readonly heldPorts: Map<string, Promise<ReadPort>>;
    },
): Promise<ResolvedImage | FailedImage> {
  try {
    const { source, held, locked } = wanted;
    if (held !== undefined && locked !== undefined && source.transport !== 'docker')
      return await resolveLocked(wanted, locked, await heldPort(held, context), context);
    if (source.transport !== 'docker') {
      if ('image' in source || source.transport === 'docker-archive') {
        const convertible = 'image' in source ? storedImage(source) : dockerArchive(source);
        const isUnnamed = wanted.names.length === 0 && source.transport === 'docker-archive';
        const inside = isUnnamed ? await nameInArchive(wanted.ref, source) : undefined;
        const image = named(wanted, inside, context);
        const tools = await context.skopeoTools();
        refuseElsewhere(source.transport, tools, context.offline);
        const made = await resolveConverted(image, convertible, tools, context);
        return await withReferrers(made, context);
      }
      const key = `${source.transport}:${source.path}`;
      const opened = context.opened.get(key) ?? openSource(source);
      context.opened.set(key, opened);
      const { port, find } = await opened;
      const { digest, name } = find('name' in source ? source.name : undefined);
      const image = named(wanted, name, context);
      return await withReferrers(await resolveImage(image, digest, port, context), context);
    }
    const { domain, path, tag, digest, otherDigest } = source.reference;
    if (otherDigest !== undefined) throw unsupportedPin(otherDigest);
    const { client, nameOf, notesOf, passOver } = context.sources;
    const { isPrivate, store, offline } = context;
    const repository = { domain, path };
    const name = nameOf(repository);
    const port = offline
      ? offlinePort(name, store)
      : registryPort(client, repository, { isPrivate, name, passOver });
    if (locked !== undefined && held !== undefined) {
      const first = await heldPort(held, context);
      return await resolveLocked(wanted, locked, offline ? first : heldFirst(first, port), context);
    }
    if (locked !== undefined)
      return withNotes(await resolveLocked(wanted, locked, port, context), notesOf(repository));
    const fromPort = (): Promise<ResolvedImage> =>
      resolveImage(wanted, digest ?? tag ?? 'latest', port, context);
    const image = await withReferrers(
      await resolveInOrder(wanted, source.reference, fromPort, context),
      context,
    );
    return withNotes(image, notesOf(repository));
  } catch (error) {
    context.signal?.throwIfAborted();
    if (error instanceof OciSaveError && error.code === 'machine') throw error;
    return { wanted, error: diskError(error, 'what was read of it') ?? withTransports(error, wanted) };
  }
}

/** What is not what its transport says is often what another one says. */
function withTransports(error: unknown, { source }: WantedImage): unknown {
  if (!('path' in source) || !(error instanceof OciSaveError) || error.hintParts !== undefined) return error;
  const { code, message, cause } = error;
  if (code !== 'list' && code !== 'local') return error;
  return new OciSaveError({ code, message, hint: TRANSPORTS, cause });
}

const TRANSPORTS =
  'Look at the path. A folder with an OCI layout is oci:PATH, a tar of one oci-archive:PATH; what docker save writes is docker-archive:PATH, and what skopeo copied to dir: is dir:PATH.';

function heldPort(
  held: HeldPlace,
  { heldPorts }: { readonly heldPorts: Map<string, Promise<ReadPort>> },
): Promise<ReadPort> {
  const port = heldPorts.get(held.path) ?? openHeld(held);
  heldPorts.set(held.path, port);
  return port;
}

function withNotes(image: ResolvedImage, notes: readonly string[]): ResolvedImage {
  return { ...image, notes: [...image.notes, ...notes] };
}

/**
 * An image as its lock has it: by its digest, whatever its tag names today, and with the choices that the lock has. Of a local
 * source there is only what was made of it, in the layout of a bundle.
 */
async function resolveLocked(
  wanted: WantedImage,
  locked: LockedImage,
  port: ReadPort,
  context: ResolveOptions,
): Promise<ResolvedImage> {
  const isLocal = locked.source !== 'docker';
  const format = isLocal ? 'keep' : (locked.format ?? 'keep');
  // What was narrowed is all that there is of it.
  const index = isLocal && locked.index === 'narrow' ? 'auto' : (locked.index ?? 'auto');
  const choices = { index, format } as const;
  try {
    const reference = isLocal ? taggedDigest(locked) : locked.digest;
    const made = await resolveImage(wanted, reference, port, { ...context, ...choices });
    const found = isLocal ? { ...made, ...claimsOf(locked) } : made;
    const image = await withLockedReferrers(found, locked, context);
    refuseOther(image, locked);
    return isLocal ? asLocked(image, locked) : image;
  } catch (error) {
    throw explainGone(error, locked);
  }
}

/** What only the lock of an image knows where its source is not there any more, and there is what was made of it. */
function claimsOf(locked: LockedImage): Partial<LockedImage> {
  const { source, digest, mediaType, converted, index, format, imageId, diffIds } = locked;
  return { source, digest, mediaType, converted, index, format, imageId, diffIds };
}

/** The image as its lock has it, with the fields in the order of the lock. */
function asLocked(image: ResolvedImage, locked: LockedImage): ResolvedImage {
  const { names, wanted, content, manifests, sizes, made, notes } = image;
  return { ...locked, names, wanted, content, manifests, sizes, made, notes };
}

/** Readers of a bundle find an image by its sha256 digest alone. */
function unsupportedPin(pin: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `it is pinned by a ${otherAlgorithm(pin)} digest, and only sha256 is supported`,
    hint: 'Pin it by its sha256 digest, or by its tag.',
  });
}

/** A local image without a stored name takes the one that its source has for it. */
function named(wanted: WantedImage, inside: string | undefined, { naming }: ResolveContext): WantedImage {
  if (wanted.names.length > 0) return wanted;
  if (inside === undefined) {
    throw new OciSaveError({
      code: 'list',
      message: `${wanted.ref} does not say under which name it is to be stored`,
      hint: `Write '${wanted.ref} => name:tag'.`,
    });
  }
  const names = namesOf(withDefaultTag(parseReference(inside)), naming);
  const [why] = names.flatMap(({ name }) => whyUnservable(repositoryPath(name)) ?? []);
  if (why !== undefined) {
    const hint = `Store it under another name: '${wanted.ref} => name:tag'.`;
    throw new OciSaveError({ code: 'list', message: `its source names it '${inside}': ${why}`, hint });
  }
  return { ...wanted, names, namedBySource: true };
}
