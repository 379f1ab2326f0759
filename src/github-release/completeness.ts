import { z } from 'zod';
import {
  type ArchiveName,
  isPieceName,
  joinScriptName,
  MAX_SIDECAR_BYTES,
  partsListName,
  sumsIn,
  sumsName,
  wholeName,
} from '../archive/index.ts';
import { jsonIn } from '../text/json-in.ts';
import { claimedBase, claimName } from './draft/claim.ts';
import { lockName, pageName, recordName } from './release-files.ts';
import { readAsset } from './service/read-asset.ts';
import type { Asset, ReleaseService } from './service/service.ts';
import { withDigest } from './service/upload.ts';

type Service = Pick<ReleaseService, 'read'>;

/**
 * What the archive that a release has lacks to be whole, in words. Its own sums tell, which are sent when all the rest is
 * there: nothing is lacking where every file has the bytes that they name.
 * @throws OciSaveError what the service refused
 */
export async function lackingIn(
  present: readonly Asset[],
  archive: ArchiveName,
  service: Service,
): Promise<string[]> {
  const uploaded = new Map(
    present.filter(({ state }) => state === 'uploaded').map((asset) => [asset.name, asset]),
  );
  const text = await readAsset(uploaded.get(sumsName(archive)), service, MAX_SIDECAR_BYTES);
  const named = [...sumsIn(text?.toString('utf8') ?? '')];
  const sums = named.filter(([name]) => isPieceName(archive, name));
  const pieces = sums.length === 0 ? [wholeName(archive)] : sums.map(([name]) => name);
  const ofParts = pieces.length > 1 ? [partsListName(archive), joinScriptName(archive)] : [];
  const wanted = [...pieces, ...ofParts, lockName(archive), pageName(archive), sumsName(archive)];
  const lacking = wanted.filter((name) => !uploaded.has(name)).map((name) => `${name} is missing`);
  for (const [name, digest] of sums) {
    const piece = uploaded.get(name);
    if (piece === undefined) continue;
    if ((await withDigest(piece, service)).digest !== digest) lacking.push(`${name} is of another archive`);
  }
  return lacking;
}

/** Whether the run that made the archive of a release had to leave images out. */
export async function lacksImages(
  present: readonly Asset[],
  archive: ArchiveName,
  service: Service,
): Promise<boolean> {
  const record = present.find(({ name }) => name === recordName(archive));
  const { failed = [] } = failedSchema.safeParse(jsonIn(await readAsset(record, service))).data ?? {};
  return failed.length > 0;
}

const failedSchema = z.object({ failed: z.array(z.unknown()) });

/**
 * Other archives in a release, as `N.tar`, that a job claims, or of which there are pieces and no sums: these come last,
 * so another run is sending it, or broke off. Pure.
 */
export function unfinishedBeside(present: readonly Asset[], own: ArchiveName): string[] {
  const names = new Set(present.map(({ name }) => name));
  const others = present.flatMap(({ name }): ArchiveName[] => {
    const base = claimedBase(name) ?? /^(.+)\.tar(?:\.\d{3})?$/.exec(name)?.[1];
    return base === undefined || base === own.base ? [] : [{ base, suffix: 'tar' }];
  });
  const isUnfinished = (other: ArchiveName): boolean =>
    names.has(claimName(other)) || !names.has(sumsName(other));
  return [...new Set(others.filter(isUnfinished).map(wholeName))];
}
