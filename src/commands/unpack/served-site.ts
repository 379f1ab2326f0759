import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { explainBundle, findForeign, LOCK_FILE, REGISTRY_FOLDER, type View } from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import { exists, isFile, isFolder, readBounded } from '../../files/index.ts';
import { type Lock, MAX_LOCK_BYTES, parseLock, storedRepositories } from '../../lock/index.ts';
import { blobDigestIn } from '../../oci/digest.ts';
import { folderContent } from '../verify/content.ts';
import { judgeBundle } from '../verify/judge.ts';
import { observeFolder } from '../verify/observe-folder.ts';
import { createObserver, type Observed } from '../verify/observed.ts';
import { STAGING } from './hold-site.ts';
import type { UnpackIo } from './unpack-report.ts';

/** A bundle that is served, all of it hashed. */
export interface ServedSite {
  readonly folder: string;
  readonly lock: Lock;
  readonly observed: Observed;
  /** The sha256 of the newer lock of a join that was cut off; undefined where there was none. */
  readonly unfinished: string | undefined;
}

export const BOTH_VIEWS: readonly View[] = ['oci', 'zot'];

/**
 * The folder of a bundle with both views, links followed.
 * @throws OciSaveError `usage` where it is none
 */
export async function siteFolder(given: string): Promise<string> {
  if (!(await isFolder(given))) {
    throw new OciSaveError({ code: 'usage', message: `${given} is no folder`, hint: ONE_BUNDLE });
  }
  const folder = await realpath(given);
  const above = path.dirname(folder);
  if (path.basename(above) === 'releases' && (await exists(path.join(path.dirname(above), 'current'))))
    throw ofReleases(path.dirname(above));
  if ((await exists(path.join(folder, 'current'))) || (await exists(path.join(folder, 'releases'))))
    throw ofReleases(given);
  if (!(await isFile(path.join(folder, LOCK_FILE)))) {
    throw new OciSaveError({
      code: 'usage',
      message: `${given} is no bundle of both views: it has no ${LOCK_FILE}`,
      hint: ONE_BUNDLE,
    });
  }
  for (const name of ['index.json', REGISTRY_FOLDER, 'blobs'])
    if (!(await exists(path.join(folder, name)))) throw otherLayout(given);
  return folder;
}

const ONE_BUNDLE = 'Name the folder of the bundle that is served: the one in which registry/ is.';

function ofReleases(site: string): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: `${site} has a folder for each release`,
    hint: 'Bring the new one beside them, by a swap.',
  });
}

/** Only bundles of both views can be joined. */
export function otherLayout(name: string): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: `${name} has not the layout of a bundle of both views`,
    hint: 'Two bundles of the default layout can be joined; of others bring the second one beside the first.',
  });
}

/**
 * Reads all of a bundle that is served, and refuses one that is damaged or that takes pushes.
 * @throws OciSaveError `machine` with what is in the way
 */
export async function readSite(folder: string, { emit, signal }: UnpackIo): Promise<ServedSite> {
  const unfinished = await unfinishedIn(folder);
  const observer = createObserver((delta) => emit({ type: 'bytes', stage: 'verify', delta }));
  const observed = withoutOurs(await observeFolder(folder, observer, signal));
  for (const [name, seen] of observed.entries) {
    if (seen.kind === 'fault' && seen.isLink === true) {
      throw refused(`${path.join(folder, name)} is a link`, 'A bundle has none: put there what it leads to.');
    }
  }
  const bytes =
    observed.kept.get(LOCK_FILE) ?? (await readBounded(path.join(folder, LOCK_FILE), MAX_LOCK_BYTES));
  const lock = parseLock(bytes ?? new Uint8Array(), path.join(folder, LOCK_FILE));
  await refuseUploads(folder, lock);
  if (unfinished === undefined) {
    const { damaged } = judgeBundle(observed, {});
    if (damaged.length > 0) {
      const first = damaged.slice(0, 10).map(({ path: name, reason }) => `${name}: ${reason}`);
      throw refused(
        `${folder} is damaged:\n${first.join('\n')}`,
        'Put back what it lacks first, or bring the new one beside it, by a swap.',
      );
    }
    const pushed = [...pushedTo(observed, lock).values()];
    if (pushed.length > 0) throw takesPushes(folder, pushed);
  }
  return { folder, lock, observed, unfinished };
}

/**
 * Of a join that was cut off: each blob that is there is whole, and both locks explain all that is served.
 * @throws OciSaveError `machine`
 */
export function refuseUnexplained({ folder, lock, observed }: ServedSite, joined: Lock): void {
  for (const [name, seen] of observed.entries) {
    const digest = blobDigestIn(name);
    if (digest === undefined || (seen.kind === 'file' && seen.digest === digest)) continue;
    throw refused(`${path.join(folder, name)} is damaged`, 'Remove it, and run this again.');
  }
  const after = pushedTo(observed, joined);
  // The older index.json of one repository has what the joined lock has not, and the newer one of another the reverse.
  const pushed = [...pushedTo(observed, lock)].flatMap(([key, name]) => (after.has(key) ? [name] : []));
  if (pushed.length > 0) throw takesPushes(folder, pushed);
}

/** What is served and a lock does not explain: names for people, by what tells one from another. */
function pushedTo(observed: Observed, lock: Lock): ReadonlyMap<string, string> {
  const { foreign } = findForeign(folderContent(observed), explainBundle(lock, BOTH_VIEWS, new Map()));
  const served = foreign.filter(({ path: place }) => /^(?:registry|blobs)(?:\/|$)/.test(place));
  return new Map(served.map(({ path: place, name }) => [`${place} ${name ?? ''}`, name ?? place]));
}

async function unfinishedIn(folder: string): Promise<string | undefined> {
  const place = path.join(folder, STAGING, 'newer');
  const bytes = (await isFile(place)) ? await readBounded(place, 1024) : undefined;
  return bytes?.toString('utf8').trim();
}

/** What an update keeps at a site is none of its content. */
function withoutOurs(observed: Observed): Observed {
  const isOurs = (name: string): boolean => name === `${STAGING}.lock` || name.startsWith(`${STAGING}/`);
  return {
    ...observed,
    entries: new Map([...observed.entries].filter(([name]) => !isOurs(name))),
    kept: new Map([...observed.kept].filter(([name]) => !isOurs(name))),
  };
}

/** A server that takes pushes may be writing an index.json at this moment. */
async function refuseUploads(folder: string, lock: Lock): Promise<void> {
  const names = lock.images.flatMap((image) => image.names);
  for (const repository of storedRepositories({ names })) {
    for (const one of ['.uploads', '.sync']) {
      const place = path.join(folder, REGISTRY_FOLDER, ...repository.split('/'), one);
      if (await exists(place)) throw takesPushes(folder, [path.relative(folder, place)]);
    }
  }
}

function takesPushes(folder: string, foreign: readonly string[]): OciSaveError {
  const more = foreign.length > 10 ? `\nand ${foreign.length - 10} more` : '';
  return refused(
    `the registry over ${folder} takes pushes, or others wrote there; its lock does not explain:\n${foreign.slice(0, 10).join('\n')}${more}`,
    'Push the new bundle into that registry: oci-save push ARCHIVE HOST:PORT.',
  );
}

function refused(
  message: string,
  advice: ConstructorParameters<typeof OciSaveError>[0]['hint'],
): OciSaveError {
  return new OciSaveError({ code: 'machine', message, hint: advice });
}
