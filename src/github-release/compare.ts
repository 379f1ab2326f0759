import {
  isPieceName,
  MAX_SIDECAR_BYTES,
  namesBesideParts,
  parsePartsList,
  partsListName,
  sumsName,
} from '../archive/index.ts';
import { sumsIn } from '../bundle/index.ts';
import { findLacking } from './completeness.ts';
import { claimantOf, claimName, type Contents } from './draft/claim.ts';
import { isOurs } from './draft/notes.ts';
import { readRecord } from './draft/record.ts';
import { differingFiles, type ReleasePlan, planRelease } from './plan.ts';
import type { SendOptions } from './send-options.ts';
import { readAsset } from './service/read-asset.ts';
import type { Asset, Release } from './service/service.ts';
import { withDigest } from './service/upload.ts';

/** What a release has, and the plan. */
export interface Comparison extends Contents {
  readonly plan: ReleasePlan;
  /** Names of files that look like pieces of the archive and are not. */
  readonly strange: readonly string[];
}

/** Compares what a release has with what it is to have. */
export async function comparePlan(release: Release | undefined, options: SendOptions): Promise<Comparison> {
  const { service, files, archive, policy, writer } = options;
  const listed = release === undefined ? [] : await service.assets(release);
  const sizes = new Map(files.map(({ name, size }) => [name, size]));
  const present: Asset[] = [];
  // Only what could be the wanted file is worth reading.
  for (const asset of listed) {
    present.push(sizes.get(asset.name) === asset.size ? await withDigest(asset, service) : asset);
  }
  const differing = differingFiles(files, present);
  const draft = release?.draft ?? true;
  const ours = draft && (release === undefined || isOurs(release.body));
  const earlier = await earlierFiles(present, ours, options);
  // Outside of a workflow nobody takes over what a killed job claimed.
  const claim = present.find(({ name }) => name === claimName(archive));
  if (writer === undefined && claim !== undefined && (await claimantOf(claim, service)) !== undefined)
    earlier.add(claim.name);

  const lacking = policy === 'keep' && differing.length > 0 ? await whyNotKept(present, ours, options) : [];
  const mayReplace = policy === 'replace' || (policy === 'auto' && draft);
  const renews = mayReplace && differing.length === 0 && (await isOfEarlierRun(present, options));
  const plan = planRelease({ files, present, earlier, draft, ours, policy, lacking, renews });
  const strange = present
    .map(({ name }) => name)
    .filter((name) => isPieceName(archive, name) && !earlier.has(name) && !sizes.has(name));
  return { present, plan, differing, strange };
}

/**
 * Whether a job finds its archive with the record of an earlier run. The record is then sent again, so that another job of
 * this run sees that the archive is in use, and does not replace it.
 */
async function isOfEarlierRun(
  present: readonly Asset[],
  { writer, archive, service }: SendOptions,
): Promise<boolean> {
  if (writer === undefined) return false;
  const { writer: theirs } = await readRecord(present, archive, service);
  return theirs !== undefined && theirs.run !== writer.run;
}

/** Why what is there cannot be kept. */
async function whyNotKept(
  present: readonly Asset[],
  ours: boolean,
  { archive, service }: SendOptions,
): Promise<string[]> {
  const lacking = await findLacking(present, archive, service);
  // That is why this draft was not published.
  if (ours && (await readRecord(present, archive, service)).lacksImages) lacking.push('images are missing');
  return lacking;
}

/**
 * The pieces that the parts list and the sums of a release name, with that list and its scripts; in a draft of ours, where
 * these are sent last, all that have such names.
 */
async function earlierFiles(
  present: readonly Asset[],
  ours: boolean,
  { archive, service, files }: SendOptions,
): Promise<Set<string>> {
  const textOf = async (name: string): Promise<string> => {
    const asset = present.find((one) => one.name === name);
    return (await readAsset(asset, service, MAX_SIDECAR_BYTES))?.toString('utf8') ?? '';
  };
  const wanted = new Set(files.map(({ name }) => name));
  const ofParts = namesBesideParts(archive);
  // Most releases are new, or unchanged: then nothing is read.
  const likely = present
    .map(({ name }) => name)
    .filter((name) => isPieceName(archive, name) || ofParts.includes(name));
  if (ours || likely.every((name) => wanted.has(name))) return new Set(likely);
  const list = parsePartsList(await textOf(partsListName(archive)));
  const sums = sumsIn(await textOf(sumsName(archive))).keys();
  const named = [...(list?.parts.map(({ name }) => name) ?? []), ...sums];
  return new Set([
    ...named.filter((name) => isPieceName(archive, name)),
    ...(list === undefined ? [] : ofParts),
  ]);
}
