import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone, whyForeign } from '../files/index.ts';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import type { Foreign } from './foreign.ts';
import { unfinishedOf } from './unfinished.ts';

/**
 * What stands at the name of a file that a run writes whole, and where it is being written, and is not of an earlier run. A
 * file that a run at work is writing is passed over.
 */
export async function foreignAt(file: string, kind: OwnFileKind): Promise<Foreign[]> {
  const [folder, name] = [path.dirname(file), path.basename(file)];
  const names = ((await unlessGone(readdir(folder))) ?? []).filter((other) => {
    const unfinished = unfinishedOf(other);
    return other === name || (unfinished?.file === name && !unfinished.isAtWork);
  });
  const foreign: Foreign[] = [];
  for (const place of names.toSorted().map((other) => path.join(folder, other))) {
    const what = await whyForeign(place, kind);
    if (what !== undefined) foreign.push({ place, what });
  }
  return foreign;
}
