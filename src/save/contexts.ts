import type { CopyContext } from '../copy/index.ts';
import { OciSaveError } from '../errors.ts';
import type { ListInputs } from '../list/index.ts';
import type { SaveOptions } from '../options.ts';
import type { ResolveContext, WantedImage } from '../resolve/index.ts';
import type { Run, SaveIo } from './run.ts';

/** Sockets that pay off at a round trip of 80 ms; more gain nothing (measured). */
const CONNECTIONS = 32;
const SKOPEO_AT_ONCE = 8;

export function listInputs(options: SaveOptions, { stdin }: SaveIo): ListInputs {
  const { images, imageList, listFormat, defaultRegistry, strictTags, onCandidate } = options;
  return {
    images,
    files: imageList,
    format: listFormat,
    defaultRegistry,
    strictTags,
    onCandidate,
    ...(stdin === undefined ? {} : { stdin }),
  };
}

export function resolveContext({ options, session, io: { emit, signal, lockOnly } }: Run): ResolveContext {
  return {
    store: session.store,
    client: session.client,
    localTools: session.skopeoTools,
    index: options.index,
    format: options.format,
    naming: options.naming,
    readConfigs: !options.dryRun || lockOnly === true,
    retries: options.retries,
    parallel: CONNECTIONS,
    emit,
    signal,
  };
}

export function copyContext({ options, session, wanted, io: { emit, signal } }: Run): CopyContext {
  const byRef = new Map(wanted.map((image) => [image.ref, image]));
  const find = (ref: string): WantedImage => {
    const image = byRef.get(ref);
    if (image === undefined)
      throw new OciSaveError({ code: 'local', message: `${ref} is not part of this run` });
    return image;
  };
  return {
    store: session.store,
    copier: options.copier,
    skopeoTools: session.skopeoTools,
    sourceFor: (ref) => session.sourceFor(find(ref)),
    placeOf: (ref) => session.placeOf(find(ref)),
    credentials: session.credentials,
    parallel: options.parallel || SKOPEO_AT_ONCE,
    connections: options.copier === 'direct' && options.parallel > 0 ? options.parallel : CONNECTIONS,
    retries: options.retries,
    emit,
    signal,
  };
}
