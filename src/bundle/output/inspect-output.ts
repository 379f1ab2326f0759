import { lstat, readdir } from 'node:fs/promises';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { unlessGone, whyForeign } from '../../files/index.ts';
import { LOCK_FILE_KIND } from '../../lock/index.ts';
import type { OwnFileKind } from '../../text/own-file-kind.ts';
import { OCI_LAYOUT } from '../layout-files.ts';
import { REGISTRY_FOLDER, type View } from '../tree.ts';
import { fixedFiles, joinPath } from './bundle-explanation.ts';
import { type FolderContent, isUnchanged, readFolder } from './folder-content.ts';
import { type ForeignItem, foreignAt } from './foreign.ts';
import { type ForeignContent, LAYOUT_FILES, SERVER_FILES, UNFINISHED_FOLDERS } from './foreign-content.ts';
import { type BundleFindings, inspectBundle } from './inspect-bundle.ts';
import { besideOutput, keptLock, lockBeside } from './beside-output.ts';
import { cannotWrite, HOLDER_FILE_KIND, holderFile } from './output-lock.ts';

/** What is at a bundle's path, and at the names beside it that a run uses. */
export interface OutputFindings extends Pick<BundleFindings, 'stamps'> {
  /** What no earlier run wrote: all of it must be moved away first. */
  readonly foreign: readonly ForeignItem[];
  /** A server's own files in the earlier bundle, by path: they go with the bundle. */
  readonly state: readonly string[];
  /** The lock that names the earlier bundle, in it or beside it; undefined where there is none. */
  readonly lockFile: string | undefined;
}

const NOTHING: OutputFindings = { foreign: [], state: [], lockFile: undefined, stamps: new Map() };

/** Names in a folder that a killed run left. */
const MAX_LEFTOVER_NAMES = 10_000_000;

/**
 * Inspects an output before a run, and writes nothing: the bundle itself, an earlier one that a killed run had renamed,
 * and the names beside them. What is ours is recognised by its content, never by its name.
 * @throws OciSaveError `machine` where this user may not read it
 */
export async function inspectOutput(output: string): Promise<OutputFindings> {
  try {
    return await look(output);
  } catch (cause) {
    throw systemCodeOf(cause) === undefined ? cause : cannotWrite(output, cause);
  }
}

async function look(output: string): Promise<OutputFindings> {
  const [old, staging] = [besideOutput(output, 'old'), besideOutput(output, 'new')];
  const bundle = await inspectFolder(output, output);
  // Without a bundle, the renamed one goes back: it is what the new one replaces.
  const found = bundle ?? (await inspectFolder(old, output));
  const foreign = [
    ...(found?.foreign ?? []),
    ...(bundle === undefined ? [] : await leftoverAt(old)),
    ...(await leftoverAt(staging)),
    ...(await fileAt(holderFile(output), HOLDER_FILE_KIND)),
    ...(await foreignAt(lockBeside(output), LOCK_FILE_KIND)),
    ...(await fileAt(keptLock(output), LOCK_FILE_KIND)),
  ];
  return { ...NOTHING, ...found, foreign };
}

/**
 * The same shortly before the new bundle takes its name. By then the files beside it are this run's, and a bundle in which
 * no folder and no index.json has changed since `before` is not read again.
 */
export async function inspectAgain(output: string, before: OutputFindings): Promise<readonly ForeignItem[]> {
  const isAsBefore = before.stamps.size > 0 && (await isUnchanged(before));
  const found = isAsBefore ? undefined : await inspectFolder(output, output);
  return [...(found?.foreign ?? []), ...(await fileAt(lockBeside(output), LOCK_FILE_KIND))];
}

async function fileAt(file: string, kind: OwnFileKind): Promise<ForeignItem[]> {
  const what = await whyForeign(file, kind);
  return what === undefined ? [] : [{ place: file, what }];
}

/** What is at `folder`, where the bundle of `output` is or was; undefined where there is nothing. */
async function inspectFolder(folder: string, output: string): Promise<OutputFindings | undefined> {
  const found = await readAt(folder, async (): Promise<OutputFindings | string> => {
    if ((await readdir(folder)).length === 0) return NOTHING;
    const bundle = await inspectBundle(folder, [lockBeside(output), keptLock(output)]);
    if (bundle === undefined) return 'holds something else than a bundle';
    return { ...bundle, foreign: bundle.foreign.map((one) => inWords(one, folder)) };
  });
  return typeof found === 'string' ? { ...NOTHING, foreign: [{ place: folder, what: found }] } : found;
}

/** What is foreign at a path where a killed run may have left a folder. */
async function leftoverAt(folder: string): Promise<ForeignItem[]> {
  const reading = { wanted: LAYOUT_FILES, maxBytes: 64 * 1024 * 1024, maxNames: MAX_LEFTOVER_NAMES };
  const what = await readAt(folder, async () =>
    isLeftover((await readFolder(folder, reading)).content)
      ? undefined
      : 'holds something else than what a killed run leaves',
  );
  return what === undefined ? [] : [{ place: folder, what }];
}

/** Reads a folder; or says what is there instead of it, or why it cannot be read. Undefined where nothing is there. */
async function readAt<T>(folder: string, read: () => Promise<T>): Promise<T | string | undefined> {
  const stats = await unlessGone(lstat(folder));
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return 'is a link';
  if (stats.isFile()) return 'is a file';
  if (!stats.isDirectory()) return 'is neither a file nor a folder';
  try {
    return await read();
  } catch (error) {
    if (error instanceof OciSaveError) return 'has far more files in it than a bundle of its lock';
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return `cannot be read (${code})`;
  }
}

const WORDS: Record<ForeignContent['kind'], string> = {
  file: 'is a file of somebody else',
  folder: 'is a folder of somebody else',
  blob: 'is a blob that its lock does not name',
  image: 'was pushed by somebody',
  link: 'is a link',
  closed: 'cannot be read by this user',
  other: 'is neither a file nor a folder',
};

function inWords({ path, kind, name }: ForeignContent, folder: string): ForeignItem {
  const place = path === '' ? folder : `${folder}/${path}`;
  const what = WORDS[kind];
  return name === undefined ? { place, what } : { place: name, what: `${what} into ${place}` };
}

/** A blob, and one that was being copied. */
const POOL_FILE = /^[0-9a-f]{64}(?:\.part)?$/;
/** The views that a bundle may have. */
const ALL_VIEWS: readonly (readonly View[])[] = [['oci', 'zot'], ['oci'], ['zot']];

/** The kit has one for each registry of the lock. */
const HOSTS_FILE = /^kit\/hosts\/[^/]+\/hosts\.toml$/;

/**
 * Whether a folder holds only what is left of a run that was killed while it wrote a bundle, or removed an old one: any
 * of a bundle's files, whole or cut off. The lock may be missing, so its files are recognised by their places, and the
 * layouts' own files by their bytes: other tools write them differently.
 * @param folder read with LAYOUT_FILES wanted
 */
function isLeftover({ files, folders, read }: FolderContent, at = ''): boolean {
  const isExpected = (file: string): boolean => {
    if (at.endsWith('blobs/sha256')) return POOL_FILE.test(file);
    if (LAYOUT_FILES.includes(file)) return isOfLayout(file, new TextDecoder().decode(read.get(file)));
    return isOfEveryBundle(at, file);
  };
  return (
    [...files].every(([file, kind]) => kind === 'file' && isExpected(file)) &&
    [...folders].every(
      ([folder, below]) => UNFINISHED_FOLDERS.has(folder) || isLeftover(below, joinPath(at, folder)),
    )
  );
}

/** Empty where the run was killed before it wrote the content. */
function isOfLayout(file: string, text: string): boolean {
  if (file === 'oci-layout') return ['', OCI_LAYOUT].includes(text);
  return text === '' || /^\{\s*"schemaVersion":/.test(text);
}

function isOfEveryBundle(at: string, file: string): boolean {
  if ((at === '' || at === REGISTRY_FOLDER) && SERVER_FILES.has(file)) return true;
  const path = joinPath(at, file);
  return ALL_VIEWS.some((views) => fixedFiles(views).has(path)) || HOSTS_FILE.test(path);
}
