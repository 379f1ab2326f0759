import { OciSaveError } from '../errors.ts';
import type { Agents, Connection } from './agents.ts';
import { parseRetryAfter, readRefusal, type Refusal } from './refusal.ts';
import { readBeginning } from './body.ts';
import { networkError } from '../registry/error.ts';
import type { InsecureHosts } from './insecure.ts';
import { isRedirect, MAX_REDIRECTS, redirectTarget, tooManyRedirects } from './redirect.ts';
import { send, type WireRequest, type WireResponse } from './transport.ts';

const MAX_ERROR_BYTES = 64 * 1024;

export interface Ask extends WireRequest {
  /** What is asked for, as messages call it. */
  readonly subject: string;
  /** The Authorization header; it goes to this URL's origin alone. */
  readonly authorization?: string | undefined;
  /** What must not be shown where a server echoes it. */
  readonly secrets?: readonly string[];
  /** False where the caller resumes by itself: then only a throttle is waited for. */
  readonly retry?: boolean;
  /** Whether it is part of a push, for messages. */
  readonly push?: boolean;
  /** Whether a redirect that keeps the method (307, 308) is followed, with the body. Others are for reading. */
  readonly resend?: boolean;
}

export interface Answer extends WireResponse {
  /** The address that answered, its host, and whether redirects had led to another origin than the one asked. */
  readonly url: URL;
  readonly host: string;
  readonly crossed: boolean;
  /** Reads the answer as a refusal: its words, for an error. */
  readonly refusal: () => Promise<Refusal>;
}

export interface FollowOptions {
  readonly agents: Agents;
  readonly insecure: InsecureHosts;
  readonly userAgent: string;
  /** Milliseconds until an answer's head. */
  readonly requestMilliseconds: number;
  /** Milliseconds of silence inside a body. */
  readonly stallMilliseconds: number;
  /** Lets a request to the asked host go out. */
  readonly admitted: () => Promise<void>;
}

/** Sends a request and goes where it is sent on to, without its credentials once the origin changes. */
export async function follow(ask: Ask, options: FollowOptions): Promise<Answer> {
  const { agents, insecure, userAgent, requestMilliseconds, stallMilliseconds, admitted } = options;
  let { url } = ask;
  let authorization = ask.authorization;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const from = url;
    const response = await sendOnce(
      {
        ...ask,
        url,
        ...(url.host === ask.url.host ? { admitted } : {}),
        headers: { ...ask.headers, 'user-agent': userAgent, ...(authorization ? { authorization } : {}) },
      },
      agents.connect(url, { verify: !insecure.has(url) }),
      requestMilliseconds,
    );
    if (!isFollowed(ask, response.status)) {
      return answerOf(ask, response, from, stallMilliseconds);
    }
    response.discard();
    url = redirectTarget({
      subject: ask.subject,
      from,
      location: response.headers.location,
      peer: response.peer,
      trusted: insecure.has(ask.url),
    });
    if (url.origin !== from.origin) authorization = undefined;
  }
  throw tooManyRedirects(ask.subject, ask.url.host);
}

function isFollowed({ method, resend = false }: Ask, status: number): boolean {
  if (method === 'GET' || method === 'HEAD') return isRedirect(status);
  return resend && (status === 307 || status === 308);
}

async function sendOnce(
  request: Ask,
  connection: Connection,
  requestMilliseconds: number,
): Promise<WireResponse> {
  try {
    return await send(request, connection, requestMilliseconds);
  } catch (cause) {
    request.signal?.throwIfAborted();
    // A quota is no network fault.
    if (cause instanceof OciSaveError && cause.code !== 'network') throw cause;
    throw networkError(request.subject, request.url.host, cause);
  }
}

function answerOf(ask: Ask, response: WireResponse, url: URL, stallMilliseconds: number): Answer {
  const { status, headers, body } = response;
  return {
    ...response,
    url,
    host: url.host,
    crossed: url.origin !== ask.url.origin,
    async refusal() {
      const beginning = await readBeginning(body, MAX_ERROR_BYTES, { stallMilliseconds, signal: ask.signal });
      const retryAfter = parseRetryAfter(headers['retry-after'], headers.date, Date.now());
      return readRefusal({
        host: url.host,
        status,
        body: beginning,
        retryAfter,
        secrets: ask.secrets ?? [],
      });
    },
  };
}
