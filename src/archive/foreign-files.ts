import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type ForeignItem, sumsIn, unfinishedOf } from '../bundle/index.ts';
import { unlessGone, whyForeign } from '../files/index.ts';
import { jsonIn } from '../text/json-in.ts';
import type { OwnFileKind } from '../text/own-file-kind.ts';
import {
  type ArchiveName,
  isPieceName,
  joinScriptNames,
  partName,
  partsListName,
  sumsName,
  wholeName,
} from './archive-name.ts';
import { readSidecar } from './parts-list.ts';
import { isOurTarStart } from './tar-header.ts';

/** How to recognise the archive, or its first part. */
const TAR_FILE_KIND: OwnFileKind = { noun: 'an archive of oci-save', matches: isOurTarStart };

/** A later part begins anywhere in the archive: only the files beside it identify it. */
function laterPartKind(isKnown: boolean): OwnFileKind {
  return { noun: 'a part that an archive of oci-save beside it has', matches: () => isKnown };
}

const LIST_START = /^\{\n {2}"version": \d+,\n {2}"archive": \{\n {4}"name": "/;
const anyList = z.looseObject({
  version: z.int(),
  archive: z.looseObject({ name: z.string(), digest: z.string() }),
  parts: z.array(z.looseObject({ name: z.string(), digest: z.string() })),
});

/** The parts that a list of any version names; undefined where it is not a list of parts. */
function partsIn(json: Uint8Array | string): string[] | undefined {
  return anyList.safeParse(jsonIn(json)).data?.parts.map(({ name }) => name);
}

const PARTS_LIST_FILE_KIND: OwnFileKind = {
  noun: 'a list of parts of oci-save',
  matches: (bytes, isWhole) =>
    LIST_START.test(bytes.toString('utf8')) || (isWhole && partsIn(bytes) !== undefined),
};

const JOIN_SCRIPT_START = /^(?:#!\/bin\/sh\n# Joins \d+ parts: sh |# Joins \d+ parts: powershell )/;

const JOIN_SCRIPT_FILE_KIND: OwnFileKind = {
  noun: 'a script of oci-save that joins parts',
  matches: (bytes) => JOIN_SCRIPT_START.test(bytes.toString('utf8')),
};

/** Each line of the sums names a file of the archive; the last line may be cut off. */
function sumsKind(name: ArchiveName): OwnFileKind {
  return {
    noun: 'the sums of an archive of oci-save alone',
    matches: (bytes) => {
      const lines = bytes.toString('utf8').split('\n').slice(0, -1);
      const named = lines.map((line) => /^[0-9a-f]{64} [ *](.+)$/.exec(line)?.[1] ?? '');
      return lines.length > 0 && named.every((file) => isPieceName(name, file));
    },
  };
}

/**
 * The files at the names of an archive, of its parts and of its sidecars that no earlier run wrote, in the order of
 * names. Files that a killed run was writing are examined, too; those of a running one are not.
 */
export async function foreignArchiveFiles(folder: string, name: ArchiveName): Promise<ForeignItem[]> {
  const files = ((await unlessGone(readdir(folder))) ?? []).toSorted();
  const isKnown = await knownParts(folder, name, files);
  const foreign: ForeignItem[] = [];
  for (const file of files) {
    const place = path.join(folder, file);
    const kind = kindOfName(file, name, isKnown);
    const what = kind && (await whyForeign(place, kind));
    if (what !== undefined) foreign.push({ place, what });
  }
  return foreign;
}

/** Undefined where no run of this archive writes or removes a file of that name. */
function kindOfName(file: string, name: ArchiveName, isKnown: IsKnownPart): OwnFileKind | undefined {
  const unfinished = unfinishedOf(file);
  const whole = unfinished?.file ?? file;
  if (unfinished?.isAtWork === true) return undefined;
  if (whole === sumsName(name)) return sumsKind(name);
  if (whole === partsListName(name)) return PARTS_LIST_FILE_KIND;
  if (Object.values(joinScriptNames(name)).includes(whole)) return JOIN_SCRIPT_FILE_KIND;
  if (!isPieceName(name, whole)) return undefined;
  if (whole === wholeName(name) || whole === partName(name, 1)) return TAR_FILE_KIND;
  return laterPartKind(isKnown(whole, unfinished?.pid));
}

/** Whether a part belongs to an archive of ours; `pid` is the killed run's that wrote it, where it has no final name. */
type IsKnownPart = (part: string, pid: number | undefined) => boolean;

/**
 * A part after the first has no header. It is known where the list of parts or the sums name it. Where both are gone,
 * it is known if the first part is ours and the parts up to it follow each other with the first one's size, as only the
 * last may be smaller. One that a killed run was writing is known by the first part of the same run.
 * @param files all names in the folder
 */
async function knownParts(folder: string, name: ArchiveName, files: readonly string[]): Promise<IsKnownPart> {
  const read = (file: string): Promise<string> => readSidecar(path.join(folder, file));
  const listed = partsIn(await read(partsListName(name))) ?? [];
  const summed = sumsIn(await read(sumsName(name))).keys();
  const known = new Set([...listed, ...summed, ...(await followers(folder, name))]);
  const first = partName(name, 1);
  const firsts = new Set<string>();
  for (const file of files) {
    const isFirst = file === first || (file.startsWith(`${first}.`) && file.endsWith('.part'));
    if (isFirst && (await whyForeign(path.join(folder, file), TAR_FILE_KIND)) === undefined) firsts.add(file);
  }
  return (part, pid) =>
    known.has(part) || (pid !== undefined && (firsts.has(`${first}.${pid}.part`) || firsts.has(first)));
}

/** The parts that follow a first one of ours without a gap. */
async function followers(folder: string, name: ArchiveName): Promise<string[]> {
  const first = path.join(folder, partName(name, 1));
  const size = await sizeOf(first);
  if (size === undefined || (await whyForeign(first, TAR_FILE_KIND)) !== undefined) return [];
  const parts: string[] = [];
  for (let number = 2; ; number += 1) {
    const part = partName(name, number);
    const own = await sizeOf(path.join(folder, part));
    if (own === undefined || own > size) return parts;
    parts.push(part);
    if (own < size) return parts;
  }
}

/** Undefined where there is no regular file. */
async function sizeOf(file: string): Promise<number | undefined> {
  const stats = await unlessGone(lstat(file));
  return stats?.isFile() === true ? stats.size : undefined;
}
