import { parseManifest } from '../../../src/oci/manifest.ts';
import type { PushContents } from './contents.ts';
import { failed, type Reply } from './reply.ts';
import type { PushSwitches, QuotaWords } from './switches.ts';

export const projectOf = (repository: string): string => repository.split('/')[0] ?? '';

/** Harbor's words of a number of bytes. */
const shown = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`);

const REFUSALS: Record<QuotaWords, (more: number, used: number, most: number) => Reply> = {
  harbor: (more, used, most) =>
    failed(
      403,
      'DENIED',
      `adding ${shown(more)} of storage resource, which when updated to current usage of ${shown(used)} will exceed the configured upper limit of ${shown(most)}.`,
    ),
  quay: () => failed(403, 'DENIED', 'Quota has been exceeded on namespace'),
  // scala/scala-dev#732
  artifactory: () => ({
    status: 413,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      errors: [
        {
          status: 413,
          message:
            'Datastore disk usage is too high. Contact your Artifactory administrator to add additional storage space or change the disk quota limits.',
        },
      ],
    }),
  }),
  'full disk': () => ({ status: 507 }),
};

/** The refusal of what a project has no room for; undefined where it has. */
export function overQuota(
  contents: PushContents,
  { quota }: PushSwitches,
  repository: string,
  added: { readonly digest: string; readonly size: number } | undefined,
): Reply | undefined {
  const project = projectOf(repository);
  const most = quota?.bytes[project];
  if (quota === undefined || most === undefined) return undefined;
  const held = new Map<string, number>();
  for (const [name, { blobs, manifests }] of contents.repositories) {
    if (projectOf(name) !== project) continue;
    for (const [digest, { length }] of blobs) held.set(digest, length);
    for (const [digest, { bytes }] of manifests) held.set(digest, bytes.length);
  }
  const used = [...held.values()].reduce((sum, size) => sum + size, 0);
  const more = added === undefined || held.has(added.digest) ? 0 : added.size;
  return used + more > most ? REFUSALS[quota.words](more, used, most) : undefined;
}

/** Forgets the manifests of an index that no tag names. */
export function collectChildren(contents: PushContents, repository: string, bytes: Uint8Array): void {
  const { manifests, tags } = contents.at(repository);
  const manifest = parseManifest(bytes);
  const tagged = new Set(tags.values());
  if (manifest.kind !== 'index') return;
  for (const { digest } of manifest.manifests) if (!tagged.has(digest)) manifests.delete(digest);
}
