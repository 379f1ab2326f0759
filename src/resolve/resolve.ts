import pMap from 'p-map';
import type { Emit } from '../events.ts';
import { messageOf, OciSaveError } from '../errors.ts';
import { missingNotes } from '../report/index.ts';
import { diskError } from '../store/index.ts';
import { type ResolveContext, shareAmongImages, type SharedContext } from './context.ts';
import { joinSame, type ResolvedImage } from './describe.ts';
import { resolveLocal } from './local/resolve-local.ts';
import { resolveServed } from './served.ts';
import { missingFrom, type WantedImage } from './wanted.ts';

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
  const shared = shareAmongImages(context);
  const tellFailure = failureTeller(emit);
  const results = await pMap(
    wanted,
    async (image) => {
      signal?.throwIfAborted();
      const result = await tryToResolve(image, shared);
      if ('error' in result) tellFailure(result);
      else tellSuccess(result, image.ref, emit);
      return result;
    },
    { concurrency: context.parallel },
  );
  return {
    resolved: joinSame(results.filter((result): result is ResolvedImage => !('error' in result))),
    failed: results.filter((result) => 'error' in result),
  };
}

/**
 * What tells of the failures of a run, each when it happens. A used-up quota is one cause of all: it is told once, and the
 * end of the run lists the images.
 */
function failureTeller(emit: Emit): (failure: FailedImage) => void {
  const told = new Set<unknown>();
  return ({ wanted: { ref, origins }, error }) => {
    const isTold = error instanceof OciSaveError && error.code === 'quota' && told.has(error);
    told.add(error);
    if (!isTold) emit({ type: 'log', level: 'error', message: messageOf(error), image: ref, origins });
    emit({ type: 'step', stage: 'resolve', subject: ref, outcome: 'failed', origins });
  };
}

/** @param subject how the image was asked for */
function tellSuccess(image: ResolvedImage, subject: string, emit: Emit): void {
  warnOfMissing(image, emit);
  emit({ type: 'step', stage: 'resolve', subject, outcome: 'done' });
}

function warnOfMissing({ ref, wanted, platforms }: ResolvedImage, emit: Emit): void {
  const { origins } = wanted;
  const missing = missingFrom(wanted, platforms);
  for (const message of missingNotes({ platforms, missingPlatforms: missing }))
    emit({ type: 'log', level: 'warning', message, image: ref, origins });
}

/** The failure of an image is a result; what ends the run is thrown. */
async function tryToResolve(
  wanted: WantedImage,
  context: SharedContext,
): Promise<ResolvedImage | FailedImage> {
  const { source } = wanted;
  try {
    return source.transport === 'docker'
      ? await resolveServed(wanted, source.reference, context)
      : await resolveLocal(wanted, source, context);
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
