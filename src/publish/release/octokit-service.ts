import { Octokit } from '@octokit/core';
import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import { USER_AGENT } from '../../version.ts';
import { type Ask, createAsk } from './ask.ts';
import { readRefusal } from './refusal.ts';
import type { Asset, NewAsset, Release, ReleaseService } from './service.ts';
import type { ReleaseTarget } from './target.ts';

export interface ServiceOptions {
  /** Attempts after the first one. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  readonly onWait: (milliseconds: number) => void;
}

const releaseSchema = z
  .object({
    id: z.int(),
    tag_name: z.string(),
    draft: z.boolean(),
    immutable: z.boolean().optional(),
    html_url: z.string(),
    upload_url: z.string(),
    body: z.string().nullish(),
  })
  .transform(
    ({
      id,
      tag_name: tag,
      draft,
      immutable = false,
      html_url: url,
      upload_url: uploadUrl,
      body,
    }): Release => ({
      id,
      tag,
      draft,
      immutable,
      url,
      uploadUrl,
      body: body ?? '',
    }),
  );

const assetSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    size: z.int().nonnegative(),
    state: z.string(),
    digest: z.string().nullish(),
  })
  .transform(({ digest, ...asset }): Asset => ({ ...asset, digest: digest ?? null }));

/** Pages are as large as the service makes them. */
const PER_PAGE = 100;
/** GitHub lists ten thousand releases and no more. */
const MAX_PAGES = 100;
/** For answers in JSON; an upload has no such end. */
const ANSWER_MILLISECONDS = 60_000;

const HEADERS = { 'x-github-api-version': '2022-11-28' };

/** The releases of a repository on GitHub, or on a GitHub Enterprise Server. */
export function createReleaseService(target: ReleaseTarget, options: ServiceOptions): ReleaseService {
  const { api, owner, repo, token, commit } = target;
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

  return {
    async published(tag) {
      return ask(`release ${tag} cannot be looked up`, async () => {
        try {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/tags/{tag}', {
            ...at,
            tag,
            request: soon(),
          });
          return parsed(releaseSchema, answer.data, where);
        } catch (error) {
          if (readRefusal(error)?.status === 404) return undefined;
          throw error;
        }
      });
    },
    async drafts(tag) {
      const releases = await allPages(releaseSchema, (page) =>
        ask('releases cannot be listed', async () => {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases', {
            ...at,
            page,
            per_page: PER_PAGE,
            request: soon(),
          });
          return answer.data;
        }),
      );
      return releases.filter((release) => release.draft && release.tag === tag);
    },
    async createDraft(tag, title, body) {
      // Not asked again: a second draft of the tag could be the answer.
      return askOnce(`release ${tag} cannot be created`, async () => {
        const answer = await octokit.request('POST /repos/{owner}/{repo}/releases', {
          ...at,
          tag_name: tag,
          name: title,
          body,
          draft: true,
          ...(commit === undefined ? {} : { target_commitish: commit }),
          request: soon(),
        });
        return parsed(releaseSchema, answer.data, where);
      });
    },
    async publish({ id, tag }, body) {
      return ask(`release ${tag} cannot be published`, async () => {
        const answer = await octokit.request('PATCH /repos/{owner}/{repo}/releases/{release_id}', {
          ...at,
          release_id: id,
          draft: false,
          body,
          request: soon(),
        });
        return parsed(releaseSchema, answer.data, where);
      });
    },
    async removeDraft({ id, tag }) {
      await ask(`a second draft of release ${tag} cannot be removed`, () =>
        octokit.request('DELETE /repos/{owner}/{repo}/releases/{release_id}', {
          ...at,
          release_id: id,
          request: soon(),
        }),
      );
    },
    async assets({ id, tag }) {
      return allPages(assetSchema, (page) =>
        ask(`files of release ${tag} cannot be listed`, async () => {
          const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/{release_id}/assets', {
            ...at,
            release_id: id,
            page,
            per_page: PER_PAGE,
            request: soon(),
          });
          return answer.data;
        }),
      );
    },
    async upload(release, asset) {
      return askOnce(`${asset.name} cannot be uploaded`, async () => {
        const answer = await octokit.request({
          method: 'POST',
          url: uploadAddress(release, target),
          name: asset.name,
          headers: {
            ...HEADERS,
            'content-type': 'application/octet-stream',
            'content-length': String(asset.size),
          },
          data: bodyOf(asset),
          // Otherwise fetch keeps the whole body in memory, to be able to follow a redirect with it.
          request: { redirect: 'error', ...(signal === undefined ? {} : { signal }) },
        });
        const data: unknown = answer.data;
        return checked(assetSchema, data, where);
      });
    },
    async rename({ id, name: old }, name) {
      return ask(`${old} cannot be renamed to ${name}`, async () => {
        const answer = await octokit.request('PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}', {
          ...at,
          asset_id: id,
          name,
          request: soon(),
        });
        return parsed(assetSchema, answer.data, where);
      });
    },
    async remove({ id, name }) {
      await ask(`${name} cannot be removed`, async () => {
        try {
          await octokit.request('DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}', {
            ...at,
            asset_id: id,
            request: soon(),
          });
        } catch (error) {
          if (readRefusal(error)?.status !== 404) throw error;
        }
      });
    },
    async *read({ id, name }) {
      const body: unknown = await ask(`${name} cannot be read`, async () => {
        const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
          ...at,
          asset_id: id,
          headers: { ...HEADERS, accept: 'application/octet-stream' },
          request: { parseSuccessResponseBody: false, ...(signal === undefined ? {} : { signal }) },
        });
        return answer.data;
      });
      if (!(body instanceof ReadableStream)) throw unreadable(where);
      for await (const chunk of body) {
        if (!(chunk instanceof Uint8Array)) throw unreadable(where);
        yield chunk;
      }
    },
  };
}

/** Empty files are refused by the service; ours are never empty. */
function bodyOf({ open }: NewAsset): ReadableStream<Uint8Array> {
  return ReadableStream.from(open());
}

/** The token goes with the bytes: never from https to http. */
function uploadAddress({ uploadUrl }: Release, { api }: ReleaseTarget): string {
  const plain = uploadUrl.replace(/\{.*\}$/, '');
  const url = URL.canParse(plain) ? new URL(plain) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === api.protocol))
    return `${plain}{?name}`;
  throw new OciSaveError({
    code: 'unsupported',
    message: `${api.host} names an address for uploads that cannot be used`,
    hint: 'Nothing was sent: the token would go there unprotected.',
  });
}

/** What is given has the type that GitHub describes, so that a schema which asks for something else does not compile. */
function parsed<Schema extends z.ZodType>(
  schema: Schema,
  data: z.input<Schema>,
  where: string,
): z.output<Schema> {
  return checked(schema, data, where);
}

function checked<Schema extends z.ZodType>(schema: Schema, data: unknown, where: string): z.output<Schema> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw unreadable(where, result.error);
}

function unreadable(where: string, cause?: unknown): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${where} answered what is no answer of GitHub's API`,
    hint: 'Check GITHUB_API_URL.',
    cause,
  });
}
