import { Readable } from 'node:stream';
import { z } from 'zod';
import { messageOf, OciSaveError, unlessMissing } from '../../errors.ts';
import {
  cannotResume,
  createHttpClient,
  download,
  type Environment,
  type HttpRequest,
  type HttpResponse,
  partIn,
  rangeHeader,
  type RetryPolicy,
  type Trust,
} from '../../http/index.ts';
import { jsonIn } from '../../text/json-in.ts';
import { hasLostItsTag } from '../draft/notes.ts';
import {
  judgeOf,
  MAX_WAIT_MILLISECONDS,
  mayRetry,
  networkErrorAt,
  parseErrorBody,
  waitOf,
  wasHeldBack,
} from './refusal.ts';
import { assetSchema, parsed, releaseSchema, unreadable } from './schemas.ts';
import type { Release, ReleaseService } from './service.ts';
import type { ReleaseTarget } from './target.ts';

/** How a release service is called. */
export interface ServiceOptions {
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** What TLS stands on; by default Node's own list of authorities. */
  readonly trust?: Trust | undefined;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  /** How long a file may stall until it counts as cut; a minute by default. */
  readonly stallMilliseconds?: number | undefined;
  /** How long the service may take to respond; a minute by default. */
  readonly requestMilliseconds?: number | undefined;
  /** Called where the service asks to wait, and another attempt follows. */
  readonly onWait: (milliseconds: number) => void;
  /** Called with the words of any other failure after which another attempt follows. */
  readonly onAgain?: ((why: string) => void) | undefined;
}

/** The largest page that the service has. */
const PER_PAGE = 100;
/** GitHub lists at most ten thousand releases. */
const MAX_PAGES = 100;
/** A hundred releases with some hundred files each: anything larger is not a page of a list. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
const MINUTE = 60_000;
/** What the service may need to process a file, beyond a minute: 10 MB a second. */
const BYTES_A_MILLISECOND = 10_000;

/** The version of the API that this was written for. */
const HEADERS = { 'x-github-api-version': '2022-11-28' };
const JSON_HEADERS = { ...HEADERS, accept: 'application/vnd.github+json' };
const BYTES = 'application/octet-stream';

type Call = Pick<HttpRequest, 'method' | 'url' | 'headers'> &
  Partial<Pick<HttpRequest, 'content' | 'stream' | 'extraMilliseconds' | 'retry'>>;

/** The releases of a repository on GitHub, or on a GitHub Enterprise Server. It opens no socket yet. */
export function createReleaseService(
  { api, owner, repo, token, commit }: ReleaseTarget,
  {
    env,
    trust,
    retry: policy,
    signal,
    stallMilliseconds = MINUTE,
    requestMilliseconds = MINUTE,
    onWait,
    onAgain,
  }: ServiceOptions,
): ReleaseService {
  const repository = `${owner}/${repo}`;
  const where = `${repository} on ${api.host}`;
  const http = createHttpClient({
    env,
    trust,
    sockets: 8,
    policy,
    requestMilliseconds,
    stallMilliseconds,
    wholeMilliseconds: MINUTE,
    maxHoldMilliseconds: MAX_WAIT_MILLISECONDS,
    parse: parseErrorBody,
    judge: judgeOf(where),
  });
  const urlOf = (path: string): URL =>
    new URL(`${api.href.replace(/\/$/, '')}/repos/${owner}/${repo}/releases${path}`);
  const onRetry = (error: unknown): void => {
    const wait = waitOf(error);
    if (wait > 0) onWait(wait);
    else onAgain?.(messageOf(networkErrorAt(repository, error)));
  };

  const common = {
    resend: true,
    retry: mayRetry,
    onRetry,
    authorization: `Bearer ${token}`,
    secrets: [token],
    signal,
  };
  const request = async <T>(
    subject: string,
    call: Call,
    read: (response: HttpResponse) => Promise<T> | T,
  ): Promise<T> => {
    try {
      return await http.request({ ...common, ...call, subject }, read);
    } catch (error) {
      throw networkErrorAt(repository, error);
    }
  };

  const readJson = async (response: HttpResponse): Promise<unknown> => {
    const tooLong = (): OciSaveError => unreadable(where);
    return jsonIn(await response.whole({ limit: MAX_RESPONSE_BYTES, tooLong }));
  };

  /** A call with parameters and a response in JSON. */
  const json = async <Schema extends z.ZodType>(
    schema: Schema,
    subject: string,
    method: HttpRequest['method'],
    path: string,
    body?: Readonly<Record<string, unknown>>,
    more?: Pick<Call, 'retry'>,
  ): Promise<z.output<Schema>> => {
    const sent =
      body === undefined
        ? { headers: JSON_HEADERS }
        : { headers: { ...JSON_HEADERS, 'content-type': 'application/json' }, content: JSON.stringify(body) };
    const data = await request(subject, { method, url: urlOf(path), ...sent, ...more }, readJson);
    return parsed(schema, data, where);
  };

  const allPages = async <Schema extends z.ZodType>(
    schema: Schema,
    subject: string,
    path: string,
  ): Promise<z.output<Schema>[]> => {
    const all: z.output<Schema>[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const query = `?page=${page}&per_page=${PER_PAGE}`;
      const entries = await json(z.array(schema), subject, 'GET', path + query);
      all.push(...entries);
      if (entries.length < PER_PAGE) break;
    }
    return all;
  };

  const remove = async (subject: string, path: string): Promise<void> =>
    request(subject, { method: 'DELETE', url: urlOf(path), headers: JSON_HEADERS }, (response) =>
      response.discard(),
    );

  const checkTag = (tag: string, release: Release): Release => {
    // A draft may have a substitute for its tag.
    if (release.tag === tag || (release.draft && hasLostItsTag(release))) return release;
    throw unreadable(where);
  };

  /**
   * Every edit names the tag: otherwise GitHub removes it from a draft. The commit is not named: without a new one the
   * existing target stays, by GitHub's description of the call.
   */
  const edit = (
    subject: string,
    { id }: Release,
    change: { readonly tag_name: string; readonly draft?: boolean; readonly body?: string },
  ): Promise<Release> => json(releaseSchema, subject, 'PATCH', `/${id}`, change);

  return {
    async checkRight(tag) {
      const notes = { tag_name: tag, ...(commit === undefined ? {} : { target_commitish: commit }) };
      const call: Call = {
        method: 'POST',
        url: urlOf('/generate-notes'),
        headers: { ...JSON_HEADERS, 'content-type': 'application/json' },
        content: JSON.stringify(notes),
        retry: false,
      };
      try {
        await request(`release ${tag} cannot be written`, call, (response) => response.discard());
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof OciSaveError && error.code !== 'denied') return;
        throw error;
      }
    },
    async published(tag) {
      const path = `/tags/${encodeURIComponent(tag)}`;
      const subject = `release ${tag} cannot be looked up`;
      const release = await unlessMissing(json(releaseSchema, subject, 'GET', path));
      return release && checkTag(tag, release);
    },
    async listed(tag) {
      const releases = await allPages(releaseSchema, 'releases cannot be listed', '');
      return releases.filter((release) => release.tag === tag || hasLostItsTag(release));
    },
    reread: ({ id, tag }) =>
      unlessMissing(json(releaseSchema, `release ${tag} cannot be looked up`, 'GET', `/${id}`)),
    async createDraft(tag, title, body) {
      const draft = {
        tag_name: tag,
        name: title,
        body,
        draft: true,
        ...(commit === undefined ? {} : { target_commitish: commit }),
      };
      const subject = `release ${tag} cannot be created`;
      // Not repeated: that could create a second draft of the tag.
      return checkTag(tag, await json(releaseSchema, subject, 'POST', '', draft, { retry: wasHeldBack }));
    },
    bind: (release, tag_name) =>
      edit(`draft ${release.url} cannot be given its tag ${tag_name}`, release, { tag_name }),
    publish: (release, tag_name, body) =>
      edit(`release ${tag_name} cannot be published`, release, { tag_name, draft: false, body }),
    removeDraft: ({ id, tag, url }) =>
      unlessMissing(remove(`the second draft of release ${tag}, ${url}, cannot be removed`, `/${id}`)),
    assets: ({ id, tag }) =>
      allPages(assetSchema, `files of release ${tag} cannot be listed`, `/${id}/assets`),
    async upload(release, { name, size, open }) {
      const call: Call = {
        method: 'POST',
        url: uploadUrl(release, name, api),
        headers: { ...JSON_HEADERS, 'content-type': BYTES },
        stream: { size, open: () => Readable.from(open(), { objectMode: false }) },
        extraMilliseconds: 4 * MINUTE + size / BYTES_A_MILLISECOND,
        retry: wasHeldBack,
      };
      return parsed(assetSchema, await request(`${name} cannot be uploaded`, call, readJson), where);
    },
    rename: ({ id, name: old }, name) =>
      json(assetSchema, `${old} cannot be renamed to ${name}`, 'PATCH', `/assets/${id}`, { name }),
    async remove({ id, name }) {
      await unlessMissing(remove(`${name} cannot be removed`, `/assets/${id}`));
    },
    async *read({ id, name, size }) {
      const subject = `${name} cannot be read`;
      let given = 0;
      const bytes = download({
        subject,
        size,
        policy,
        signal,
        may: mayRetry,
        onRetry,
        open(offset) {
          const headers = { ...HEADERS, accept: BYTES, ...rangeHeader(offset) };
          const call = { method: 'GET', url: urlOf(`/assets/${id}`), headers, retry: false } as const;
          return http.request({ ...common, ...call, subject }, (response) => {
            if (cannotResume(response, offset)) return undefined;
            const part = partIn(response, offset);
            if (part === undefined) {
              response.discard();
              throw unreadable(where);
            }
            const body = response.stream({ limit: Infinity, tooLong: () => unreadable(where) });
            return { offset: part.offset, body };
          });
        },
      });
      try {
        for await (const chunk of bytes) {
          given += chunk.length;
          yield chunk;
          // These are other bytes than the asset's.
          if (given > size) return;
        }
      } catch (error) {
        throw networkErrorAt(repository, error);
      }
    },
  };
}

/** The token is sent with the bytes: never from https to http. */
function uploadUrl(release: Pick<Release, 'uploadUrl'>, name: string, api: URL): URL {
  const url = URL.parse(release.uploadUrl.replace(/\{.*/s, ''));
  if (url === null || (url.protocol !== 'https:' && url.protocol !== api.protocol)) {
    throw new OciSaveError({
      code: 'unsupported',
      message: `${api.host} names an address for uploads that cannot be used`,
      hint: 'Nothing was sent: the token would go there unprotected.',
    });
  }
  url.searchParams.set('name', name);
  return url;
}
