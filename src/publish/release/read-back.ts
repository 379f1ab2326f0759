import { OciSaveError } from '../../errors.ts';
import type { ReleasePlan } from './plan.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service.ts';
import { isWhole } from './upload.ts';

/** Nothing is taken on trust: the release's own list, which is returned, has to have every file, whole. */
export async function readBack(
  release: Release,
  { steps }: ReleasePlan,
  { service, tag }: SendOptions,
): Promise<Asset[]> {
  const there = await service.assets(release);
  const present = new Map(there.map((asset) => [asset.name, asset]));
  const wrong: string[] = [];
  for (const { file, ...step } of steps) {
    if (step.action === 'none' && step.status === 'kept') continue;
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
