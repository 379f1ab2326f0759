import { glob, stat } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';
import { openRegular } from '../files/index.ts';
import type { Problem } from './problems.ts';

/** No list that people write or generate is nearly as large; YAML of that size takes seconds. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

export type Found<T> = { readonly found: T } | { readonly problem: Problem };

/**
 * The files that a path or glob names, a glob's in the order of their names. A path that exists is taken literally.
 * A pattern that matches nothing is a problem, never an empty list.
 */
export async function findLists(pattern: string): Promise<Found<readonly string[]>> {
  if (!/[*?[{]/.test(pattern) || (await kindOf(pattern)) !== 'nothing') return { found: [pattern] };
  const files: string[] = [];
  for await (const path of glob(pattern)) {
    // A link that leads nowhere stays, and is named when it is read.
    if ((await kindOf(path)) !== 'folder') files.push(path);
  }
  if (files.length > 0) return { found: files.sort() };
  return {
    problem: { file: pattern, reason: 'no file matches this pattern', hint: 'Check it and the folder.' },
  };
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return 'nothing';
  }
}

/**
 * A regular file's bytes. Of a file of more than 16 MiB no more is read.
 * @param folders real folders that it must lie in, links followed; anywhere, where they are left out
 */
export async function readList(path: string, folders?: readonly string[]): Promise<Found<Uint8Array>> {
  try {
    const opened = await openRegular(path, folders);
    if (!('handle' in opened)) return { problem: { file: path, ...opened } };
    // Leaving the loop early closes the file.
    return await gather(path, opened.handle.createReadStream({ highWaterMark: 256 * 1024 }));
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return { problem: { file: path, reason: REASONS.get(code) ?? `it cannot be read (${code})` } };
  }
}

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'it may not be read by this user'],
]);

/** The bytes of a stream; reading stops after 16 MiB. */
export async function gather(file: string, stream: AsyncIterable<Uint8Array>): Promise<Found<Uint8Array>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_LIST_BYTES) {
      return {
        problem: { file, reason: 'it is larger than 16 MiB, which no list is', hint: 'Split the list.' },
      };
    }
  }
  return { found: Buffer.concat(chunks) };
}
