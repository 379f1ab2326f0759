import { OciSaveError } from '../errors.ts';
import { hint, option } from '../text/hint.ts';
import { USER_AGENT } from '../version.ts';
import { type AgentOptions, createAgents } from './agents.ts';
import { isTemporary, isTemporaryStatus, refusalError } from './response/error.ts';
import { follow, type HttpRequest, type HttpResponse } from './follow.ts';
import { insecureHosts, type InsecureHosts } from './address.ts';
import { createRateLimiter, type RateLimiter, type Throttles } from './rate-limiter.ts';
import { type ErrorParser, formatRefusal, refusalOf } from './response/refusal.ts';
import { asFinal, type RetryPolicy, withRetries } from './retry.ts';

export interface HttpClient {
  /**
   * Sends a request, follows redirects, heeds the host's rate limit and retries what goes away by itself, `read` included.
   * `read` gets every response that is final, refusals too, and has to read, bound or discard its body.
   * @throws OciSaveError
   */
  request<T>(request: HttpRequest, read: (response: HttpResponse) => Promise<T> | T): Promise<T>;
  /** The rate limit of a host, for who asks it by other means. */
  limit(host: string): Pick<RateLimiter, 'ready' | 'throttled'>;
  /** Closes every connection; whatever is under way fails, and nothing goes out any more. */
  close(): void;
}

/** A refusal that is not the caller's to read. */
export interface Refused {
  /** Another attempt follows where it is temporary, or where the request says so. */
  readonly error: OciSaveError;
  /** Milliseconds for which the host asks to be left alone. */
  readonly hold?: number | undefined;
  /** It is about this request, and not about how often the host is asked. */
  readonly alone?: boolean;
  /** The host is not asked for anything any more: the same error for all who come. */
  readonly exhausted?: boolean;
}

/** What a response means in an API's own words; undefined where the caller reads it. */
export type Judge = (response: HttpResponse, request: HttpRequest) => Promise<Refused | undefined>;

export interface HttpClientOptions extends AgentOptions {
  readonly policy: RetryPolicy;
  /** Milliseconds until the head of a response. */
  readonly requestMilliseconds: number;
  /** Milliseconds of silence after which a body counts as stalled. */
  readonly stallMilliseconds: number;
  /** Bytes a second below which a body counts as stalled; by default `LEAST_BYTES_A_SECOND`. */
  readonly leastBytesASecond?: number | undefined;
  /** Milliseconds for a body that is held in memory. */
  readonly wholeMilliseconds?: number | undefined;
  readonly insecure?: InsecureHosts | undefined;
  readonly userAgent?: string | undefined;
  readonly parse?: ErrorParser | undefined;
  readonly judge?: Judge | undefined;
  /** How many more requests of its lane a response says that the host lets through. */
  readonly left?: ((response: HttpResponse, request: HttpRequest) => number | undefined) | undefined;
  /** The longest that a host is waited for. */
  readonly maxHoldMilliseconds?: number;
  /** How long a host may let nothing through before it is asked no more. */
  readonly maxThrottledMilliseconds?: number | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
  /** True: every request fails, and no connection is opened. */
  readonly offline?: boolean | undefined;
}

/** A host that asks for more is not waited for longer, unless an option says so. */
export const MAX_HOLD_MILLISECONDS = 60_000;
/** Each request of a thousand would make all its attempts, one after the other. */
const MAX_THROTTLED_MILLISECONDS = 5 * 60_000;
const WHOLE_MILLISECONDS = 5 * 60_000;
/** What a host answers that is not there for a while (RFC 9110, 15.6.4). */
const UNAVAILABLE = 503;
/** A host that is not available is looked for as often at least, also where nothing is tried again. */
const LEAST_LOOKS = 2;

/** A client of any HTTP server. It opens no socket before its first request. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const {
    policy,
    judge = judgeStatus,
    left = () => undefined,
    insecure = insecureHosts([]),
    wholeMilliseconds = WHOLE_MILLISECONDS,
    userAgent = USER_AGENT,
    maxThrottledMilliseconds = MAX_THROTTLED_MILLISECONDS,
  } = options;
  const agents = createAgents(options);
  const following = { ...options, agents, insecure, wholeMilliseconds, userAgent };
  const limiters = new Map<string, RateLimiter>();
  const limiterOf = (host: string): RateLimiter => {
    const limiter = limiters.get(host) ?? createRateLimiter(policy.retryMilliseconds);
    limiters.set(host, limiter);
    return limiter;
  };
  const isForGood = ({ times, milliseconds }: Throttles): boolean =>
    times > policy.retries && milliseconds >= maxThrottledMilliseconds;
  /** What is refused by a host that is not available: one error for all, where it is not waited for any longer. */
  const waitedFor = (
    limiter: RateLimiter,
    { lane, url, patience = Number.POSITIVE_INFINITY }: HttpRequest,
    refused: Refused,
    host: string,
  ): Refused => {
    const { hold = 0 } = refused;
    const isLong = hold > patience;
    const held = heldFor(refused, host, isLong ? { ...options, onWarning: undefined } : options);
    const { times, milliseconds, error, isOfMany } = limiter.unavailable(
      held,
      notAvailable(host, refused.error),
      lane,
      url.pathname,
    );
    if (isLong || milliseconds + held > patience) return { error };
    // A host may have trouble with one repository alone, and serve all others.
    const isForAll = isOfMany && times > Math.max(policy.retries, LEAST_LOOKS);
    return isForAll ? { error: limiter.giveUp(error, lane) } : refused;
  };
  const closing = new AbortController();
  const attempt: HttpClient['request'] = async (request, read) => {
    const limiter = limiterOf(request.url.host);
    const { lane } = request;
    let inside = false;
    const leave = (): void => {
      if (inside) limiter.leave(lane);
      inside = false;
    };
    // Asked when its turn has come: a burst that queues for connections heeds what its first responses say.
    const admitted = async (): Promise<void> => {
      leave();
      await limiter.enter(request.signal, lane, request.patience);
      inside = true;
      // What is long under way keeps no other request back.
      if (request.stream !== undefined) leave();
    };
    let response: HttpResponse;
    let refused: Refused | undefined;
    try {
      response = await follow(request, following, admitted);
      refused = await judge(response, request);
      const isThrottled = response.status === 429 && refused?.alone !== true;
      if (refused === undefined || refused.alone === true) {
        // A challenge says nothing of a quota.
        if (!isThrottled) limiter.passed(response.status === 401 ? undefined : lane, left(response, request));
      } else if (refused.exhausted === true) refused = { error: limiter.exhaust(refused.error) };
      else if (isThrottled) {
        const held = heldFor(refused, response.host, options);
        if (isForGood(limiter.throttled(held, lane)))
          refused = { error: limiter.exhaust(throttledForGood(response.host, refused.error)) };
      } else if (response.status === UNAVAILABLE && (refused.hold ?? 0) > 0)
        refused = waitedFor(limiter, request, refused, response.host);
      else limiter.hold(heldFor(refused, response.host, options));
    } finally {
      leave();
    }
    if (refused === undefined) return read(response);
    throw refused.error;
  };
  return {
    request(given, read) {
      if (options.offline === true) return Promise.reject(offlineError(given.url.host));
      // Of a body that was streamed, the caller alone finds out how much has arrived.
      const { onRetry, retry = given.stream === undefined } = given;
      const signal = given.signal ? AbortSignal.any([given.signal, closing.signal]) : closing.signal;
      const request = { ...given, signal };
      if (retry === false) return attempt(request, read);
      const may = retry === true ? isTemporary : retry;
      return withRetries(() => attempt(request, read), policy, { signal, may, onRetry });
    },
    limit: limiterOf,
    close() {
      closing.abort(new OciSaveError({ code: 'interrupted', message: 'the client was closed' }));
      agents.close();
    },
  };
}

function offlineError(host: string): OciSaveError {
  return new OciSaveError({
    code: 'not-found',
    message: `${host} is not asked: nothing is, offline`,
    hint: hint`Leave out ${option('offline')}.`,
  });
}

function throttledForGood(host: string, { hintParts, cause }: OciSaveError): OciSaveError {
  return new OciSaveError({
    code: 'quota',
    message: `${host} answers nothing but 429, however long it is waited for: nothing more is asked of it`,
    hint: hintParts,
    cause,
  });
}

function notAvailable(host: string, error: OciSaveError): OciSaveError {
  const refusal = refusalOf(error);
  const said = refusal === undefined ? String(UNAVAILABLE) : formatRefusal(refusal);
  return asFinal(
    new OciSaveError({
      code: 'network',
      message: `${host} is not available: it answered ${said} and asked to be left alone, and is not waited for any longer`,
      hint: error.hintParts ?? 'Run it again later: what was fetched stays.',
      cause: error.cause,
    }),
  );
}

function heldFor(
  { hold = 0 }: Refused,
  host: string,
  { maxHoldMilliseconds: most = MAX_HOLD_MILLISECONDS, onWarning }: HttpClientOptions,
): number {
  if (hold <= most) return hold;
  onWarning?.(`${host} asks to wait for ${Math.round(hold / 1000)} s; waiting ${most / 1000} s`);
  return most;
}

async function judgeStatus(response: HttpResponse, { subject }: HttpRequest): Promise<Refused | undefined> {
  if (!isTemporaryStatus(response.status)) return undefined;
  const refusal = await response.refusal();
  return { error: refusalError(subject, refusal), hold: refusal.retryAfter };
}
