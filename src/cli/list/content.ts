import { stat } from 'node:fs/promises';
import path from 'node:path';
import { archiveNamed, lockOfArchive } from '../../archive/index.ts';
import { lockFileIn, readLock } from '../../bundle/index.ts';
import { idleOptions } from '../../commands/index.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { isFile, readStart } from '../../files/index.ts';
import {
  formatOrigin,
  isListAddress,
  type ListInputs,
  type ListSummary,
  type ListSurvey,
  type Problem,
  surveyLists,
  type TagRequest,
  type Warning,
} from '../../list/index.ts';
import { type Lock, LOCK_FILE_KIND } from '../../lock/index.ts';
import { isReference, nameOf } from '../../oci/reference.ts';
import { quoteText } from '../../oci/reference-quote.ts';
import type { SaveOptions } from '../../options/index.ts';
import { joinRequests } from '../../resolve/index.ts';
import { type Listed, lockedRow, joinRows, requestRow } from './listed.ts';

/** All that was named, in one: what it asks for or has, and what was not understood. */
export interface Content extends Pick<ListSurvey, 'candidates' | 'rejects' | 'leftOut'> {
  readonly images: readonly Listed[];
  readonly lists: readonly ListSummary[];
  readonly warnings: readonly Remark[];
  /** How many registries and repositories have a user in the lists. */
  readonly users: number;
  /** What a save would refuse. */
  readonly problems: readonly Problem[];
}

/** A warning, of an entry or of all. */
export type Remark = Omit<Warning, 'origin'> & Partial<Pick<Warning, 'origin'>>;

/** Bytes by which a lock is recognised. */
const START_BYTES = 1024;
/** A larger file is a lock only by its start. */
const MAX_REWRITTEN_BYTES = 32 * 1024 * 1024;

/**
 * Reads lists as a save reads them, and locks, bundles and archives as they stand.
 * @throws OciSaveError `usage` where nothing is named, or what is named cannot be there
 */
export async function readContent(
  what: readonly string[],
  inputs: ListInputs,
  options: SaveOptions,
): Promise<Content> {
  if (what.length === 0) {
    throw new OciSaveError({
      code: 'usage',
      message: 'nothing is named to be listed',
      hint: 'Name image lists, locks, bundles or archives: oci-save list images.txt',
    });
  }
  const places = [...new Set(what)];
  const named = await Promise.all(places.map(kindOf));
  const locks = await Promise.all(named.flatMap((one) => (one.kind === 'list' ? [] : [readLocked(one)])));
  const files = named.flatMap((one) => (one.kind === 'list' ? [one.file] : []));
  const isAlone = places.length === 1;
  const images = locks.flatMap(({ lock, file }) =>
    lock.images.map((image) => lockedRow(image, isAlone ? [] : [file])),
  );
  const survey = files.length === 0 ? undefined : await surveyLists({ ...inputs, images: [], files });
  const requested = (survey?.requests ?? []).map((request, at) =>
    requestRow(request, (survey?.origins[at] ?? []).map(formatOrigin)),
  );
  return {
    images: [...requested, ...joinRows(images)],
    lists: [
      ...(survey?.lists ?? []),
      ...locks.map(({ file, kind, lock }) => ({
        file,
        format: kind,
        count: lock.images.length,
        ignored: [],
      })),
    ],
    warnings: [
      ...(survey?.warnings ?? []),
      ...(survey === undefined ? [] : idleOptions(options, survey)).map((message) => ({ message })),
    ],
    users: survey?.logins.length ?? 0,
    leftOut: survey?.leftOut ?? [],
    candidates: survey?.candidates ?? [],
    rejects: survey?.rejects ?? [],
    problems: [
      ...(survey?.problems ?? []),
      ...(survey?.tagRequests ?? []).map(unlisted),
      ...unstorable(survey?.requests ?? [], options.naming),
    ],
  };
}

/** A save asks the registry, and only if that is agreed to; a list alone does not name these images. */
function unlisted({ origin, repository }: TagRequest): Problem {
  return {
    ...origin,
    reason: `it asks for tags of ${quoteText(nameOf(repository))} by a rule, which only the registry can tell`,
    hint: 'oci-save lock --expand-tags asks it; its lock names the tags, and is a list, too.',
  };
}

/** Names that a save would refuse before it asks for anything. */
function unstorable(requests: ListSurvey['requests'], naming: SaveOptions['naming']): Problem[] {
  try {
    joinRequests(requests, { platforms: 'all', naming });
    return [];
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return error.details.map(({ file = '', line, message, hint = error.hintParts }) => ({
      file,
      line,
      reason: message,
      hint,
    }));
  }
}

interface Named {
  /** As it was named. */
  readonly file: string;
  readonly kind: 'list' | 'lock' | 'bundle' | 'archive';
}

async function kindOf(file: string): Promise<Named> {
  if (file === '-' || isListAddress(file)) return { file, kind: 'list' };
  const kind = await fileKindOf(file);
  if (kind === undefined) return { file, kind: await absent(file) };
  if (kind === 'folder') return { file, kind: await folderKind(file) };
  if (archiveNamed(file) !== undefined) return { file, kind: 'archive' };
  return { file, kind: (await isLock(file)) ? 'lock' : 'list' };
}

/** A bundle, or a chart, which is read as a list. */
async function folderKind(folder: string): Promise<Named['kind']> {
  if ((await lockFileIn(folder)) !== undefined) return 'bundle';
  if (await isFile(path.join(folder, 'Chart.yaml'))) return 'list';
  throw new OciSaveError({
    code: 'usage',
    message: `${folder} is not a bundle: there is no lock in it or next to it`,
    hint: 'Name a bundle, an archive, a lock or an image list.',
  });
}

/** By its start, or, where it was written anew by a tool for JSON, by all of it. */
async function isLock(file: string): Promise<boolean> {
  const start = await readStart(file, START_BYTES);
  if (start === undefined) return false;
  if (LOCK_FILE_KIND.matches(start.bytes, start.size <= START_BYTES)) return true;
  if (!start.bytes.toString('utf8').trimStart().startsWith('{') || start.size > MAX_REWRITTEN_BYTES)
    return false;
  const whole = await readStart(file, MAX_REWRITTEN_BYTES);
  return whole !== undefined && LOCK_FILE_KIND.matches(whole.bytes, true);
}

async function fileKindOf(file: string): Promise<'folder' | 'file' | undefined> {
  try {
    return (await stat(file)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    // What is there and cannot be looked at is told when it is read.
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}

/** A pattern, or a file that is missed when it is read. An image is neither. */
async function absent(file: string): Promise<'list'> {
  if (/[*?[{]/.test(file) || !/[/:@]/.test(file) || /\.(?:txt|ya?ml|json|lock|csv|tar)$/i.test(file))
    return 'list';
  if (!isReference(file)) return 'list';
  throw new OciSaveError({
    code: 'usage',
    message: `there is no file ${quoteText(file)}; it looks like an image`,
    hint: `list shows what files say. To resolve an image: oci-save lock ${file}. To save it: oci-save save ${file}`,
  });
}

async function readLocked({ file, kind }: Named): Promise<Named & { readonly lock: Lock }> {
  const lock = kind === 'archive' ? await lockOfArchive(file) : await lockIn(file, kind);
  if (lock !== undefined) return { file, kind, lock };
  throw new OciSaveError({
    code: 'usage',
    message: `${file} has no lock in it, and there is none next to it`,
    hint: 'Name a bundle, an archive, a lock or an image list.',
  });
}

async function lockIn(file: string, kind: Named['kind']): Promise<Lock | undefined> {
  const place = kind === 'bundle' ? await lockFileIn(file) : file;
  return place === undefined ? undefined : readLock(place);
}
