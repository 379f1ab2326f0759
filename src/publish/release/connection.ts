import { Octokit } from '@octokit/core';
import type { z } from 'zod';
import { USER_AGENT } from '../../version.ts';
import { parsed } from './answers.ts';
import { type Ask, createAsk } from './ask.ts';
import type { ServiceOptions } from './service-options.ts';
import type { ReleaseTarget } from './target.ts';

/** Pages are as large as the service makes them. */
export const PER_PAGE = 100;
/** GitHub lists ten thousand releases and no more. */
const MAX_PAGES = 100;
/** For answers in JSON; an upload has no such end. */
const ANSWER_MILLISECONDS = 60_000;

/** The version of the API that this was written for. */
export const HEADERS = { 'x-github-api-version': '2022-11-28' };

/** What all calls to one repository share. */
export type Connection = ReturnType<typeof connect>;

/** Opens no socket yet. */
export function connect(target: ReleaseTarget, options: ServiceOptions) {
  const { api, owner, repo, token } = target;
  const { retries, signal, onWait } = options;
  const octokit = new Octokit({
    baseUrl: api.href.replace(/\/$/, ''),
    auth: token,
    userAgent: USER_AGENT,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const at = { owner, repo, headers: HEADERS };
  const where = `${owner}/${repo} on ${api.host}`;
  const ask: Ask = createAsk({ retries, where, signal, onWait });
  // For what must not be done twice: only where a limit kept it from being done at all.
  const askOnce: Ask = createAsk({ retries, may: ({ limited }) => limited, where, signal, onWait });
  const soon = (): { signal: AbortSignal } => {
    const deadline = AbortSignal.timeout(ANSWER_MILLISECONDS);
    return { signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) };
  };

  const allPages = async <Schema extends z.ZodType>(
    schema: Schema,
    read: (page: number) => Promise<readonly z.input<Schema>[]>,
  ): Promise<z.output<Schema>[]> => {
    const all: z.output<Schema>[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const entries = await read(page);
      all.push(...entries.map((entry) => parsed(schema, entry, where)));
      if (entries.length < PER_PAGE) break;
    }
    return all;
  };

  return { target, octokit, at, where, ask, askOnce, soon, allPages, signal };
}
