import { isRefusal } from './answer.ts';
import type { LayoutIndex } from './layout-index.ts';
import { readManifest } from './manifest.ts';

interface SizedReference {
  readonly digest?: string | null | undefined;
  readonly size?: number | null | undefined;
}

/**
 * The size that a repository's descriptors give for a blob: the first one found in index.json, in the manifests
 * that it lists, and in those below its indexes. Undefined where none names the blob. zot calls a blob of another
 * size missing (pkg/storage/imagestore, CheckBlob).
 */
export async function describedSize(
  root: string,
  repository: string,
  index: LayoutIndex,
  digest: string,
): Promise<number | undefined> {
  const seen = new Set<string>();
  const pending: SizedReference[] = [...index.entries];
  for (let next = pending.shift(); next; next = pending.shift()) {
    if (next.digest === digest) return next.size ?? 0;
    if (!next.digest || seen.has(next.digest)) continue;
    seen.add(next.digest);
    const manifest = await readManifest(root, repository, next.digest);
    // What is absent or damaged describes nothing; its own request says so.
    if (!manifest || isRefusal(manifest)) continue;
    const { config, layers, manifests } = manifest.fields;
    const blob = [...(config ? [config] : []), ...(layers ?? [])].find((blob) => blob.digest === digest);
    if (blob) return blob.size ?? 0;
    pending.push(...(manifests ?? []));
  }
  return undefined;
}
