import { z } from 'zod';
import type { CacheUse } from '../cache/index.ts';
import { createActionsCache } from '../cache/actions/index.ts';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { readBounded } from '../files/index.ts';
import type { ActionInputs } from '../options/index.ts';
import { jsonIn } from '../text/json-in.ts';
import type { Step } from './log.ts';

const MAX_EVENT_BYTES = 32 * 1024 * 1024;
const eventSchema = z.looseObject({
  repository: z.looseObject({ private: z.boolean().optional() }).optional(),
});

/** The Actions cache as the inputs configure it; undefined with `cache: off`, and offline: it is asked over a network. */
export async function remoteCacheOf(
  { cache, cacheMode, options }: ActionInputs,
  { env, workspace, masks, log }: Step,
): Promise<CacheUse | undefined> {
  if (cache === 'off' || options.offline) return undefined;
  return {
    cache: createActionsCache({
      env,
      workspace,
      onSecret: masks.add,
      onWords: (words) => log.emit({ type: 'log', level: 'debug', message: words }),
      onWarning: (message) => log.emit({ type: 'log', level: 'warning', message }),
    }),
    mode: cacheMode,
    asked: cache === 'actions',
    repository: env['GITHUB_REPOSITORY'] ?? '',
    withholdPrivate: cache === 'auto' && !(await isPrivate(env['GITHUB_EVENT_PATH'])),
  };
}

/** Whether the event says that the repository is not public. An event that cannot be read does not say so. */
async function isPrivate(eventFile: string | undefined): Promise<boolean> {
  if (eventFile === undefined || eventFile === '') return false;
  try {
    const bytes = await readBounded(eventFile, MAX_EVENT_BYTES);
    return eventSchema.safeParse(jsonIn(bytes?.toString('utf8'))).data?.repository?.private === true;
  } catch (error) {
    if (error instanceof OciSaveError || systemCodeOf(error) !== undefined) return false;
    throw error;
  }
}
