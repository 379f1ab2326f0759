import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { systemCodeOf } from '../errors.ts';
import { unlessGone } from './kind.ts';

/** Linux tells each process what is mounted where it looks (proc_pid_mountinfo(5)). */
const MOUNTS = '/proc/self/mountinfo';

/** The fifth field; blanks and backslashes are octal. */
export function mountPointsIn(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const place = line.split(' ')[4];
    return place === undefined
      ? []
      : [
          place.replace(/\\([0-7]{3})/g, (_, octal: string) =>
            String.fromCharCode(Number.parseInt(octal, 8)),
          ),
        ];
  });
}

/**
 * Those of some real paths, and of what is below them, on which a file system or a file is mounted: none of them can be
 * renamed. Where a system does not tell, a place on another device than its folder counts.
 */
export async function mountPointsAt(places: readonly string[]): Promise<string[]> {
  try {
    // As bytes: a name need not be UTF-8.
    const points = mountPointsIn(await readFile(MOUNTS, 'latin1'));
    const names = places.map((place) => Buffer.from(place, 'utf8').toString('latin1'));
    const found = points.filter((point) =>
      names.some((name) => point === name || point.startsWith(`${name}/`)),
    );
    return found.map((point) => Buffer.from(point, 'latin1').toString('utf8'));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
  }
  const found: string[] = [];
  for (const place of places) {
    const [own, above] = [await deviceOf(place), await deviceOf(path.dirname(place))];
    if (own !== undefined && own !== above) found.push(place);
  }
  return found;
}

async function deviceOf(place: string): Promise<number | undefined> {
  return (await unlessGone(lstat(place)))?.dev;
}
