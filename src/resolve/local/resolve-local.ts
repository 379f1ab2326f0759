import { OciSaveError } from '../../errors.ts';
import type { Source } from '../../list/index.ts';
import { repositoryPath, whyUnservable } from '../../lock/index.ts';
import { parseReference, withDefaultTag } from '../../oci/reference.ts';
import type { SharedContext } from '../context.ts';
import type { ResolvedImage } from '../describe.ts';
import { withReferrers } from '../referrers.ts';
import { resolveImage } from '../resolve-image.ts';
import { resolveLocked } from '../locked.ts';
import { namesOf, type WantedImage } from '../wanted.ts';
import { resolveConverted } from './convert.ts';
import { dockerArchive, nameInArchive } from './docker-archive.ts';
import { refuseElsewhere, storedImage } from './storage.ts';

type LocalSource = Exclude<Source, { transport: 'docker' }>;
/** What has no digests as a registry has them: skopeo makes an image with digests of it. */
type ConvertedSource = Extract<
  LocalSource,
  { transport: 'docker-archive' | 'docker-daemon' | 'containers-storage' }
>;

/**
 * Resolves an image of this machine: from the bundle that has it, where its lock was read from one, else from its own source.
 * @throws OciSaveError `list` where it has no name, or its source has several images; what its source says
 */
export async function resolveLocal(
  wanted: WantedImage,
  source: LocalSource,
  context: SharedContext,
): Promise<ResolvedImage> {
  const { held, locked } = wanted;
  if (held !== undefined && locked !== undefined)
    return resolveLocked(wanted, locked, await context.places.bundle(held), context);
  const image = isConverted(source)
    ? await resolveByConversion(wanted, source, context)
    : await resolveAsItIs(wanted, source, context);
  return withReferrers(image, context);
}

function isConverted(source: LocalSource): source is ConvertedSource {
  return 'image' in source || source.transport === 'docker-archive';
}

async function resolveByConversion(
  wanted: WantedImage,
  source: ConvertedSource,
  context: SharedContext,
): Promise<ResolvedImage> {
  const isArchive = source.transport === 'docker-archive';
  const isUnnamed = wanted.names.length === 0;
  const inside = isArchive && isUnnamed ? await nameInArchive(wanted.ref, source) : undefined;
  const image = named(wanted, inside, context);
  const convertible = isArchive ? dockerArchive(source) : storedImage(source);
  const tools = await context.skopeoTools();
  refuseElsewhere(source.transport, tools, context.offline);
  return resolveConverted(image, convertible, tools, context);
}

async function resolveAsItIs(
  wanted: WantedImage,
  source: Exclude<LocalSource, ConvertedSource>,
  context: SharedContext,
): Promise<ResolvedImage> {
  const { port, find } = await context.places.source(source);
  const { digest, name } = find('name' in source ? source.name : undefined);
  return resolveImage(named(wanted, name, context), digest, port, context);
}

/** A local image without a stored name takes the one that its source has for it. */
function named(wanted: WantedImage, inside: string | undefined, { naming }: SharedContext): WantedImage {
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
