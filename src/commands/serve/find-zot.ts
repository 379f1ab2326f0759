import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { isFile } from '../../files/index.ts';
import { hint, option } from '../../text/hint.ts';

/** A zot program, and who named it. */
export interface ZotProgram {
  readonly file: string;
  readonly from: 'option' | 'ZOT_BIN' | 'PATH';
}

interface Places {
  /** The program that the user named; empty where none was. */
  readonly named: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The zot that serves a bundle: the one that is named, that of `ZOT_BIN`, the first on PATH; undefined where this machine
 * has none. One in the bundle's kit is a stranger's program, which no lock has the digest of: it runs only if it is named.
 * @throws OciSaveError `machine` where one that is named cannot be run
 */
export async function findZot({ named, env }: Places): Promise<ZotProgram | undefined> {
  if (named !== '') return mustRun(path.resolve(named), 'option');
  const given = env['ZOT_BIN'] ?? '';
  if (given !== '') return mustRun(path.resolve(given), 'ZOT_BIN');
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    if (folder === '') continue;
    const file = path.resolve(folder, process.platform === 'win32' ? 'zot.exe' : 'zot');
    if (await canRun(file)) return { file, from: 'PATH' };
  }
  return undefined;
}

async function mustRun(file: string, from: ZotProgram['from']): Promise<ZotProgram> {
  if (await canRun(file)) return { file, from };
  throw new OciSaveError({
    code: 'machine',
    message: `${from === 'option' ? 'zot' : from}: ${file} is not a program that this user may run`,
    hint: hint`Name a zot with ${option('zot')}, or do without: ${option('builtIn')}.`,
  });
}

async function canRun(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return await isFile(file);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false;
  }
}
