import { OciSaveError } from '../errors.ts';
import type { ReleasePlan } from './plan.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service/service.ts';
import { isWhole } from './service/upload.ts';
import { hint, option } from '../text/hint.ts';

/** Checks that the release's own list, which is returned, has every file, whole. */
export async function readBack(
  release: Release,
  { steps }: ReleasePlan,
  { service, tag }: SendOptions,
): Promise<Asset[]> {
  const there = await service.assets(release);
  const present = new Map(there.map((asset) => [asset.name, asset]));
  const wrong: string[] = [];
  for (const { file, ...step } of steps) {
    // What was left as it was is not what was sent.
    if (step.action === 'none' && (step.status === 'kept' || file.record)) continue;
    const asset = present.get(file.name);
    if (asset === undefined || !(await isWhole(file, asset, service))) wrong.push(file.name);
  }
  if (wrong.length === 0) return there;
  throw new OciSaveError({
    code: 'digest',
    message: `release ${tag} does not hold what was sent: ${wrong.join(', ')}`,
    hint: 'A draft stays one. Run it again: what is whole is not sent again.',
  });
}

/**
 * Checks that a release still has the files that it was published with, and returns its own list.
 *
 * @param there as `readBack` gave it
 * @throws OciSaveError `unsupported` where somebody removed one, or put other bytes in its place
 */
export async function readAgain(
  release: Release,
  there: readonly Asset[],
  { service, tag, files }: SendOptions,
): Promise<Asset[]> {
  const listed = await service.assets(release);
  const now = new Map(listed.map((asset) => [asset.name, asset]));
  const content = new Set(files.filter(({ record }) => !record).map(({ name }) => name));
  const lost = there.filter((asset) => content.has(asset.name) && !isKept(asset, now.get(asset.name)));
  if (lost.length === 0) return listed;
  throw new OciSaveError({
    code: 'unsupported',
    message: `release ${tag} was published, and another run replaced what was sent: ${lost.map(({ name }) => name).join(', ')}`,
    hint: hint`Give the archive of each job a name of its own (${option('archiveName')}), and let one run end before the next begins.`,
  });
}

/** Whether an asset is the one that was there, or another one that the service says to have the same bytes. */
function isKept({ id, size, digest }: Asset, now: Asset | undefined): boolean {
  if (now === undefined || now.id === id) return now !== undefined;
  return digest !== null && now.digest === digest && now.size === size;
}
