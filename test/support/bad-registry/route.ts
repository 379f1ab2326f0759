import type { IncomingMessage } from 'node:http';
import { type RequestSubject, subjectOf } from '../registry-request.ts';
import { type Answer, errorAnswer, htmlAnswer, ranged } from './answer.ts';
import { challenges, giveToken, mayRead, type Tokens } from './auth.ts';
import type { Contents } from './contents.ts';
import { type Asked, blobAnswer, manifestAnswer, referrersAnswer, tagsAnswer } from './pull.ts';
import type { BadSwitches } from './switches.ts';

/** Where a request arrived and where the other port is, as `scheme://host`. */
export interface Place {
  readonly port: 'first' | 'second';
  readonly origin: string;
  readonly other: string;
}

export interface Registry {
  readonly contents: Contents;
  readonly tokens: Tokens;
  readonly switches: BadSwitches;
}

const MOVED = '/moved';

export interface Routed {
  readonly answer: Answer;
  /** Faults are for content and tokens, not for challenges and redirects: so that their counts mean something. */
  readonly mayFail: boolean;
}

/** The answer to a request before faults. */
export async function route(registry: Registry, place: Place, request: IncomingMessage): Promise<Routed> {
  const { url = '/', method = 'GET' } = request;
  const path = url.startsWith(MOVED) ? url.slice(MOVED.length) : url;
  const subject = subjectOf(path);
  const firm = (answer: Answer): Routed => ({ answer, mayFail: false });
  if (place.port === 'second') {
    const refused = refusal(registry.switches, request);
    if (refused) return firm(refused);
  } else if (subject.kind !== 'token' && path === url) {
    const denied = challenge(registry, place, request, subject);
    if (denied) return firm(denied);
    const redirected = redirect(registry.switches, place, path, subject);
    if (redirected) return firm(redirected);
  }
  if (subject.kind === 'manifest' && method === 'HEAD' && registry.switches.head !== undefined) {
    return firm(errorAnswer(registry.switches.head, 'UNSUPPORTED', 'no HEAD here'));
  }
  return { answer: await content(registry, place, request, path, subject), mayFail: true };
}

async function content(
  { contents, tokens, switches }: Registry,
  { origin, other }: Place,
  request: IncomingMessage,
  path: string,
  subject: RequestSubject,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD' && subject.kind !== 'token') {
    return errorAnswer(405, 'UNSUPPORTED', 'this registry can be read only');
  }
  const { repository = '', reference = '' } = subject;
  const query = new URL(path, origin).searchParams;
  const asked: Asked = { repository, reference, accept: request.headers.accept ?? '', query, origin };
  switch (subject.kind) {
    case 'ping':
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') };
    case 'manifest':
      return manifestAnswer(contents, switches, asked);
    case 'blob': {
      const answer = blobAnswer(contents, switches, asked);
      return switches.ranges === false || answer.status !== 200
        ? answer
        : ranged(answer, request.headers.range);
    }
    case 'tags':
      return tagsAnswer(contents, switches, asked);
    case 'referrers':
      return referrersAnswer(contents, switches, asked, other);
    case 'token': {
      if (!switches.auth) return htmlAnswer(404);
      const { status, body } = await giveToken(switches.auth, tokens, request);
      return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
    }
    case 'upload':
    case 'catalog':
    case 'other':
  }
  return htmlAnswer(404);
}

function challenge(
  { switches: { auth }, tokens }: Registry,
  { origin }: Place,
  request: IncomingMessage,
  { repository }: RequestSubject,
): Answer | undefined {
  if (!auth || mayRead(auth, tokens, request.headers.authorization, repository)) return undefined;
  const answer = errorAnswer(401, 'UNAUTHORIZED', 'authentication required');
  const lines = challenges(auth, `${origin}/token`, repository);
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': lines } };
}

function redirect(
  { redirect: switches }: BadSwitches,
  { other }: Place,
  path: string,
  { kind }: RequestSubject,
): Answer | undefined {
  const moved = kind === 'blob' ? 'blobs' : kind === 'manifest' ? 'manifests' : undefined;
  if (!switches || moved === undefined || (switches.of !== 'both' && switches.of !== moved)) return undefined;
  const location = switches.location === 'relative' ? `${MOVED}${path}` : `${other}${path}`;
  return { status: 307, headers: { location }, body: new Uint8Array() };
}

/** An object store: it knows its own signatures alone. */
function refusal({ redirect: switches }: BadSwitches, request: IncomingMessage): Answer | undefined {
  if (switches?.refuses === 'authorization' && request.headers.authorization !== undefined) {
    return errorAnswer(400, 'INVALID_ARGUMENT', 'only one authentication mechanism is allowed');
  }
  if (switches?.refuses === 'head' && request.method === 'HEAD') {
    return errorAnswer(403, 'DENIED', 'the address is signed for GET');
  }
  return undefined;
}
