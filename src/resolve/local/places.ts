import { OciSaveError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { localPlaces, type SourceOrder, type SourcePlace } from '../../options/index.ts';
import type { Reference } from '../../oci/reference.ts';
import { hint, option } from '../../text/hint.ts';
import type { SkopeoTools } from '../../skopeo/index.ts';
import type { ResolvedImage } from '../describe.ts';
import type { ResolveOptions } from '../resolve-image.ts';
import type { WantedImage } from '../wanted.ts';
import { resolveConverted } from './convert.ts';
import { PLACE_NAMES, refuseElsewhere, storedImage } from './storage.ts';

export interface PlaceOptions extends ResolveOptions {
  readonly sourceOrder: SourceOrder;
  /** True: nothing is asked of any registry. */
  readonly offline: boolean;
  readonly skopeoTools: () => Promise<SkopeoTools>;
  readonly emit: Emit;
}

/** What is asked for an image of a registry: the store first where nothing is asked of registries. */
type Place = SourcePlace | 'store';

/** The places of an image that has no transport, in their order. */
function placesFor({ sourceOrder, offline }: PlaceOptions): readonly Place[] {
  if (!offline) return sourceOrder === 'auto' ? ['remote'] : sourceOrder;
  return ['store', ...localPlaces(sourceOrder)];
}

/**
 * An image of a registry, from the first place that has it. An image of this machine that is another one than was wanted
 * (its platform, its pin) is passed over, and that is said. So is a storage that cannot be read, with a warning: nobody
 * knows which image it has.
 * @param read takes it from its registry, or offline from the store
 * @throws OciSaveError of the only place, or one that says why each place does not have it
 */
export async function resolveInOrder(
  wanted: WantedImage,
  reference: Reference,
  read: () => Promise<ResolvedImage>,
  options: PlaceOptions,
): Promise<ResolvedImage> {
  const places = placesFor(options);
  if (places.length === 1 && places[0] === 'remote') return read();
  const reasons: Reason[] = [];
  for (const place of places) {
    try {
      const image = await fromPlace(place, wanted, reference, read, options);
      warnOfUnread(place, wanted, reasons, options);
      return { ...image, notes: [...image.notes, ...decision(place, wanted, reasons)] };
    } catch (error) {
      options.signal?.throwIfAborted();
      // What is wrong with the machine ends the run; every other place may have the image.
      if (!(error instanceof OciSaveError) || error.code === 'machine') throw error;
      // A registry that cannot be asked now is no reason to take another image. One that does not say what it has
      // refuses what is not there: Docker Hub.
      if (place === 'remote' && (error.code === 'network' || error.code === 'quota')) throw error;
      reasons.push({ place, error });
    }
  }
  const [first] = reasons;
  if (first !== undefined && reasons.length === 1)
    throw first.place === 'store' ? notInStore(first.error) : first.error;
  throw new OciSaveError({
    code: reasons.find(({ place }) => place === 'remote')?.error.code ?? 'not-found',
    message: `${wanted.ref} is in no place that was looked at: ${reasonsText(wanted, reasons)}`,
    hint: options.offline
      ? hint`Bring it here first (docker pull, podman pull, or a run without ${option('offline')}).`
      : hint`Bring it there, or name other places with ${option('source')}.`,
  });
}

async function fromPlace(
  place: Place,
  wanted: WantedImage,
  reference: Reference,
  read: () => Promise<ResolvedImage>,
  options: PlaceOptions,
): Promise<ResolvedImage> {
  if (place === 'remote') return read();
  if (place === 'store') return whole(await read(), options);
  const { digest } = reference;
  if (digest !== undefined && place === 'docker-daemon') {
    const message = 'it is pinned by digest, and Docker’s daemon has no digests of registries';
    throw new OciSaveError({ code: 'unsupported', message });
  }
  const source = { transport: place, image: reference };
  const convertible = { ...storedImage(source), digest };
  const tools = await toolsFor(options);
  refuseElsewhere(place, tools, options.offline);
  return resolveConverted({ ...wanted, source }, convertible, tools, options);
}

/**
 * skopeo reads the places of this machine. Where nobody named these, a machine without skopeo is one that has no image there:
 * what the store lacks is listed all the same.
 */
async function toolsFor({ sourceOrder, skopeoTools }: PlaceOptions): Promise<SkopeoTools> {
  try {
    return await skopeoTools();
  } catch (error) {
    if (sourceOrder !== 'auto' || !(error instanceof OciSaveError) || error.code !== 'machine') throw error;
    const { message, cause } = error;
    throw new OciSaveError({ code: 'not-found', message: `it cannot be looked at: ${message}`, cause });
  }
}

/** All of an image must be there: nothing of it can be fetched. */
async function whole(image: ResolvedImage, { store }: PlaceOptions): Promise<ResolvedImage> {
  for (const [digest, size] of image.sizes) {
    if (await store.has({ digest, size })) continue;
    throw new OciSaveError({ code: 'not-found', message: 'the store lacks some of its layers' });
  }
  return image;
}

interface Reason {
  readonly place: Place;
  readonly error: OciSaveError;
}

/** Offline, where no storage of this machine may be looked at. */
function notInStore(error: OciSaveError): OciSaveError {
  const { code, message, cause } = error;
  if (code !== 'not-found') return error;
  const advice = hint`Bring it into the store by a run without ${option('offline')}. Storages of this machine are looked at where ${option('source')} names them.`;
  return new OciSaveError({ code, message, hint: advice, cause });
}

/** Where the user named no storages, one that this machine does not have is no news. */
function warnOfUnread(
  place: Place,
  wanted: WantedImage,
  reasons: readonly Reason[],
  { sourceOrder, emit }: PlaceOptions,
): void {
  const unread = reasons.filter(({ error }) => error.code === 'local');
  if (sourceOrder === 'auto' || unread.length === 0) return;
  const { ref, origins } = wanted;
  const message = `it is taken from ${PLACE_NAMES[place]}, and may be another image than the one before it in the order: ${reasonsText(wanted, unread)}`;
  emit({ type: 'log', level: 'warning', message, image: ref, origins });
}

/** What the log and the report say of the choice. */
function decision(place: Place, wanted: WantedImage, reasons: readonly Reason[]): string[] {
  const passed = reasons.length === 0 ? '' : `; ${reasonsText(wanted, reasons)}`;
  return [`taken from ${PLACE_NAMES[place]}${passed}`];
}

function reasonsText({ ref }: WantedImage, reasons: readonly Reason[]): string {
  return reasons
    .map(({ place, error }) => `${PLACE_NAMES[place]}: ${error.message.replace(`${ref}: `, '')}`)
    .join('; ');
}
