import pLimit from 'p-limit';
import { z } from 'zod';
import { digestOf, isDigest } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { ACCEPTED_MANIFESTS } from '../../src/oci/media-type.ts';
import { call } from './http.ts';

const AT_ONCE = pLimit(8);

const catalogSchema = z.object({ repositories: z.array(z.string()).nullish() });
const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });

/** Every tag of a registry below a prefix, as `repository:tag`, with the digest of the bytes that it serves. */
export async function tagsOf(url: string, prefix = ''): Promise<Map<string, string>> {
  const tags = await AT_ONCE.map(await listedTags(url, prefix), async (name) => {
    const { status, body } = await manifest(url, ...splitName(name));
    return status === 404 ? [] : [[name, digestOf(body)] as const];
  });
  return new Map(tags.flat());
}

/**
 * The tags that a registry lists below a prefix. docker-registry makes a tag's folder before the link in it: one
 * that ended in between lists a tag that it answers 404 for.
 */
async function listedTags(url: string, prefix: string): Promise<string[]> {
  const json = async (path: string): Promise<unknown> => {
    const { status, body } = await call(new URL(path, url));
    return status === 200 ? JSON.parse(body.toString()) : {};
  };
  const repositories = catalogSchema.parse(await json('/v2/_catalog?n=1000')).repositories ?? [];
  const names = await AT_ONCE.map(
    repositories.filter((repository) => repository.startsWith(prefix)),
    async (repository) =>
      (tagsSchema.parse(await json(`/v2/${repository}/tags/list`)).tags ?? []).map(
        (tag) => `${repository}:${tag}`,
      ),
  );
  return names.flat();
}

function splitName(name: string): [repository: string, tag: string] {
  const colon = name.lastIndexOf(':');
  return [name.slice(0, colon), name.slice(colon + 1)];
}

/**
 * What cannot be pulled below the tags of a registry, down to the last byte of each blob: nothing, where every tag is
 * whole. What HEAD says is not asked: it may come from a cache.
 */
export async function brokenTags(url: string, prefix = ''): Promise<string[]> {
  const broken = await AT_ONCE.map(await listedTags(url, prefix), (name) => brokenBelow(url, name));
  return broken.flat();
}

async function brokenBelow(url: string, name: string): Promise<string[]> {
  const broken: string[] = [];
  const [repository, tag] = splitName(name);
  const walk = async (reference: string): Promise<void> => {
    const { status, body } = await manifest(url, repository, reference);
    if (status !== 200 || (isDigest(reference) && digestOf(body) !== reference)) {
      broken.push(`${name}: ${reference} is ${status}`);
      return;
    }
    const parsed = parseManifest(body);
    for (const child of parsed.kind === 'index' ? parsed.manifests : []) await walk(child.digest);
    for (const { digest, size } of parsed.kind === 'manifest' ? [parsed.config, ...parsed.layers] : []) {
      const bytes = await blobAt(new URL(`/v2/${repository}/blobs/${digest}`, url));
      if (bytes?.length !== size || digestOf(bytes) !== digest) broken.push(`${name}: ${digest}`);
    }
  };
  await walk(tag);
  return broken;
}

/** Undefined where it is absent, or breaks off. */
async function blobAt(url: URL): Promise<Buffer | undefined> {
  try {
    const { status, body } = await call(url);
    return status === 200 ? body : undefined;
  } catch {
    return undefined;
  }
}

function manifest(url: string, repository: string, reference: string): ReturnType<typeof call> {
  return call(new URL(`/v2/${repository}/manifests/${reference}`, url), {
    headers: { accept: ACCEPTED_MANIFESTS.join(', ') },
  });
}
