import {
  type ArchiveName,
  isPieceName,
  joinScriptNames,
  MAX_SIDECAR_BYTES,
  partsListName,
  sumsName,
  wholeName,
} from '../archive/index.ts';
import { sumsIn } from '../bundle/index.ts';
import { claimedBase, claimName } from './draft/claim.ts';
import { lockName, pageName } from './release-files.ts';
import { readAsset } from './service/read-asset.ts';
import type { Asset, ReleaseService } from './service/service.ts';
import { withDigest } from './service/upload.ts';

/**
 * Why the archive that a release has is not whole, one line per file; empty where it is. Its own sums, which are sent when
 * all the rest is there, name every file and its bytes.
 * @throws OciSaveError what the service refused
 */
export async function findLacking(
  present: readonly Asset[],
  archive: ArchiveName,
  service: Pick<ReleaseService, 'read'>,
): Promise<string[]> {
  const uploaded = new Map(
    present.filter(({ state }) => state === 'uploaded').map((asset) => [asset.name, asset]),
  );
  const text = await readAsset(uploaded.get(sumsName(archive)), service, MAX_SIDECAR_BYTES);
  const named = [...sumsIn(text?.toString('utf8') ?? '')];
  const sums = named.filter(([name]) => isPieceName(archive, name));
  const pieces = sums.length === 0 ? [wholeName(archive)] : sums.map(([name]) => name);
  // Earlier versions wrote no script for PowerShell, and the parts are whole without it.
  const ofParts = pieces.length > 1 ? [partsListName(archive), joinScriptNames(archive).shell] : [];
  const wanted = [...pieces, ...ofParts, lockName(archive), pageName(archive), sumsName(archive)];
  const lacking = wanted.filter((name) => !uploaded.has(name)).map((name) => `${name} is missing`);
  for (const [name, digest] of sums) {
    const piece = uploaded.get(name);
    if (piece === undefined) continue;
    if ((await withDigest(piece, service)).digest !== digest) lacking.push(`${name} is of another archive`);
  }
  return lacking;
}

/**
 * Other archives in a release, as `N.tar`, that a job claims, or that have pieces and no sums: the sums are sent last, so
 * another run is sending it, or was interrupted. Pure.
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
