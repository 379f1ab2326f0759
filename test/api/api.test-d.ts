/**
 * The types that callers of the API see. Nothing here runs: `npm run typecheck` compiles it, and fails where a type
 * has changed or where a wrong call is accepted.
 */
import { expectTypeOf } from 'vitest';
import {
  type Digest,
  type Emit,
  type ErrorCode,
  FailedSaveError,
  type FailureClass,
  type Lock,
  lockImages,
  type LockedImage,
  OciSaveError,
  parseLock,
  parseOptions,
  pushBundle,
  type PushReport,
  readLists,
  type RunReport,
  runReportSchema,
  saveImages,
  type SaveImagesOptions,
  saveImagesWithAuth,
  type SaveOptions,
  type SaveResult,
} from '../../src/api.ts';

// saveImages, lockImages, saveImagesWithAuth: arguments and result.
expectTypeOf(saveImages).toBeCallableWith(['busybox:1'], 'images', 'linux/amd64');
expectTypeOf(saveImages).toBeCallableWith(['busybox:1'], 'images', '', { archive: 'tar' });
expectTypeOf(saveImages).returns.resolves.toEqualTypeOf<SaveResult>();
expectTypeOf(lockImages).toBeCallableWith(['busybox:1'], 'all', {});
expectTypeOf(lockImages).returns.resolves.toEqualTypeOf<SaveResult>();
expectTypeOf(saveImagesWithAuth).toBeCallableWith(
  [{ registry: 'quay.io', username: 'alice', password: 'secret', images: ['acme/web:2'] }],
  'images',
  'all',
);
expectTypeOf(saveImagesWithAuth).returns.resolves.toEqualTypeOf<SaveResult>();
expectTypeOf<SaveResult>().toEqualTypeOf<{ readonly report: RunReport; readonly lock: Lock }>();

// @ts-expect-error the folder is missing
void saveImages(['busybox:1']);
// @ts-expect-error the platform is missing
void saveImages(['busybox:1'], 'images');
// @ts-expect-error images are a list
void saveImages('busybox:1', 'images', 'all');
// @ts-expect-error a platform is one text
void saveImages(['busybox:1'], 'images', ['linux/amd64']);
// @ts-expect-error lockImages writes no folder
void lockImages(['busybox:1'], 'images', 'all');
// @ts-expect-error a section has a password
void saveImagesWithAuth([{ username: 'alice', images: ['acme/web:2'] }], 'images', 'all');
// @ts-expect-error a section has images
void saveImagesWithAuth([{ username: 'alice', password: 'secret' }], 'images', 'all');
// @ts-expect-error a section has no token
void saveImagesWithAuth([{ username: 'a', password: 'b', images: [], token: 'c' }], 'images', 'all');

// Options: each by its camelCase name, as text or typed, and undefined where one is left out.
expectTypeOf<{
  mode: 'oci';
  archive: 'tar';
  splitSize: '1900MiB';
  retries: 3;
  strictTags: true;
  naming: ['strip-domain', 'keep-domain'];
  push: 'registry.example/mirror';
  onEvent: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}>().toExtend<SaveImagesOptions>();
expectTypeOf<{ splitSize: number; retries: string; strictTags: 'true' }>().toExtend<SaveImagesOptions>();
expectTypeOf<{ [Name in keyof SaveImagesOptions]: undefined }>().toExtend<SaveImagesOptions>();
expectTypeOf<keyof SaveImagesOptions>().not.toExtend<'images' | 'output' | 'platforms'>();
expectTypeOf<SaveImagesOptions['copier']>().toEqualTypeOf<'skopeo' | 'direct' | '' | undefined>();
expectTypeOf<SaveImagesOptions['onError']>().toEqualTypeOf<'fail' | 'warn' | '' | undefined>();
expectTypeOf<SaveImagesOptions['mode']>().toEqualTypeOf<'oci' | 'registry' | undefined>();

// @ts-expect-error an option that does not exist
void saveImages([], 'images', 'all', { copyer: 'direct' });
// @ts-expect-error a choice that does not exist
void saveImages([], 'images', 'all', { copier: 'wget' });
// @ts-expect-error an argument is not an option
void saveImages([], 'images', 'all', { output: 'images' });
// @ts-expect-error a mode that does not exist
void saveImages([], 'images', 'all', { mode: 'docker' });
// @ts-expect-error a signal is an AbortSignal, not its controller
void saveImages([], 'images', 'all', { signal: new AbortController() });
// @ts-expect-error an event has one of the types of SaveEvent
void saveImages([], 'images', 'all', { onEvent: (event) => event.type === 'finished' });

// parseOptions takes whatever a caller has, and gives options of the engine.
expectTypeOf(parseOptions).parameters.toEqualTypeOf<[Readonly<Record<string, unknown>>]>();
expectTypeOf(parseOptions).returns.toEqualTypeOf<SaveOptions>();
expectTypeOf<SaveOptions['splitSize']>().toEqualTypeOf<number>();
expectTypeOf<SaveOptions['layout']>().toEqualTypeOf<readonly ('oci' | 'zot')[]>();

// Errors.
expectTypeOf(FailedSaveError).instance.toExtend<OciSaveError>();
expectTypeOf<FailedSaveError['report']>().toEqualTypeOf<RunReport>();
expectTypeOf<FailedSaveError['lock']>().toEqualTypeOf<Lock>();
expectTypeOf<OciSaveError>().toExtend<Error>();
expectTypeOf<OciSaveError['code']>().toEqualTypeOf<ErrorCode>();
expectTypeOf<ErrorCode>().toEqualTypeOf<FailureClass | 'usage' | 'list' | 'machine' | 'interrupted'>();

// @ts-expect-error an error has one of the codes of ErrorCode
void new OciSaveError({ code: 'timeout', message: 'too late' });
// @ts-expect-error an error has a message
void new OciSaveError({ code: 'network' });

// The report and the lock are what their schemas read.
expectTypeOf((given: unknown) => runReportSchema.parse(given)).returns.toEqualTypeOf<RunReport>();
expectTypeOf<RunReport['outcome']>().toEqualTypeOf<'done' | 'failed' | 'warned'>();
expectTypeOf<RunReport['failed'][number]['class']>().toEqualTypeOf<FailureClass>();
expectTypeOf<RunReport['totals']['fetchedBytes']>().toEqualTypeOf<number>();
expectTypeOf<PushReport['outcome']>().toEqualTypeOf<'done' | 'failed' | 'warned'>();
expectTypeOf(parseLock).returns.toEqualTypeOf<Lock>();
expectTypeOf<Lock['images']>().items.toEqualTypeOf<LockedImage>();
expectTypeOf<LockedImage['digest']>().toEqualTypeOf<Digest>();
expectTypeOf<Digest>().toEqualTypeOf<`sha256:${string}`>();

// The stages that callers run alone.
expectTypeOf(pushBundle).returns.resolves.toEqualTypeOf<PushReport>();
expectTypeOf(readLists).returns.resolves.toHaveProperty('requests');
