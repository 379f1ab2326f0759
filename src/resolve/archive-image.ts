import { type FileHandle, mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { type ManifestBytes, openLayout } from '../image/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { openRegularFile, readBounded } from '../files/index.ts';
import type { Source } from '../list/index.ts';
import { parseConfig } from '../oci/config.ts';
import { type Digest, hexOf, shortDigest } from '../oci/digest.ts';
import { blobsOf, type ImageManifest, MAX_MANIFEST_BYTES, parseImageManifest } from '../oci/manifest.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { copyWithSkopeo, inspectRaw, LAYOUT, POOL, poolOf, type SkopeoTools } from '../skopeo/index.ts';
import { archiveFailure } from './archive-failure.ts';
import { describe, type ResolvedImage } from './describe.ts';
import type { ResolveOptions } from './resolve-image.ts';
import { readTree } from './tree.ts';
import type { WantedImage } from './wanted.ts';

/** The archive's name in the folder where skopeo works: a `:` in the user's own path would mean a reference. */
const ARCHIVE = 'archive.tar';

/**
 * Takes an image out of a docker archive. Its layers have no digest as a registry would serve them, so skopeo
 * converts it to OCI; the lock keeps the image ID and the uncompressed layers' digests. All of its blobs are in
 * the store afterwards. Throws as `archiveFailure` words it, and `not-found` for another platform than was wanted.
 */
export async function resolveArchive(
  wanted: WantedImage,
  source: Extract<Source, { transport: 'docker-archive' }>,
  tools: SkopeoTools,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const folder = path.join(options.store.runFolder, `archive-${randomUUID()}`);
  await mkdir(path.join(folder, POOL), { recursive: true });
  // Held open: a pipe is not waited for, and skopeo reads the very file whose folder was checked.
  const opened = await openRegularFile(source.path, source.folders).catch((cause: unknown) => {
    throw unreadable(source.path, cause);
  });
  try {
    await symlink(placeOf(source.path, opened), path.join(folder, ARCHIVE));
    const { origin, served } = await convertArchive(wanted.ref, source.reference, folder, tools, options);
    for (const blob of blobsOf(served.manifest))
      await options.store.adopt(convertedFile(folder, blob.digest), blob, undefined);
    const platforms = { choice: wanted.platforms, onMissing: options.onMissingPlatform };
    const tree = await readTree(served, platforms, {
      // An image without an index has no children.
      manifest: async () => served,
      embedded: async () => {},
      configPlatform: async (manifest) =>
        parseConfig(await readConverted(folder, manifest.config.digest), manifest).platform,
      note: () => {},
    });
    return await describe({
      wanted,
      content: undefined,
      tree,
      converted: new Map(),
      notes: [`converted from a docker archive by skopeo ${tools.skopeo.version}`],
      options,
      origin: {
        converted: {},
        imageId: origin.config.digest,
        diffIds: origin.layers.map((layer) => layer.digest),
      },
    });
  } finally {
    await opened.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function unreadable(file: string, cause: unknown): unknown {
  const code = systemCodeOf(cause);
  if (code === undefined) return cause;
  const gone = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
  return new OciSaveError({ code: 'local', message: `the archive ${file} ${gone}`, cause });
}

/** Where skopeo finds the archive: on Linux the open file itself (proc(5)), which no link can change any more. */
function placeOf(file: string, opened: FileHandle): string {
  if (process.platform !== 'linux') return path.resolve(file);
  return `/proc/${process.pid}/fd/${opened.fd}`;
}

/** Where skopeo puts a blob of the converted image. */
function convertedFile(folder: string, digest: Digest): string {
  return path.join(poolOf(folder), hexOf(digest));
}

async function readConverted(folder: string, digest: Digest): Promise<Uint8Array> {
  const bytes = await readBounded(convertedFile(folder, digest), MAX_MANIFEST_BYTES);
  if (bytes !== undefined) return bytes;
  throw new OciSaveError({
    code: 'local',
    message: `skopeo has not written ${shortDigest(digest)}, which it names`,
  });
}

/** Converts in `folder`. `origin` is the image as the archive has it. */
async function convertArchive(
  ref: string,
  reference: Reference | undefined,
  folder: string,
  { skopeo, environment }: SkopeoTools,
  { signal }: ResolveOptions,
): Promise<{ origin: ImageManifest; served: ManifestBytes & { readonly manifest: ImageManifest } }> {
  const inside = reference === undefined ? '' : `:${formatReference(reference)}`;
  const source = `docker-archive:${ARCHIVE}${inside}`;
  const call = { skopeo, environment, folder, source, signal };
  const inspected = await inspectRaw(call);
  if (inspected.exitCode !== 0) throw archiveFailure(ref, inspected);
  const origin = parseImageManifest(new TextEncoder().encode(inspected.stdout));
  const result = await copyWithSkopeo({ ...call, preserveDigests: false });
  if (result.exitCode !== 0) throw archiveFailure(ref, result);
  const { digest } = (await openLayout(path.join(folder, LAYOUT))).find(undefined);
  const bytes = await readConverted(folder, digest);
  const manifest = parseImageManifest(bytes);
  return { origin, served: { digest, bytes, manifest } };
}
