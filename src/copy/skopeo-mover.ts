import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Digest, hexOf, shortDigest } from '../oci/digest.ts';
import { OciSaveError } from '../errors.ts';
import {
  canName,
  copyWithSkopeo,
  makeOwnHome,
  poolOf,
  openAuthFile,
  skopeoFailure,
  type SkopeoAuth,
  type SkopeoThrottle,
} from '../skopeo/index.ts';
import { registryUrl, type Repository, secretsOf } from '../registry/index.ts';
import { tryLink } from '../store/index.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import type { Copying } from './context.ts';
import { watchLanding } from './landing.ts';

export interface LeafCopy {
  readonly leaf: Digest;
  readonly repository: Repository;
  /** An image that has the leaf, for the log. */
  readonly image: string;
  /** Layers that skopeo fetches, with their sizes. */
  readonly brings: ReadonlyMap<Digest, number>;
  /** Layers of the leaf that the store has: they are linked where skopeo looks, so that it does not fetch them again. */
  readonly here: readonly Digest[];
  readonly onLanded: (digest: Digest) => void;
}

/** The host of a registry throttles skopeo, which cannot tell whether a quota is used up: our own client finds out. */
export class ThrottledError extends OciSaveError {
  readonly throttle: SkopeoThrottle;
  constructor(throttle: SkopeoThrottle) {
    const { host, milliseconds } = throttle;
    const message = `skopeo: ${host} answered 429; skopeo would wait for ${Math.round(milliseconds / 1000)} s and ask again`;
    super({ code: 'network', message });
    this.throttle = throttle;
  }
}

/**
 * Copies one leaf by skopeo into a folder of its own, when its registry may be asked. Each layer enters the store, hashed,
 * as soon as it has landed. What landed before a failure stays.
 * @throws OciSaveError as `skopeoFailure` classes it; ThrottledError within a moment of a 429
 */
export async function copyLeaf(copy: LeafCopy, context: Copying): Promise<void> {
  const { store, signal, emit } = context;
  const { skopeo, environment } = await context.skopeoTools();
  const bytes = [...copy.brings.values()].reduce((sum, size) => sum + size, 0);
  const message = `skopeo copies ${formatBytes(bytes)}, ${formatCount(copy.brings.size, 'layer')} of ${shortDigest(copy.leaf)}`;
  emit({ type: 'log', level: 'debug', message, image: copy.image });
  const { domain, path: repository } = await context.sources.placeOf(copy.repository, copy.leaf, signal);
  const place = `${domain}/${repository}`;
  if (!canName(skopeo, domain)) {
    const message = `skopeo ${skopeo.version} knows no registry by an IPv6 address, as ${domain} is`;
    throw new OciSaveError({ code: 'unsupported', message });
  }
  await context.client.ready(domain, signal);
  const credentials = await context.credentials.find({ domain, path: repository });
  const origin = {
    repository: context.sources.nameOf(copy.repository),
    isPrivate: credentials !== undefined,
  };
  const folder = path.join(store.runFolder, `leaf-${hexOf(copy.leaf)}`);
  const pool = poolOf(folder);
  await mkdir(pool, { recursive: true });
  const hopeless = new AbortController();
  const landing = watchLanding({
    folder,
    brings: copy.brings,
    adopt: (file, blob) => store.adopt(file, blob, origin),
    onLanded: copy.onLanded,
    onBytes: (delta) => emit({ type: 'bytes', stage: 'copy', delta }),
    giveUp: (error) => hopeless.abort(error),
    stallMilliseconds: context.stallMilliseconds,
  });
  let auth: SkopeoAuth | undefined;
  try {
    await layOut(copy, pool, context);
    const insecure = context.insecureRegistries.includes(domain);
    auth = credentials && (await openAuthFile(folder, domain, credentials));
    const result = await copyWithSkopeo({
      skopeo,
      environment,
      folder,
      home: await makeOwnHome(folder, place, insecure),
      source: `docker://${place}@${copy.leaf}`,
      preserveDigests: true,
      certsFolder: await environment.certsFolder(registryUrl(domain, 'https:')),
      auth,
      insecure,
      signal: AbortSignal.any([signal, hopeless.signal]),
      onThrottle: (throttle) => hopeless.abort(new ThrottledError(throttle)),
    });
    await landing.finish();
    if (result.exitCode !== 0) {
      const secrets = credentials ? secretsOf(credentials) : [];
      throw skopeoFailure(`${place}@${copy.leaf}`, result, secrets);
    }
    if (landing.missing > 0) {
      const message = `skopeo left out ${landing.missing} layers without a message`;
      throw new OciSaveError({ code: 'unsupported', message });
    }
  } finally {
    try {
      await landing.finish();
    } finally {
      await auth?.close();
      // Also where a layer was refused: the credentials may be in this folder.
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

/** Verified layers alone: skopeo writes manifests and configs in place, and trusts every file that exists. */
async function layOut({ here }: LeafCopy, pool: string, { store }: Copying): Promise<void> {
  for (const layer of here) await tryLink(store.pathOf(layer), path.join(pool, hexOf(layer)));
}
