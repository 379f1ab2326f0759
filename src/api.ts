import path from 'node:path';
import { OciSaveError } from './errors.ts';
import { type SaveOptions, parseOptions, valuesOf } from './options/index.ts';
import { type SaveImagesOptions, splitOptions } from './api/options.ts';
import { runSave } from './api/run.ts';
import { type AuthSection, readSections } from './api/sections.ts';
import type { SaveResult } from './commands/index.ts';

/**
 * Saves images into a folder that zot can serve without changes: one OCI layout per repository, Docker Hub's official
 * images without `library/`. Lock and report are written next to it, as `<dir>.lock.json` and `<dir>.report.json`. An
 * earlier bundle at `dir` is replaced when the new one is complete; a folder that holds anything else is refused.
 *
 * Several runs, in one process or several, may share one store at the same time; two runs on one folder are refused.
 *
 * @param images entries as in lines of a plain list: `quay.io/acme/db:1`, `busybox@sha256:…`, `source => name`
 * @param dir the bundle's folder, relative to the working directory
 * @param platform as the option `platforms`: `linux/amd64`, `linux/amd64,linux/arm64`, `all`; empty: linux and this
 *   machine's architecture
 * @param options as `oci-save save` has them, in camelCase; `layout` and `naming` have the mode's defaults
 * @returns the lock, and the report as it is in the file; with `onError: 'warn'` the report lists what failed
 * @throws FailedSaveError, an OciSaveError with `report` and `lock`, where an image failed or `dir` could not be written
 * @throws OciSaveError `usage`, `list` or `machine` where nothing was started, `unsupported` for a mode that does
 *   not exist yet, `interrupted` after an abort
 */
export async function saveImages(
  images: readonly string[],
  dir: string,
  platform: string,
  options: SaveImagesOptions = {},
): Promise<SaveResult> {
  const { engine, caller } = splitOptions(options);
  return runSave(intoFolder(dir, { ...engine, images, platforms: platform }), caller);
}

/**
 * As `saveImages`, for sections of images that each have a user, several users of one registry included. A section's
 * credentials are used for the repositories that it names and for no others; the lists in `options` use the auth files.
 * Credentials are held in memory; skopeo gets them in a file of mode 0600 that is removed when its copy ends. No
 * argument, environment, log, report or lock contains them.
 *
 * @param sections users and their images; one repository with two users is an error
 * @throws as `saveImages`
 */
export async function saveImagesWithAuth(
  sections: readonly AuthSection[],
  dir: string,
  platform: string,
  options: SaveImagesOptions = {},
): Promise<SaveResult> {
  const { engine, caller } = splitOptions(options);
  const parsed = intoFolder(dir, { ...engine, platforms: platform });
  return runSave(
    parsed,
    caller,
    readSections(sections, {
      defaultRegistry: parsed.defaultRegistry,
      variables: { given: valuesOf(parsed.vars, caller.env ?? process.env) },
    }),
  );
}

/**
 * Resolves images to digests and sizes, and copies nothing: the lock that `saveImages` would write for them now. Their
 * manifests are stored, and the configs of images without an index: only these name the platform.
 *
 * @throws as `saveImages`
 */
export async function lockImages(
  images: readonly string[],
  platform: string,
  options: SaveImagesOptions = {},
): Promise<SaveResult> {
  const { engine, caller } = splitOptions(options);
  const parsed = parseOptions({ ...engine, images, platforms: platform, dryRun: true });
  return runSave(parsed, caller, { lockOnly: true });
}

/** Options with `dir` as their folder. Set after parsing: `none` and a blank at the end have no meaning in `dir`. */
function intoFolder(dir: string, given: Readonly<Record<string, unknown>>): SaveOptions {
  if (dir === '') throw new OciSaveError({ code: 'usage', message: 'dir: it must be the path of a folder' });
  return { ...parseOptions(given), output: path.resolve(dir) };
}

export { FailedSaveError } from './api/run.ts';
export type { EngineOptions, CallerOptions, Mode, SaveImagesOptions } from './api/options.ts';
export type { AuthSection } from './api/sections.ts';
export { type ErrorCode, type ErrorParts, type FailureClass, OciSaveError } from './errors.ts';
export type { ByteCount, Emit, EventOrigin, LogLevel, Outcome, SaveEvent, Stage } from './events.ts';

// The engine, and its stages that write nothing outside the store.
export {
  pushBundle,
  type PushBundleOptions,
  type PushIo,
  save,
  type SaveIo,
  type SaveResult,
  serveBundle,
  type ServeBundleOptions,
  type ServeIo,
  type ServeReport,
  unpackBundle,
  type UnpackIo,
  type UnpackOptions,
  type UnpackReport,
  verifyBundle,
  type VerifyBundleOptions,
  type VerifyIo,
  type VerifyReport,
} from './commands/index.ts';
export { parseOptions, type SaveOptions } from './options/index.ts';
export {
  type Candidate,
  type ImageList,
  type ImageRequest,
  type ListInputs,
  type NamedList,
  type Origin,
  readLists,
  type Reject,
  type Source,
  type Warning,
} from './list/index.ts';
export { type Digest, isDigest } from './oci/digest.ts';
export { formatReference, parseReference, type Reference } from './oci/reference.ts';
export { encodeLock, type Leaf, type Lock, type LockedImage, lockSchema, parseLock } from './lock/index.ts';
export { readManifests } from './image/index.ts';
export { type BundleTree, planTree, type TreeFile, type View } from './bundle/index.ts';
export {
  listStore,
  openStore,
  type PruneOptions,
  type PruneRule,
  type Pruned,
  pruneStore,
  type Store,
  type StoreCheck,
  type StoreContent,
  type StoredBlob,
  type StoreOptions,
  type VerifyOptions,
  verifyStore,
} from './store/index.ts';
export {
  type Failure,
  type PushedName,
  type PushReport,
  pushReportSchema,
  type PushTargetReport,
  type ReportedImage,
  type RunReport,
  runReportSchema,
} from './report/index.ts';
export type { Credentials, CredentialStore } from './registry/index.ts';
export {
  findRegistryRoot,
  type RequestEntry,
  type RunningRegistry,
  serveRegistry,
  type ServeOptions,
} from './serve/index.ts';
