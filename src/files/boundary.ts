import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';

/** The folders that a job's files must be in. A checkout may be untrusted, and its links may lead anywhere. */
export interface Boundary {
  /** The checkout's folder under each of its names, absolute. */
  readonly checkout: readonly string[];
  /** The real paths of the folders that files must lie in. */
  readonly folders: readonly string[];
}

/** Whether a path as a workflow writes it lies in the checkout; links are not followed. */
export function isInCheckout(file: string, { checkout }: Boundary): boolean {
  return isInside(path.resolve(file), checkout);
}

/** Whether an absolute path is one of some folders, or lies in one; links are not followed. */
export function isInside(place: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const relative = path.relative(folder, place);
    return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  });
}

/** Whether a path lies in one of some real folders, links followed. For a path without a file yet, its folder counts. */
export async function liesInside(file: string, folders: readonly string[]): Promise<boolean> {
  return isInside(await realPlaceOf(path.resolve(file)), folders);
}

/** The real path of a place: where nothing is there yet, that of the nearest folder above it, with the rest. */
export async function realPlaceOf(place: string): Promise<string> {
  try {
    return await realpath(place);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    const above = path.dirname(place);
    return above === place ? place : path.join(await realPlaceOf(above), path.basename(place));
  }
}
