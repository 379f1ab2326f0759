import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { OciSaveError } from '../errors.ts';
import {
  type InsecureHosts,
  isPrivateHost,
  isPrivateSender,
  PrivateAddressError,
  privateAddressError,
  type Sender,
} from './address.ts';
import type { Agents } from './agents.ts';
import { boundedBody, type BodyLimits, type BodyRules, readBeginning } from './response/body.ts';
import {
  decodeBeginning,
  decodedBody,
  decodeWhole,
  encodingError,
  encodingOf,
  isKnownEncoding,
} from './response/encoding.ts';
import type { Lane } from './rate-limiter.ts';
import { networkError, proxyError, ProxyRefusal, unreachedError } from './response/error.ts';
import { type ErrorParser, parseRetryAfter, readRefusal, type Refusal } from './response/refusal.ts';
import { isSpent } from './retry.ts';
import { certificatesBehind } from './tls/behind-proxy.ts';
import { CertificateRefused } from './tls/certificate.ts';
import { send, type WireRequest, type WireResponse } from './transport.ts';

const MAX_REDIRECTS = 5;
const MAX_ERROR_BYTES = 64 * 1024;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface HttpRequest extends Omit<WireRequest, 'admitted'> {
  /** What is asked for, as messages call it. */
  readonly subject: string;
  /** The Authorization header; it goes to this URL's origin alone. */
  readonly authorization?: string | undefined;
  /** What must not be shown where a server echoes it. */
  readonly secrets?: readonly string[];
  /**
   * Who named the address and how, where it was not the user: `ghcr.io names a token service at`. It may not be private
   * then.
   */
  readonly namedBy?: string | undefined;
  /** What its host counts it with. */
  readonly lane?: Lane | undefined;
  /** How many milliseconds it may wait for a host that says that it is not available; by default as long as the host asks. */
  readonly patience?: number | undefined;
  /** Whether it is part of something that writes, for messages. */
  readonly writes?: boolean;
  /** Whether a redirect that keeps the method (307, 308) is followed, with the body. Others are for reading. */
  readonly resend?: boolean;
  /** False for one attempt; a function narrows or widens what is worth another one. A streamed body is not repeated. */
  readonly retry?: boolean | ((error: unknown) => boolean);
  /** Told of a failure after which another attempt comes. */
  readonly onRetry?: ((error: unknown) => void) | undefined;
}

export interface HttpResponse extends WireResponse {
  /** The address that answered, its host, and whether redirects had led to another origin than the one asked. */
  readonly url: URL;
  readonly host: string;
  readonly crossed: boolean;
  /** Reads the response as a refusal: its words, for an error. */
  readonly refusal: () => Promise<Refusal>;
  /**
   * The body as a stream under bounds, without a Content-Encoding that nobody asked for. Read it or destroy it.
   * @throws OciSaveError `unsupported` for an encoding that cannot be undone
   */
  readonly stream: (rules: BodyLimits & Partial<Pick<BodyRules, 'broken' | 'ended'>>) => Readable;
  /** The whole body in memory, likewise. */
  readonly whole: (limits: BodyLimits) => Promise<Uint8Array>;
}

export interface FollowOptions {
  readonly agents: Agents;
  readonly insecure: InsecureHosts;
  readonly userAgent: string;
  /** Milliseconds until a response's head. */
  readonly requestMilliseconds: number;
  /** Milliseconds of silence inside a body. */
  readonly stallMilliseconds: number;
  readonly leastBytesASecond?: number | undefined;
  /** Milliseconds for a body that is held in memory. */
  readonly wholeMilliseconds: number;
  readonly parse?: ErrorParser | undefined;
}

/**
 * Sends a request and goes where it is sent on to, without its credentials once the origin changes.
 * @param admitted lets a request to the asked host go out
 */
export async function follow(
  request: HttpRequest,
  options: FollowOptions,
  admitted: () => Promise<void>,
): Promise<HttpResponse> {
  const { insecure, userAgent } = options;
  let { url, authorization, namedBy } = request;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const sent = {
      ...request,
      url,
      namedBy,
      ...(url.host === request.url.host ? { admitted } : {}),
      headers: { ...request.headers, 'user-agent': userAgent, ...(authorization ? { authorization } : {}) },
    };
    const response = await sendOnce(sent, options);
    const sender = { url, peer: response.peer };
    if (!isFollowed(request, response.status)) return responseOf(request, response, url, options);
    response.discard();
    const trusted = insecure.has(request.url) || isPrivateSender(sender);
    url = redirectTarget({
      subject: request.subject,
      from: sender,
      location: response.headers.location,
      trusted,
    });
    if (url.host !== sender.url.host) namedBy = trusted ? undefined : `${sender.url.host} redirects to`;
    if (url.origin !== sender.url.origin) authorization = undefined;
  }
  throw new OciSaveError({
    code: 'unsupported',
    message: `${request.subject}: ${request.url.host} redirects more than ${MAX_REDIRECTS} times`,
  });
}

function isFollowed({ method, resend = false }: HttpRequest, status: number): boolean {
  if (method === 'GET' || method === 'HEAD') return REDIRECTS.has(status);
  return resend && (status === 307 || status === 308);
}

export interface Redirect {
  /** What was asked for, as messages call it. */
  readonly subject: string;
  readonly from: Sender;
  readonly location: string | undefined;
  /** Whether the asked host is one that the user named as insecure. */
  readonly trusted: boolean;
}

/**
 * Where a redirect leads, whether absolute or relative. Its query is never quoted: presigned addresses are secrets.
 * @throws OciSaveError `unsupported` where it leads from https to http, to another protocol, nowhere, or from a public
 *   server to a private address (google/go-containerregistry refuses these, too).
 */
export function redirectTarget({ subject, from, location, trusted }: Redirect): URL {
  const { host, href, protocol } = from.url;
  const refuse = (why: string): OciSaveError =>
    new OciSaveError({
      code: 'unsupported',
      message: `${subject}: ${host} redirects ${why}, which is not followed`,
    });
  const target = location === undefined ? null : URL.parse(location, href);
  if (!target) throw refuse('to no address');
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw refuse(`to the protocol ${target.protocol.slice(0, 20)}`);
  }
  if (protocol === 'https:' && target.protocol === 'http:') throw refuse('from https to plain HTTP');
  if (target.host !== host && isPrivateHost(target.hostname) && !trusted && !isPrivateSender(from)) {
    throw privateAddressError(subject, `${host} redirects to`, target);
  }
  return target;
}

async function sendOnce(
  request: HttpRequest,
  { agents, insecure, ...limits }: FollowOptions,
): Promise<WireResponse> {
  const { url, subject, namedBy } = request;
  const mayBePrivate = namedBy === undefined;
  if (namedBy !== undefined && isPrivateHost(url.hostname)) throw privateAddressError(subject, namedBy, url);
  const connection = await agents.connect(url, { verify: !insecure.has(url), mayBePrivate });
  try {
    const response = await send(request, connection, limits);
    if (response.status !== 407 || connection.proxy === undefined) return response;
    response.discard();
    throw new ProxyRefusal(response.status);
  } catch (cause) {
    request.signal?.throwIfAborted();
    // Neither a quota nor a host that is not waited for is a fault of this connection.
    if (cause instanceof OciSaveError && (cause.code !== 'network' || isSpent(cause))) throw cause;
    if (cause instanceof PrivateAddressError) throw privateAddressError(subject, namedBy ?? '', url);
    const { proxy, idleProxy } = connection;
    if (proxy === undefined) throw unreachedError(subject, url.host, cause, idleProxy);
    if (cause instanceof CertificateRefused && cause.chain.length === 0) {
      const seen = new CertificateRefused(
        cause.code,
        await certificatesBehind(url, proxy, request.signal),
        cause,
      );
      request.signal?.throwIfAborted();
      throw networkError(subject, url.host, seen);
    }
    throw proxyError(subject, url.host, cause, proxy) ?? networkError(subject, url.host, cause);
  }
}

function responseOf(
  request: HttpRequest,
  response: WireResponse,
  url: URL,
  { stallMilliseconds, leastBytesASecond, wholeMilliseconds, parse }: FollowOptions,
): HttpResponse {
  const { subject, signal, secrets = [] } = request;
  const { status, headers, body } = response;
  const { host } = url;
  const encoding = encodingOf(headers);
  const rules = {
    stallMilliseconds,
    leastBytesASecond,
    signal,
    broken: (cause: unknown) => networkError(subject, host, cause),
  };
  return {
    ...response,
    url,
    host,
    crossed: url.origin !== request.url.origin,
    stream(own) {
      // Object stores say so of layers that are compressed themselves: their length is the layer's then.
      if (encoding === undefined || Number(headers['content-length']) === own.limit)
        return boundedBody(body, { ...rules, ...own });
      if (!isKnownEncoding(encoding)) {
        response.discard();
        throw encodingError(subject, host, encoding);
      }
      return boundedBody(decodedBody(body, encoding), { ...rules, ...own });
    },
    async whole(limits) {
      const sent = await buffer(boundedBody(body, { ...rules, ...limits, wholeMilliseconds }));
      const bytes = encoding === undefined ? sent : await decodeWhole(sent, encoding, limits);
      if (bytes === undefined) throw encodingError(subject, host, encoding ?? '');
      return bytes;
    },
    async refusal() {
      const sent = await readBeginning(body, MAX_ERROR_BYTES, { ...rules, wholeMilliseconds });
      const beginning =
        encoding === undefined ? sent : await decodeBeginning(sent, encoding, MAX_ERROR_BYTES);
      const retryAfter = parseRetryAfter(headers['retry-after'], headers.date, Date.now());
      return readRefusal({ host, status, body: beginning, retryAfter, secrets, parse });
    },
  };
}
