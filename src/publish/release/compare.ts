import {
  isPieceName,
  MAX_SIDECAR_BYTES,
  parsePartsList,
  partsListName,
  sumsIn,
  sumsName,
} from '../../archive/index.ts';
import { type ReleasePlan, planRelease } from './plan.ts';
import { readAsset } from './read-asset.ts';
import type { SendOptions } from './send-options.ts';
import type { Asset, Release } from './service.ts';
import { withDigest } from './upload.ts';

/** Compares what a release has with what it shall have. */
export async function comparePlan(
  release: Release | undefined,
  options: SendOptions,
): Promise<{ present: readonly Asset[]; plan: ReleasePlan }> {
  const { service, files, archive, policy, emit } = options;
  const listed = release === undefined ? [] : await service.assets(release);
  const sizes = new Map(files.map(({ name, size }) => [name, size]));
  const present: Asset[] = [];
  // Only what could be the wanted file is worth reading.
  for (const asset of listed)
    present.push(sizes.get(asset.name) === asset.size ? await withDigest(asset, service) : asset);
  const earlier = await earlierPieces(present, options);
  const plan = planRelease({ files, present, earlier, draft: release?.draft ?? true, policy });
  const strange = present.filter(
    ({ name }) => isPieceName(archive, name) && !earlier.has(name) && !sizes.has(name),
  );
  for (const { name } of strange) {
    const message = `the release has ${name}, which is no file of this archive; it is left as it is`;
    emit({ type: 'log', level: 'warning', message });
  }
  return { present, plan };
}

/** What the list and the sums in a release name as ours. */
async function earlierPieces(
  present: readonly Asset[],
  { archive, service, files }: SendOptions,
): Promise<Set<string>> {
  const textOf = async (name: string): Promise<string> => {
    const asset = present.find((one) => one.name === name);
    return (await readAsset(asset, service, MAX_SIDECAR_BYTES))?.toString('utf8') ?? '';
  };
  const wanted = new Set(files.map(({ name }) => name));
  // Most releases are new, or as they were: then nothing of this is read.
  if (!present.some(({ name }) => isPieceName(archive, name) && !wanted.has(name))) return new Set();
  const list = parsePartsList(await textOf(partsListName(archive)));
  const sums = sumsIn(await textOf(sumsName(archive))).keys();
  const names = [...(list?.parts.map(({ name }) => name) ?? []), ...sums];
  return new Set(names.filter((name) => isPieceName(archive, name)));
}
