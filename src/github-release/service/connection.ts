import { Octokit } from '@octokit/core';
import type { z } from 'zod';
import { USER_AGENT } from '../../version.ts';
import { parsed, unreadable } from './answers.ts';
import { type Ask, createAsk } from './ask.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { readRefusal, type Refusal } from './refusal.ts';
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

const isList = (value: unknown): boolean => Array.isArray(value);

/** Opens no socket yet. */
export function connect(target: ReleaseTarget, options: ServiceOptions) {
  const { api, owner, repo, token } = target;
  const { retries, signal, stallMilliseconds = ANSWER_MILLISECONDS, onWait } = options;
  const where = `${owner}/${repo} on ${api.host}`;
  const secrets = [token];
  const octokit = new Octokit({
    baseUrl: api.href.replace(/\/$/, ''),
    auth: token,
    userAgent: USER_AGENT,
    request: {
      fetch: boundedFetch({ headMilliseconds: ANSWER_MILLISECONDS, tooLarge: () => unreadable(where) }),
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const at = { owner, repo, headers: HEADERS };
  const ask: Ask = createAsk({ retries, where, secrets, signal, onWait });
  // For what must not be done twice: only where a limit kept it from being done at all.
  const askOnce: Ask = createAsk({ retries, may: ({ limited }) => limited, where, secrets, signal, onWait });
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
      // The type is GitHub's promise, and another server may answer in its place.
      if (!isList(entries)) throw unreadable(where);
      all.push(...entries.map((entry) => parsed(schema, entry, where)));
      if (entries.length < PER_PAGE) break;
    }
    return all;
  };

  const refusalIn = (error: unknown): Refusal | undefined => readRefusal(error, secrets);
  const bytes = { retries, stallMilliseconds, signal };
  return { target, octokit, at, where, ask, askOnce, soon, allPages, refusalIn, bytes, signal };
}
