import { findMissingBlobs } from '../../copy/index.ts';
import type { Emit } from '../../events.ts';
import {
  expandTags,
  type ImageList,
  type ImageRequest,
  type ListInputs,
  leftOutLines,
  listLines,
  readLists,
  withTags,
} from '../../list/index.ts';
import { formatPlatform, hostPlatform, type Platform, type PlatformChoice } from '../../oci/platform.ts';
import { localPlaces, type SaveOptions, type SourceOrder, valuesOf } from '../../options/index.ts';
import { refuseCollisions } from '../../push/index.ts';
import {
  joinRequests,
  lockOf,
  type Resolution,
  resolveImages,
  type WantedImage,
} from '../../resolve/index.ts';
import { copyAndPublish } from './copy-and-publish.ts';
import { endUnchanged, finishCache, limitStore, writeReport } from './end.ts';
import { withEarlierDigests } from './need/earlier.ts';
import { idleOptions } from './idle-options.ts';
import { refuseContradictions } from './lock-options.ts';
import type { RunReport } from '../../report/index.ts';
import { makeReport } from './make-report.ts';
import { neededImages } from './need/needed.ts';
import { warnOfLostReferrers } from './need/lost-referrers.ts';
import { soundImages } from './need/sound.ts';
import { findUnchanged } from './need/unchanged.ts';
import { placesOf } from './places.ts';
import { createWitness } from './stopped.ts';
import { withRelease } from './publish/release.ts';
import { checkRight } from './publish/release-access.ts';
import { listFetcher } from '../../runtime/index.ts';
import { CONNECTIONS, type Run, type SaveIo, type SaveResult, withRun } from './run.ts';

/**
 * One save: lists to requests, requests to images, missing blobs into the store, and the bundle at its path when
 * it is whole. Every image is tried, and failures are in the report. Throws OciSaveError where nothing was started, or not
 * even the report could be written, and StoppedSaveError where the run was interrupted.
 */
export async function save(options: SaveOptions, io: SaveIo): Promise<SaveResult> {
  const witness = createWitness(options, io);
  try {
    return await saveSeen(options, { ...io, emit: witness.emit }, witness.onPublished);
  } catch (error) {
    throw witness.told(error);
  }
}

async function saveSeen(
  options: SaveOptions,
  io: SaveIo,
  onPublished: Run['onPublished'],
): Promise<SaveResult> {
  const started = new Date();
  const inputs = listInputs(options, io);
  const { platforms } = inputs;
  const read = await readLists(inputs);
  tellLists(read, io.emit);
  refuseContradictions(options, read.requests);
  const isLocked = read.tagRequests.length === 0 && read.requests.every(({ locked }) => locked !== undefined);
  if (options.platforms === undefined && !isLocked) tellOwnPlatform(OWN, io.emit);
  const wantedOf = (requests: readonly ImageRequest[]): WantedImage[] =>
    joinRequests(requests, { platforms, naming: options.naming });
  // Names that cannot be stored are found before anything is opened.
  const named = wantedOf(read.requests);
  const given = { options, io, onPublished, places: placesOf(options, io.env), logins: read.logins };

  return withRun(given, async (opened) => {
    const list = await withExpandedTags(read, inputs, opened);
    tellLeftOut(list, io.emit);
    const idle = idleOptions(options, list);
    const run: Run = { ...opened, wanted: list === read ? named : wantedOf(list.requests) };
    const unchanged = await findUnchanged(run);
    if (unchanged) {
      const result = await endUnchanged(unchanged, { started, run, list, idle });
      await io.onResult?.(result);
      return result;
    }
    if (run.release !== undefined && !options.dryRun)
      await checkRight(run.release, run.places.archivePlace.name, io);
    await run.cache.restoreCatalogue();
    const sound = await soundImages(await withEarlierDigests(await resolve(run), run), run);
    const lost = await warnOfLostReferrers(sound.resolved, run);
    refuseCollisions(lockOf(sound.resolved), options.push);
    const { resolution, needed } = await neededImages(sound, run);
    const missing = await findMissingBlobs(needed, run.session.store);
    const saved = await copyAndPublish(resolution, needed, missing, run);
    const { lock } = saved.content;
    const cache = run.cache.report();
    const neededOf = new Set(needed.map((image) => image.wanted));
    const written = makeReport({
      ...saved,
      started,
      run,
      list,
      idle,
      lost,
      lock,
      missing,
      cache,
      needed: neededOf,
    });
    const report = await withRelease(written, saved.published, saved.content, run);
    await writeReport(report, run, saved.published.error);
    tellOfReport(report, run);
    await io.onResult?.({ report, lock });
    const complete = await finishCache(report, run);
    await limitStore(run);
    return { report: complete, lock };
  });
}

/** Whoever looks for what failed finds all of it in a file. */
function tellOfReport({ outcome }: RunReport, { options, places, io: { emit } }: Run): void {
  if (outcome !== 'failed' || options.dryRun) return;
  emit({ type: 'log', level: 'info', message: `what failed, and why, is in ${places.report}` });
}

/** Asks the registries for the tags that entries choose by a rule. */
async function withExpandedTags(
  list: ImageList,
  inputs: ListInputs,
  { options, session, io: { emit, signal } }: Omit<Run, 'wanted'>,
): Promise<ImageList> {
  if (list.tagRequests.length === 0) return list;
  const added = await expandTags(list.tagRequests, {
    isAllowed: options.expandTags,
    listTags: (repository) => session.sources.client.listTags(repository, signal),
    tell: (message) => emit({ type: 'log', level: 'info', message }),
  });
  return withTags(list, added, inputs);
}

/** The platform of a run that chooses none. */
const OWN = hostPlatform(process.arch);

/**
 * How the lists of a run are read.
 * @throws OciSaveError `usage` for a variable that the environment lacks
 */
export function listInputs(
  options: SaveOptions,
  io: Pick<SaveIo, 'env' | 'stdin' | 'lists' | 'boundary' | 'signal' | 'onSecret'>,
): ListInputs & { readonly platforms: PlatformChoice } {
  const {
    images,
    imageList,
    listFormat,
    defaultRegistry,
    strictTags,
    onCandidate,
    ignore,
    vars,
    imageRules,
  } = options;
  const { stdin, lists, boundary, env, onSecret } = io;
  return {
    variables: { given: valuesOf(vars, env) },
    ignore,
    imageRules,
    fetchList: listFetcher(options, io),
    onSecret,
    images,
    files: imageList,
    format: listFormat,
    defaultRegistry,
    strictTags,
    onCandidate,
    platforms: options.platforms ?? [OWN],
    lists,
    boundary,
    storages: options.source === 'auto' ? [] : localPlaces(options.source),
    ...(stdin === undefined ? {} : { stdin }),
  };
}

/** What was found: each list with its format, and how many images it names. */
function tellLists({ lists, requests }: ImageList, emit: Emit): void {
  for (const message of listLines(lists, requests.length)) emit({ type: 'log', level: 'info', message });
}

/** What is left out by rules, of which each is told once. */
function tellLeftOut({ leftOut }: ImageList, emit: Emit): void {
  for (const message of leftOutLines(leftOut)) emit({ type: 'log', level: 'info', message });
}

/** Logs the platform that is taken where the options choose none: Linux on this machine's architecture. */
function tellOwnPlatform(platform: Platform, emit: Emit): void {
  const message = `Platform: ${formatPlatform(platform)}, this machine's; the option platforms names others`;
  emit({ type: 'log', level: 'info', message });
}

/** Nothing of this machine's storages, where images have no transport. */
const NO_STORAGE: SourceOrder = ['remote'];

function resolve({ wanted, options, session, io: { emit, signal, boundary } }: Run): Promise<Resolution> {
  const { onMissingPlatform, index, format, referrers, naming, retries, offline, source } = options;
  const { store, sources, isPrivate, skopeoTools } = session;
  // Offline, names alone do not lead a list of a stranger into the storages of the machine.
  const sourceOrder = source === 'auto' && boundary !== undefined ? NO_STORAGE : source;
  const choices = { onMissingPlatform, index, format, referrers, naming, offline, sourceOrder };
  const settings = { ...choices, retries, parallel: CONNECTIONS };
  return resolveImages(wanted, { ...settings, store, sources, isPrivate, skopeoTools, emit, signal });
}
