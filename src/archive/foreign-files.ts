import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type Foreign, unfinishedOf } from '../bundle/index.ts';
import { unlessGone, whyForeign } from '../files/index.ts';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import {
  type ArchiveName,
  isPieceName,
  joinScriptName,
  partName,
  partsListName,
  sumsName,
  wholeName,
} from './archive-name.ts';
import { knownParts, type KnownParts } from './known-parts.ts';
import {
  JOIN_SCRIPT_FILE_KIND,
  laterPartKind,
  PARTS_LIST_FILE_KIND,
  sumsKind,
  TAR_FILE_KIND,
} from './file-kinds.ts';

/**
 * What stands at the names of an archive, of its parts and of what is written beside them, and was not written by an
 * earlier run, in the order of names. Files that were being written when a run was killed are looked at, too; those of a run at work are
 * not.
 */
export async function foreignArchiveFiles(folder: string, name: ArchiveName): Promise<Foreign[]> {
  const files = ((await unlessGone(readdir(folder))) ?? []).toSorted();
  const parts = await knownParts(folder, name, files);
  const foreign: Foreign[] = [];
  for (const file of files) {
    const kind = kindOfName(file, name, parts);
    const what = kind && (await whyForeign(path.join(folder, file), kind));
    if (what !== undefined) foreign.push({ place: path.join(folder, file), what });
  }
  return foreign;
}

/** Undefined where no run of this archive writes or removes a file of that name. */
function kindOfName(file: string, name: ArchiveName, parts: KnownParts): OwnFileKind | undefined {
  const unfinished = unfinishedOf(file);
  const whole = unfinished === undefined ? file : unfinished.file;
  if (unfinished?.isAtWork === true) return undefined;
  if (whole === sumsName(name)) return sumsKind(name);
  if (whole === partsListName(name)) return PARTS_LIST_FILE_KIND;
  if (whole === joinScriptName(name)) return JOIN_SCRIPT_FILE_KIND;
  if (!isPieceName(name, whole)) return undefined;
  if (whole === wholeName(name) || whole === partName(name, 1)) return TAR_FILE_KIND;
  return laterPartKind(parts.has(whole, unfinished?.pid));
}
