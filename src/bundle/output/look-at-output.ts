import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { unlessGone, whyForeign } from '../../files/index.ts';
import { LOCK_FILE_KIND } from '../../lock/index.ts';
import { isUnchanged, readFolder } from './folder-content.ts';
import { type Foreign, foreignAt } from './foreign.ts';
import type { ForeignContent } from './foreign-content.ts';
import { isLeftover, LAYOUT_FILES } from './leftover.ts';
import { lookAtBundle } from './look-at-bundle.ts';
import { besideOutput, keptLock, lockBeside } from './beside-output.ts';
import { cannotWrite, HOLDER_FILE_KIND, holderFile } from './output-lock.ts';

/** What stands at a bundle's path and at the names beside it that a run takes. */
export interface LookedAtOutput {
  /** What no earlier run wrote: all of it has to be out of the way. */
  readonly foreign: readonly Foreign[];
  /** What a server keeps in the earlier bundle, by path: it goes with that. */
  readonly state: readonly string[];
  /** The lock that names the earlier bundle; undefined where there is none. */
  readonly lockFile: string | undefined;
  /** By what a change of the earlier bundle shows. */
  readonly stamps: ReadonlyMap<string, string>;
}

const NOTHING: LookedAtOutput = { foreign: [], state: [], lockFile: undefined, stamps: new Map() };

/** Names in what a killed run left. */
const MAX_LEFTOVER_NAMES = 10_000_000;

/**
 * Looks at an output before a run, and writes nothing: at the bundle itself, at an earlier one that a killed run left aside,
 * and at the names beside them. What is ours is told by content, never by its name.
 * @throws OciSaveError `machine` where this user may not look
 */
export async function lookAtOutput(output: string): Promise<LookedAtOutput> {
  try {
    return await look(output);
  } catch (cause) {
    throw systemCodeOf(cause) === undefined ? cause : cannotWrite(output, cause);
  }
}

async function look(output: string): Promise<LookedAtOutput> {
  const [old, staging] = [besideOutput(output, 'old'), besideOutput(output, 'new')];
  const bundle = await lookAtFolder(output, output);
  // Without a bundle, the one aside goes back: it is what the new one replaces.
  const aside = bundle === undefined ? await lookAtFolder(old, output) : undefined;
  const found = bundle ?? aside;
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
 * The same shortly before the new bundle takes its name. What stands beside it is this run's own by then, and a bundle in
 * which no folder and no index.json has changed since `before` is not read again.
 */
export async function lookAgain(output: string, before: LookedAtOutput): Promise<readonly Foreign[]> {
  const isAsBefore = before.stamps.size > 0 && (await isUnchanged(before));
  const found = isAsBefore ? undefined : await lookAtFolder(output, output);
  return [...(found?.foreign ?? []), ...(await fileAt(lockBeside(output), LOCK_FILE_KIND))];
}

async function fileAt(file: string, kind: Parameters<typeof whyForeign>[1]): Promise<Foreign[]> {
  const what = await whyForeign(file, kind);
  return what === undefined ? [] : [{ place: file, what }];
}

/** What stands at `folder`, which is the bundle at `output`, or was; undefined where nothing does. */
async function lookAtFolder(folder: string, output: string): Promise<LookedAtOutput | undefined> {
  const stats = await unlessGone(lstat(folder));
  if (stats === undefined) return undefined;
  const foreign = (what: string): LookedAtOutput => ({
    ...NOTHING,
    foreign: [{ place: folder, what }],
  });
  if (!stats.isDirectory()) return foreign(kindOf(stats));
  try {
    if ((await readdir(folder)).length === 0) return NOTHING;
    const bundle = await lookAtBundle(folder, [lockBeside(output), keptLock(output)]);
    if (bundle === undefined) return foreign('holds something else than a bundle');
    return { ...bundle, foreign: bundle.foreign.map((one) => inWords(one, folder)) };
  } catch (error) {
    const what = unreadable(error);
    if (what === undefined) throw error;
    return foreign(what);
  }
}

/** Why a folder is not what a killed run left there. */
async function leftoverAt(folder: string): Promise<Foreign[]> {
  const stats = await unlessGone(lstat(folder));
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [{ place: folder, what: kindOf(stats) }];
  const reading = { wanted: LAYOUT_FILES, maxBytes: 64 * 1024 * 1024, maxNames: MAX_LEFTOVER_NAMES };
  try {
    const left = isLeftover((await readFolder(folder, reading)).content);
    return left
      ? []
      : [{ place: folder, what: 'holds something else than what a run leaves that was killed' }];
  } catch (error) {
    const what = unreadable(error);
    if (what === undefined) throw error;
    return [{ place: folder, what }];
  }
}

function kindOf(stats: Stats): string {
  return stats.isSymbolicLink()
    ? 'is a link'
    : stats.isFile()
      ? 'is a file'
      : 'is neither a file nor a folder';
}

function unreadable(error: unknown): string | undefined {
  if (error instanceof OciSaveError) return 'has far more files in it than a bundle of its lock';
  const code = systemCodeOf(error);
  return code === undefined ? undefined : `cannot be read (${code})`;
}

const WORDS: Record<ForeignContent['kind'], string> = {
  file: 'is a file of somebody else',
  folder: 'is a folder of somebody else',
  blob: 'is a blob that its lock does not tell of',
  image: 'was pushed by somebody',
  link: 'is a link',
  closed: 'cannot be read by this user',
  other: 'is neither a file nor a folder',
};

function inWords({ path, kind, name }: ForeignContent, folder: string): Foreign {
  const place = path === '' ? folder : `${folder}/${path}`;
  return name === undefined
    ? { place, what: WORDS[kind] }
    : { place: name, what: `${WORDS[kind]} into ${place}` };
}
