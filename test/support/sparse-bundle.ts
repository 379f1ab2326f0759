import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildLock, encodeLock } from '../../src/lock/index.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { jsonBytes } from './image.ts';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A bundle of the view `oci` with one layer of so many zeros, which take no room on the disk. */
export async function writeSparseBundle(folder: string, layerBytes: number): Promise<void> {
  const blobs = path.join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const { layer, config, manifest } = imageOfZeros(layerBytes);
  const handle = await open(path.join(blobs, hexOf(layer)), 'wx');
  await handle.truncate(layerBytes);
  await handle.close();
  for (const bytes of [config, manifest]) await writeFile(path.join(blobs, hexOf(digestOf(bytes))), bytes);
  const digest = digestOf(manifest);
  const leaf = {
    digest,
    mediaType: MANIFEST,
    platform: 'linux/amd64',
    config: digestOf(config),
    layers: [layer],
  };
  const image = {
    ref: 'registry.example/large:1',
    names: ['registry.example/large:1'],
    source: 'docker' as const,
    digest,
    mediaType: MANIFEST,
    root: digest,
    rootMediaType: MANIFEST,
    platforms: ['linux/amd64'],
    leaves: [leaf],
    referrers: [],
  };
  const sizes = new Map<Digest, number>([
    [layer, layerBytes],
    [digest, manifest.length],
    [digestOf(config), config.length],
  ]);
  await writeFile(`${folder}.lock.json`, encodeLock(buildLock([{ image, sizes, origins: [] }])));
  await writeFile(path.join(folder, 'index.json'), '{}');
}

/** An image whose one layer is so many zeros, which are also a tar without an entry. */
export function imageOfZeros(layerBytes: number): {
  readonly layer: Digest;
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
} {
  const layer = zerosDigest(layerBytes);
  const config = jsonBytes({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [layer] },
  });
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.length,
    },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer, size: layerBytes }],
  });
  return { layer, config, manifest };
}

function zerosDigest(bytes: number): Digest {
  const zeros = Buffer.alloc(16 * 1024 * 1024);
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= zeros.length)
    hash.update(left < zeros.length ? zeros.subarray(0, left) : zeros);
  return `sha256:${hash.digest('hex')}`;
}
