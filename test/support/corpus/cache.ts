import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemCodeOf } from '../../../src/errors.ts';
import { type Digest, digestOf, digestSchema, hexOf } from '../../../src/oci/digest.ts';
import type { Image } from '../image.ts';
import { type BuiltImage, buildCorpus } from './build.ts';
import { type Application, APPLICATIONS, BASE, LEFT_OUT } from './recipe.ts';

const FOLDER = join(import.meta.dirname, '../../../node_modules/.cache/oci-save-corpus');

const descriptionSchema = z.strictObject({
  images: z.array(
    z.strictObject({
      name: z.string(),
      top: digestSchema,
      manifests: z.array(z.strictObject({ digest: digestSchema, mediaType: z.string() })),
      blobs: z.array(digestSchema),
    }),
  ),
});

/** Another recipe is another corpus. */
function recipeKey(): string {
  const recipe = JSON.stringify([4, APPLICATIONS, BASE, [...LEFT_OUT]]);
  return createHash('sha256').update(recipe).digest('hex').slice(0, 12);
}

/** The corpus from the cache; built first where it is not there, or where a byte of it has changed. */
export async function cachedCorpus(): Promise<BuiltImage[]> {
  const folder = join(FOLDER, recipeKey());
  const cached = await readCorpus(folder);
  if (cached) return cached;
  await mkdir(FOLDER, { recursive: true });
  const work = await mkdtemp(join(FOLDER, 'work-'));
  try {
    const built = await buildCorpus(work);
    const whole = join(work, 'whole');
    await writeCorpus(whole, built);
    await rm(folder, { recursive: true, force: true });
    await rename(whole, folder).catch((error: unknown) => {
      // Another test run built the same meanwhile.
      if (systemCodeOf(error) !== 'ENOTEMPTY' && systemCodeOf(error) !== 'EEXIST') throw error;
    });
    return built;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function writeCorpus(folder: string, built: readonly BuiltImage[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const images = built.map(({ application: { name }, image }) => ({
    name,
    top: image.top,
    manifests: [...image.manifests].map(([digest, { mediaType }]) => ({ digest, mediaType })),
    blobs: [...image.blobs.keys()],
  }));
  for (const { image } of built) {
    for (const [digest, { bytes }] of image.manifests) await writeFile(join(folder, hexOf(digest)), bytes);
    for (const [digest, bytes] of image.blobs) await writeFile(join(folder, hexOf(digest)), bytes);
  }
  await writeFile(join(folder, 'corpus.json'), JSON.stringify({ images }, undefined, 1));
}

/** Undefined where the cache is absent or damaged. */
async function readCorpus(folder: string): Promise<BuiltImage[] | undefined> {
  const applications = new Map(APPLICATIONS.map((application) => [application.name, application]));
  const read = blobReader(folder);
  try {
    const { images } = descriptionSchema.parse(
      JSON.parse(await readFile(join(folder, 'corpus.json'), 'utf8')),
    );
    return await Promise.all(
      images.map(async ({ name, top, manifests, blobs }) => {
        const image: Image = {
          top,
          manifests: new Map(
            await Promise.all(
              manifests.map(
                async ({ digest, mediaType }) => [digest, { mediaType, bytes: await read(digest) }] as const,
              ),
            ),
          ),
          blobs: new Map(
            await Promise.all(blobs.map(async (digest) => [digest, await read(digest)] as const)),
          ),
        };
        return { application: known(applications.get(name)), image };
      }),
    );
  } catch {
    return undefined;
  }
}

function known(application: Application | undefined): Application {
  if (!application) throw new Error('an application that the recipe does not have');
  return application;
}

/** Reads each blob once, whatever number of images share it, and checks it. */
function blobReader(folder: string): (digest: Digest) => Promise<Uint8Array> {
  const all = new Map<Digest, Promise<Uint8Array>>();
  const load = async (digest: Digest): Promise<Uint8Array> => {
    const bytes = await readFile(join(folder, hexOf(digest)));
    if (digestOf(bytes) !== digest) throw new Error(`${digest} is damaged`);
    return bytes;
  };
  return (digest) => {
    const reading = all.get(digest) ?? load(digest);
    all.set(digest, reading);
    return reading;
  };
}
