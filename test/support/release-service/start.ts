import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { closable, type Closable } from '../closable.ts';
import { listen } from '../listen.ts';
import { type Answer, notFound, refused, sendAnswer } from './answer.ts';
import { answerFaults, type Operation, requestFaults } from './contract.ts';
import { receive } from './receive.ts';
import { type Asked, HANDLERS, refuseUpload, type Repository, storeAsset } from './routes.ts';
import schemas from './schemas.json' with { type: 'json' };
import { pageOf, type Origins, type StoredRelease } from './state.ts';
import { type FaultRule, faultPicker, type ReleaseServiceOptions } from './switches.ts';

/** A request as it came, in the order of arrival. */
export interface LoggedCall {
  /** `api`, `uploads`, or `storage`, to which downloads are redirected. */
  readonly host: 'api' | 'uploads' | 'storage';
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentLength: string | undefined;
  status: number;
}

export interface ReleaseService extends Closable {
  /** What GITHUB_API_URL is. */
  readonly url: string;
  readonly releases: readonly StoredRelease[];
  /** All requests, or those of a method. */
  calls(method?: string): LoggedCall[];
  clear(): void;
  /** What requests and answers had that GitHub's description does not know. */
  readonly violations: readonly string[];
  misbehave(...rules: readonly FaultRule[]): void;
  /** Other settings from now on, beside those that stay. */
  set(options: ReleaseServiceOptions): void;
  /** A release that somebody made. */
  add(release: Partial<Omit<StoredRelease, 'id'>> & { readonly tag: string }): StoredRelease;
  /** Somebody pushes a tag. */
  pushTag(tag: string): void;
  pageOf(release: StoredRelease): string;
  /** Names and sizes in a release, sorted by name. */
  files(tag: string): string[];
}

export const WRITER = 'ghs_writer0123456789abcdefghijklmnopqrstuv';

const OPERATIONS = Object.keys(schemas.operations).map((name) => {
  const [method = '', path = ''] = name.split(' ');
  const pattern = path.replaceAll(/\{(\w+)\}/g, (_, variable: string) =>
    variable === 'tag' ? '(?<tag>.+)' : `(?<${variable}>[^/]+)`,
  );
  return { name: name as Operation, method, pattern: new RegExp(`^${pattern}$`) };
});

/**
 * The releases of one repository, on loopback, by GitHub's rules: every request and every answer is checked against its
 * published description. Uploads and downloads have hosts of their own, as there. Large content is hashed and forgotten.
 */
export async function startReleaseService(initial: ReleaseServiceOptions = {}): Promise<ReleaseService> {
  let options: ReleaseServiceOptions = { repository: 'org/site', tokens: { [WRITER]: 'write' }, ...initial };
  let pick = faultPicker([]);
  const violations: string[] = [];
  const log: LoggedCall[] = [];
  let id = 1000;
  const repository: Repository = {
    releases: [],
    nextId: () => (id += 1),
    lagging: new Map(),
    unseen: new Map(),
    unlisted: new Map(),
    tags: new Set(),
  };
  const origins: { -readonly [Name in keyof Origins]: string } = {
    api: '',
    uploads: '',
    storage: '',
    repository: options.repository ?? '',
  };

  const serve = async (
    host: LoggedCall['host'],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { method = '', url = '', headers, socket } = request;
    const call: LoggedCall = {
      host,
      method,
      path: url,
      authorization: headers.authorization,
      contentLength: headers['content-length'],
      status: 0,
    };
    log.push(call);
    const answer = await answerTo(host, request);
    if (answer === undefined) {
      socket.destroy();
      return;
    }
    call.status = answer.status;
    sendAnswer(response, answer);
    // What was refused early is read to its end: a connection that is closed in its midst could take the answer with it.
    request.resume();
  };

  const answerTo = async (
    host: LoggedCall['host'],
    request: IncomingMessage,
  ): Promise<Answer | undefined> => {
    const { method = '', url = '', headers } = request;
    const { pathname, searchParams: query } = new URL(url, 'http://x');
    if (host === 'storage') return storageAnswer(pathname, headers.authorization);
    const found = OPERATIONS.find((one) => one.method === method && one.pattern.test(pathname));
    if (found === undefined) {
      violations.push(`${method} ${pathname} is no operation`);
      return notFound();
    }
    const { name, pattern } = found;
    const isUpload = name === 'POST /repos/{owner}/{repo}/releases/{release_id}/assets';
    if (isUpload !== (host === 'uploads')) violations.push(`${name} on ${host}`);
    const asked: Asked = {
      repository,
      options,
      origins,
      query,
      accept: headers.accept ?? '',
      place: { ...pattern.exec(pathname)?.groups },
      body: isUpload ? undefined : parseJson((await receive(request)).bytes),
    };
    const contentType = headers['content-type'];
    violations.push(...requestFaults(name, { query, contentType, body: asked.body }));
    if (headers['x-github-api-version'] === undefined) violations.push(`${name}: no version is asked for`);
    const answer = await judged(name, asked, request);
    if (answer !== undefined) violations.push(...answerFaults(name, answer.status, answer.json));
    return answer;
  };

  const judged = async (
    name: Operation,
    asked: Asked,
    request: IncomingMessage,
  ): Promise<Answer | undefined> => {
    const { method = '', url = '', headers } = request;
    const token = headers.authorization?.replace(/^(?:token|bearer) /i, '') ?? '';
    const rights = options.tokens?.[token];
    if (rights === undefined) return refused(401, 'Bad credentials');
    if (`${asked.place['owner']}/${asked.place['repo']}` !== options.repository) return notFound();
    if (rights === 'read' && method !== 'GET') {
      const accepted = 'contents=write; contents=write,workflows=write';
      const headers = { 'x-accepted-github-permissions': accepted };
      return refused(403, 'Resource not accessible by integration', headers);
    }
    if (rights === 'scopeless' && method !== 'GET') {
      const headers = { 'x-oauth-scopes': 'gist, read:org', 'x-accepted-oauth-scopes': 'repo' };
      return refused(404, 'Not Found', headers);
    }
    const fault = pick(method, url, token);
    if (fault?.kind === 'held') await fault.until();
    if (fault?.kind === 'silent') {
      await once(request.socket, 'close');
      return undefined;
    }
    if (fault?.kind === 'status') {
      const { status, message = 'Server Error', headers: more = {} } = fault;
      return refused(status, message, more);
    }
    if (fault?.kind === 'ignored') return HANDLERS['GET /repos/{owner}/{repo}/releases/{release_id}'](asked);
    const answer =
      name === 'POST /repos/{owner}/{repo}/releases/{release_id}/assets'
        ? await takeUpload(
            asked,
            request,
            fault?.kind === 'broken' ? fault : undefined,
            fault?.kind === 'damaged',
          )
        : HANDLERS[name](asked);
    if (fault?.kind === 'damaged later') {
      const sent = repository.releases
        .flatMap(({ assets }) => assets)
        .filter((one) => one.name === asked.query.get('name'));
      for (const asset of sent) asset.sha256 = '0'.repeat(64);
    }
    if (fault?.kind !== 'lost') return answer;
    return fault.status === undefined ? undefined : refused(fault.status, 'Server Error');
  };

  const takeUpload = async (
    asked: Asked,
    request: IncomingMessage,
    broken: { readonly after?: number; readonly answer: 502 | 'none' } | undefined,
    damaged: boolean,
  ): Promise<Answer | undefined> => {
    const length = request.headers['content-length'];
    const refusal = refuseUpload(asked, length === undefined ? undefined : Number(length));
    if (refusal !== undefined) return refusal;
    if (broken !== undefined) {
      storeAsset(asked, await receive(request, broken.after), 'starter');
      return broken.answer === 502 ? refused(502, 'Server Error') : undefined;
    }
    const received = await receive(request);
    if (received.size !== Number(length)) {
      storeAsset(asked, received, 'starter');
      return undefined;
    }
    return storeAsset(asked, damaged ? { ...received, sha256: '0'.repeat(64) } : received, 'uploaded');
  };

  const storageAnswer = (pathname: string, authorization: string | undefined): Answer => {
    if (authorization !== undefined) violations.push('a token went to the storage');
    const asset = repository.releases
      .flatMap(({ assets }) => assets)
      .find((one) => `/${one.id}` === pathname);
    return asset?.bytes === undefined ? notFound() : { status: 200, bytes: asset.bytes };
  };

  const hosts = ['api', 'uploads', 'storage'] as const;
  const servers = await Promise.all(
    hosts.map(async (host) => {
      const server = createServer((request, response) => {
        const { socket } = request;
        serve(host, request, response).catch((error: unknown) => {
          // A client that goes away is no fault of ours.
          if (!request.destroyed) violations.push(String(error));
          socket.destroy();
        });
      });
      const place = await listen(server);
      origins[host] = `http://${place.host}`;
      return place;
    }),
  );

  return closable<Omit<ReleaseService, keyof Closable>>(
    {
      url: origins.api,
      releases: repository.releases,
      violations,
      calls: (method) => log.filter((call) => method === undefined || call.method === method),
      clear: () => void log.splice(0),
      misbehave: (...rules) => {
        pick = faultPicker(rules);
      },
      set: (more) => {
        options = { ...options, ...more };
      },
      add({ assets = [], ...release }) {
        const made: StoredRelease = {
          id: repository.nextId(),
          title: release.tag,
          body: '',
          target: 'main',
          draft: false,
          prerelease: false,
          immutable: false,
          ...release,
          assets,
        };
        repository.releases.push(made);
        return made;
      },
      pushTag: (tag) => void repository.tags.add(tag),
      pageOf: (release) => pageOf(release, origins),
      files: (tag) =>
        repository.releases
          .filter((release) => release.tag === tag)
          .flatMap(({ assets }) =>
            assets.map(({ name, size, state }) => `${name} ${state === 'uploaded' ? size : state}`),
          )
          .toSorted(),
    },
    async () => void (await Promise.all(servers.map(({ end }) => end()))),
  );
}

function parseJson(bytes: Buffer | undefined): unknown {
  return bytes === undefined || bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
}
