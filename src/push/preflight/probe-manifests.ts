import { randomBytes } from 'node:crypto';
import { OciSaveError } from '../../errors.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { narrowIndex } from '../../oci/rewrite.ts';
import { isTemporary, refusalOf } from '../../registry/index.ts';
import { manifestBytes, manifestOf, type PushContext, putManifest } from '../context.ts';
import type { PushName } from '../plan.ts';
import { dockerRefused, type Issue } from './refusals.ts';

/*
 * No request asks a registry what it accepts. So a manifest is put whose blobs are not there yet, by its digest and without
 * a tag. Measured:
 *
 * - zot 2.1.20 looks at the type first: 415 for Docker's types without `compat`, 400 with it, since the blobs are absent.
 * - docker-registry 2.8.2 and distribution 3.1.2 refuse absent blobs and children by 400 MANIFEST_BLOB_UNKNOWN, of
 *   images and of indexes. distribution 3 may be configured to accept some or all absent children (validation.manifests.
 *   indexes).
 * - crane's registry refuses an index with absent children, and takes an image without blobs by 201, and keeps it.
 *
 * So what is put is what the push would bring anyway: only registries that keep everything keep it, under its own digest
 * and without a name. One exception: only an index whose children are all absent shows whether those are accepted. Where
 * it is accepted it is deleted again, so no other push may use it: an index of the real children may be there under another
 * tag, narrowed to them by another push. So its children are invented.
 */

/** Names with manifests of Docker's types, where the target does not accept these: one of them is tried. */
export async function findMediaTypeIssues(
  names: readonly PushName[],
  context: PushContext,
): Promise<Issue[]> {
  const docker = names.filter((name) => name.docker.length > 0);
  const [first] = docker;
  const [digest] = first?.docker ?? [];
  if (first === undefined || digest === undefined) return [];
  try {
    await putManifest(context, first.to, digest, digest);
  } catch (error) {
    context.signal?.throwIfAborted();
    if (!(error instanceof OciSaveError)) throw error;
    const { status, codes = [] } = refusalOf(error) ?? {};
    if (status === 415 || codes.includes('UNSUPPORTED')) {
      return [{ error: dockerRefused(first.to.domain, docker, error), names: docker }];
    }
    // Any other refusal of an image without its blobs says nothing about the image with them.
  }
  return [];
}

/** Whether a target accepts the index of an image some of whose children are missing. */
export async function takesSparse(name: PushName, context: PushContext): Promise<boolean> {
  const { client, signal } = context;
  const [original] = name.variants;
  const { to } = name;
  if (await isTaken(putManifest(context, to, original.digest, original.digest), signal)) return true;
  const probe = await probeIndex(original.manifests, context);
  if (probe === undefined) return true;
  const digest = digestOf(probe.bytes);
  if (!(await isTaken(client.putManifest(to, digest, { ...probe, digest }, signal), signal))) return false;
  await client.deleteManifest(to, digest, signal);
  return true;
}

async function isTaken(putting: Promise<void>, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await putting;
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    // What has no room for it does not say whether it would take it: the push will show.
    if (error instanceof OciSaveError && error.code === 'quota') return true;
    if (isJudged(error)) return false;
    throw error;
  }
}

/** Whether a registry has judged a manifest, which may end in a fault of its own. One that was busy has not. */
function isJudged(error: unknown): boolean {
  const status = refusalOf(error)?.status;
  return status === 500 || (status !== undefined && !isTemporary(error));
}

/** The first index of a tree that lacks children, with invented ones instead of those, and no others. */
async function probeIndex(
  manifests: readonly Digest[],
  context: PushContext,
): Promise<{ bytes: Uint8Array; mediaType: string } | undefined> {
  const held = new Set(manifests);
  for (const digest of manifests) {
    const { manifest } = manifestOf(context.content, digest);
    if (manifest.kind !== 'index') continue;
    const absent = manifest.manifests.filter((child) => !held.has(child.digest));
    if (absent.length === 0) continue;
    const keep = new Map(
      absent.map((child) => [child.digest, { digest: digestOf(randomBytes(32)), size: child.size }] as const),
    );
    const bytes = narrowIndex(await manifestBytes(context, digest), keep);
    return { bytes, mediaType: manifest.mediaType };
  }
  return undefined;
}
