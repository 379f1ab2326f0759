import path from 'node:path';
import { isFile } from '../files/index.ts';
import { lockBeside } from './output/beside-output.ts';
import { LOCK_FILE } from './tree.ts';

/** The lock in a bundle, or beside one that is a single view; undefined where `folder` is not a bundle. */
export async function lockFileIn(folder: string): Promise<string | undefined> {
  for (const file of [path.join(folder, LOCK_FILE), lockBeside(path.resolve(folder))]) {
    if (await isFile(file)) return file;
  }
  return undefined;
}
