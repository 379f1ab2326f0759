import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { openLayout } from '../content/index.ts';
import { OciSaveError } from '../errors.ts';
import { isDigest, shortDigest } from '../oci/digest.ts';
import { blobsOf, parseManifest } from '../oci/manifest.ts';
import { formatReference } from '../oci/reference.ts';
import {
  copyWithSkopeo,
  inspectRaw,
  LAYOUT,
  POOL,
  poolOf,
  type SkopeoEnvironment,
  skopeoFailure,
  type Skopeo,
} from '../skopeo/index.ts';
import { describe, type ResolvedImage } from './describe.ts';
import type { ResolveOptions } from './resolve-image.ts';
import { readTree } from './tree.ts';
import type { WantedImage } from './wanted.ts';

export interface LocalTools {
  readonly skopeo: Skopeo;
  readonly environment: SkopeoEnvironment;
}

/**
 * Takes an image out of a docker archive. Its layers have no digest as a registry would serve them, so skopeo
 * converts it to OCI; the lock keeps the image ID and the uncompressed layers' digests. All of its blobs are in
 * the store afterwards. Throws `list` where the archive holds several images and none is named.
 */
export async function resolveArchive(
  wanted: WantedImage,
  { skopeo, environment }: LocalTools,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const { source } = wanted;
  if (source.transport !== 'docker-archive')
    throw new OciSaveError({ code: 'local', message: `${wanted.ref} is no docker archive` });
  const named = source.reference === undefined ? '' : `:${formatReference(source.reference)}`;
  const from = `docker-archive:${path.resolve(source.path)}${named}`;
  const origin = parseManifest(
    await inspectRaw({ skopeo, environment, source: from, signal: options.signal }),
  );
  if (origin.kind !== 'manifest')
    throw new OciSaveError({ code: 'unsupported', message: `${wanted.ref} holds an index` });

  const folder = path.join(options.store.runFolder, `archive-${randomUUID().slice(0, 8)}`);
  await mkdir(path.join(folder, POOL), { recursive: true });
  try {
    const result = await copyWithSkopeo({
      skopeo,
      environment,
      folder,
      source: from,
      preserveDigests: false,
      signal: options.signal,
    });
    if (result.exitCode !== 0) throw skopeoFailure(wanted.ref, result);
    const layout = await openLayout(path.join(folder, LAYOUT));
    const { digest } = layout.find(undefined);
    const bytes = await readFile(path.join(poolOf(folder), digest.slice('sha256:'.length)));
    const manifest = parseManifest(bytes);
    if (manifest.kind !== 'manifest')
      throw new OciSaveError({ code: 'unsupported', message: `skopeo wrote an index for ${wanted.ref}` });
    await options.store.put(bytes);
    for (const blob of blobsOf(manifest)) {
      await options.store.adopt(path.join(poolOf(folder), blob.digest.slice('sha256:'.length)), blob);
    }
    const tree = await readTree(digest, bytes, wanted.platforms, {
      manifest: () =>
        Promise.reject(
          new OciSaveError({ code: 'local', message: `${shortDigest(digest)} has no children` }),
        ),
      configPlatform: async () => undefined,
      note: () => {},
    });
    return await describe({
      wanted,
      tree,
      converted: new Map(),
      notes: [`converted from a docker archive by skopeo ${skopeo.version}`],
      options,
      origin: {
        converted: {},
        ...(isDigest(origin.config.digest) ? { imageId: origin.config.digest } : {}),
        diffIds: origin.layers.map((layer) => layer.digest),
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
