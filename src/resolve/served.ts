import { heldFirst, offlinePort, type ReadPort, registryPort } from '../image/index.ts';
import { OciSaveError } from '../errors.ts';
import { otherAlgorithm } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { Repository } from '../registry/index.ts';
import type { SharedContext } from './context.ts';
import type { ResolvedImage } from './describe.ts';
import { resolveInOrder } from './local/places.ts';
import { withReferrers } from './referrers.ts';
import { resolveImage } from './resolve-image.ts';
import { resolveLocked } from './locked.ts';
import type { WantedImage } from './wanted.ts';

/**
 * Resolves an image of a registry: from the bundle that has it, where its lock was read from one, else from the places in the
 * order of the option `source`, of which its registry is one.
 * @throws OciSaveError `unsupported` for a pin that is not sha256; what its places say
 */
export async function resolveServed(
  wanted: WantedImage,
  reference: Reference,
  context: SharedContext,
): Promise<ResolvedImage> {
  const { domain, path, otherDigest } = reference;
  if (otherDigest !== undefined) throw unsupportedPin(otherDigest);
  const repository = { domain, path };
  const port = portOf(repository, context);
  const { held, locked } = wanted;
  if (locked !== undefined && held !== undefined) {
    const bundle = await context.places.bundle(held);
    return resolveLocked(wanted, locked, context.offline ? bundle : heldFirst(bundle, port), context);
  }
  const image =
    locked === undefined
      ? await resolveByReference(wanted, reference, port, context)
      : await resolveLocked(wanted, locked, port, context);
  return { ...image, notes: [...image.notes, ...context.sources.notesOf(repository)] };
}

async function resolveByReference(
  wanted: WantedImage,
  reference: Reference,
  port: ReadPort,
  context: SharedContext,
): Promise<ResolvedImage> {
  const { tag, digest } = reference;
  const fromPort = (): Promise<ResolvedImage> =>
    resolveImage(wanted, digest ?? tag ?? 'latest', port, context);
  return withReferrers(await resolveInOrder(wanted, reference, fromPort, context), context);
}

/** Its registry; offline, what the store has of it. */
function portOf(repository: Repository, { sources, isPrivate, store, offline }: SharedContext): ReadPort {
  const { client, nameOf, passOver } = sources;
  const name = nameOf(repository);
  return offline ? offlinePort(name, store) : registryPort(client, repository, { isPrivate, name, passOver });
}

/** Readers of a bundle find an image by its sha256 digest alone. */
function unsupportedPin(pin: string): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `it is pinned by a ${otherAlgorithm(pin)} digest, and only sha256 is supported`,
    hint: 'Pin it by its sha256 digest, or by its tag.',
  });
}
