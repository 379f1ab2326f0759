import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { lockFileIn, readLock } from '../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { formatOrigin, readLists } from '../list/index.ts';
import { formatPlatform } from '../oci/platform.ts';
import { refOf } from '../resolve/index.ts';
import type { Host } from './face.ts';
import type { Listed } from './listed.ts';

/** What a list, a lock or a bundle names. Throws `usage` or `list` where it is none of them. */
export async function readContent(what: string, host: Host): Promise<Listed[]> {
  if (what === '-') return readList(what, host);
  const place = await lockFileOf(what);
  if (place === undefined) return readList(what, host);
  const lock = await readLock(place);
  if (lock === undefined) throw unreadable(place, 'gone');
  return lock.images.map((image) => ({
    ref: image.ref,
    names: image.names,
    digest: image.digest,
    platforms: image.platforms,
    origin: undefined,
  }));
}

async function readList(file: string, { stdin }: Host): Promise<Listed[]> {
  const list = await readLists({
    images: [],
    files: [file],
    stdin,
    format: 'auto',
    defaultRegistry: 'docker.io',
    strictTags: false,
    onCandidate: 'report',
  });
  return list.requests.map(({ source, storedAs, platforms, origin }) => ({
    ref: refOf(source),
    names: storedAs.map((name) => refOf({ transport: 'docker', reference: name })),
    digest: undefined,
    platforms: platforms === undefined ? [] : platforms === 'all' ? ['all'] : platforms.map(formatPlatform),
    origin: formatOrigin(origin),
  }));
}

/** The lock that `what` is or holds; undefined where it is a list. */
async function lockFileOf(what: string): Promise<string | undefined> {
  const stats = await statOrThrow(what);
  if (!stats.isDirectory()) return what.endsWith('.lock.json') ? what : undefined;
  const file = await lockFileIn(what);
  if (file !== undefined) return file;
  throw new OciSaveError({
    code: 'usage',
    message: `${what} is no bundle: no lock stands in it or beside it`,
    hint: 'Name a bundle, a lock or an image list.',
  });
}

async function statOrThrow(file: string): Promise<Stats> {
  try {
    return await stat(file);
  } catch (cause) {
    throw unreadable(file, systemCodeOf(cause) ?? 'unknown', cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): OciSaveError {
  return new OciSaveError({ code: 'usage', message: `${file} cannot be read (${why})`, cause });
}
