import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { digestOf } from '../../src/oci/digest.ts';
import { outputOf } from './program.ts';
import { toolPath } from './tools.ts';

const entrySchema = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const indexSchema = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal('application/vnd.oci.image.index.v1+json'),
  manifests: z.array(entrySchema),
});

export interface LayoutEntry {
  /** `org.opencontainers.image.ref.name`; undefined for an untagged one. */
  readonly name: string | undefined;
  readonly mediaType: string;
  /** The hash of the bytes that are there, whatever the index says. */
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a layout's index.json lists, with the digest of the bytes in its blobs. Throws where they disagree. */
export async function layoutEntries(folder: string): Promise<LayoutEntry[]> {
  const { manifests } = indexSchema.parse(
    JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8')),
  );
  return Promise.all(
    manifests.map(async ({ mediaType, digest, size, annotations = {} }) => {
      const bytes = await readFile(path.join(folder, 'blobs', ...digest.split(':')));
      if (digestOf(bytes) !== digest || bytes.length !== size)
        throw new Error(`${folder}: ${digest} is not there`);
      return { name: annotations['org.opencontainers.image.ref.name'], mediaType, digest, annotations };
    }),
  );
}

/** The digests of a layout by name; untagged entries are left out. */
export async function namedDigests(folder: string): Promise<Map<string, string>> {
  const entries = await layoutEntries(folder);
  return new Map(
    entries.flatMap(({ name, digest }) => (name === undefined ? [] : [[name, digest] as const])),
  );
}

/** What a registry serves under `host/name:tag`, or `@digest`, over plain HTTP: hashed here. */
export async function servedDigest(reference: string): Promise<string> {
  const args = ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`];
  return digestOf(Buffer.from(await outputOf(toolPath('skopeo'), args)));
}
