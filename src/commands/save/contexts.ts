import type { CopyContext } from '../../copy/index.ts';
import type { ListInputs } from '../../list/index.ts';
import type { SaveOptions } from '../../options/index.ts';
import type { ResolveContext, ResolvedImage, WantedImage } from '../../resolve/index.ts';
import type { Run, SaveIo } from './run.ts';

/** Sockets that pay off at a round trip of 80 ms; more gain nothing (measured). */
const CONNECTIONS = 32;
const SKOPEO_AT_ONCE = 8;

export function listInputs(options: SaveOptions, { stdin, lists, boundary }: SaveIo): ListInputs {
  const { images, imageList, listFormat, defaultRegistry, strictTags, onCandidate } = options;
  return {
    images,
    files: imageList,
    format: listFormat,
    defaultRegistry,
    strictTags,
    onCandidate,
    lists,
    boundary,
    ...(stdin === undefined ? {} : { stdin }),
  };
}

export function resolveContext({ options, session, io: { emit, signal } }: Run): ResolveContext {
  return {
    store: session.store,
    client: session.client,
    localTools: session.skopeoTools,
    index: options.index,
    format: options.format,
    naming: options.naming,
    retries: options.retries,
    parallel: CONNECTIONS,
    emit,
    signal,
  };
}

/** `images` are those whose blobs are wanted. */
export function copyContext(
  { options, session, cache, io: { emit, signal } }: Run,
  images: readonly ResolvedImage[],
): CopyContext {
  const byRef = Map.groupBy(images, ({ image }) => image.ref);
  const wantedAs = (ref: string): WantedImage[] => (byRef.get(ref) ?? []).map(({ wanted }) => wanted);
  return {
    store: session.store,
    copier: options.copier,
    skopeoTools: session.skopeoTools,
    sourcesFor: async (ref) =>
      (await Promise.all(wantedAs(ref).map((image) => session.sourceOf(image)))).flatMap(
        (source) => source ?? [],
      ),
    placesOf: (ref) => wantedAs(ref).flatMap((image) => session.placeOf(image) ?? []),
    credentials: session.credentials,
    parallel: options.parallel || SKOPEO_AT_ONCE,
    connections: options.copier === 'direct' && options.parallel > 0 ? options.parallel : CONNECTIONS,
    retries: options.retries,
    onLanded: (digest) => cache.landed(digest),
    emit,
    signal,
  };
}
