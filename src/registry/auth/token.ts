import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../http/index.ts';
import { hint, option } from '../../text/hint.ts';
import { jsonIn } from '../../text/json-in.ts';
import { refusalError } from '../error.ts';
import { basicHeader, type Credentials, secretsOf } from './credentials.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;
/** The lifetime of a token without `expires_in` (distribution's token documentation), and the longest that counts. */
const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 24 * 60 * 60;
/** How long before its end a token is renewed, so that no request arrives with one that has just ended. */
const MARGIN_SECONDS = 10;

export interface Token {
  readonly value: string;
  /** Milliseconds from its request to its renewal. */
  readonly lifetime: number;
}

export interface TokenRequest {
  /** For what it is, as messages name it. */
  readonly subject: string;
  /** The address of the registry that named the realm, and whether the user named it as insecure. */
  readonly registry: URL;
  readonly insecure: boolean;
  /** Whether the registry is on a private network: then its token service may be there, too. */
  readonly isPrivate: boolean;
  readonly realm: string;
  readonly service: string | undefined;
  readonly scope: string;
  /** Whether it is for a push, for messages. */
  readonly push?: boolean;
  readonly credentials: Credentials | undefined;
  /** When the registry last accepted these credentials. */
  readonly workedUntil?: Date | undefined;
  readonly patience?: HttpRequest['patience'];
  readonly signal?: AbortSignal | undefined;
}

const tokenSchema = z.looseObject({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.unknown().optional(),
});

/** Milliseconds that a token is used for: short ones end early by a quarter of their life. */
export function lifetimeOf(expiresIn: unknown): number {
  const given = typeof expiresIn === 'string' && /^\d+$/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  const seconds = typeof given === 'number' && Number.isFinite(given) ? given : DEFAULT_SECONDS;
  const bounded = Math.min(Math.max(seconds, 0), MAX_SECONDS);
  return (bounded - Math.min(MARGIN_SECONDS, bounded / 4)) * 1000;
}

/**
 * Asks a token service for a token: by GET with a user's name and password or anonymously, by POST (OAuth2)
 * with an identity token (distribution, spec/auth/token.md and oauth.md).
 * @throws OciSaveError `denied` where the service refuses, `unsupported` for a realm that is not asked
 */
export async function fetchToken(http: HttpClient, request: TokenRequest): Promise<Token> {
  const { registry, insecure, isPrivate, credentials, workedUntil, push = false } = request;
  const subject = `${request.subject}: token for ${registry.host}`;
  const realm = checkedRealm(request);
  const mayBePrivate = insecure || isPrivate || realm.host === registry.host;
  const namedBy = mayBePrivate ? undefined : `${registry.host} names a token service at`;
  const { patience, signal } = request;
  const call = { ...tokenCall(realm, request), subject, writes: push, namedBy, patience, signal };
  return http.request(call, async (response) => {
    if (response.status === 200) return readToken(subject, response);
    const refusal = await response.refusal();
    const sent = response.crossed
      ? 'elsewhere'
      : credentials
        ? { from: credentials.from, workedUntil }
        : 'no token';
    const error = refusalError(subject, refusal, sent, push ? 'push' : 'pull', registry.host);
    if (error.code === 'denied' || error.code === 'network') throw error;
    // A missing token service is not a missing image.
    throw new OciSaveError({
      code: 'denied',
      message: error.message,
      hint: 'The registry gives no token: check its token service.',
      cause: refusal,
    });
  });
}

/**
 * The address of a token service. The registry named it and it gets a password: it has to be https; an insecure registry
 * may name any.
 * @throws OciSaveError `unsupported` for any other
 */
export function checkedRealm({
  realm,
  registry,
  insecure,
  subject,
}: Pick<TokenRequest, 'realm' | 'registry' | 'insecure' | 'subject'>): URL {
  const url = URL.parse(realm);
  if (url?.protocol === 'https:' || (insecure && url?.protocol === 'http:')) return url;
  const named = `${subject}: ${registry.host} names a token service`;
  if (url === null) {
    throw new OciSaveError({ code: 'unsupported', message: `${named} that is not an address` });
  }
  throw new OciSaveError({
    code: 'unsupported',
    message: `${named} that is not https, and would be sent credentials`,
    hint: hint`Only for a registry that you trust: name ${registry.host} with ${option('insecureRegistries')}.`,
  });
}

function tokenCall(
  realm: URL,
  { service, scope, credentials }: TokenRequest,
): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'content' | 'authorization' | 'secrets'> {
  const scopes = scope.split(' ').filter((part) => part !== '');
  if (credentials && 'identityToken' in credentials) {
    const { identityToken } = credentials;
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: identityToken });
    form.set('client_id', 'oci-save');
    if (service !== undefined) form.set('service', service);
    form.set('scope', scopes.join(' '));
    return {
      method: 'POST',
      url: realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      content: form.toString(),
      secrets: [identityToken],
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const part of scopes) url.searchParams.append('scope', part);
  const login = credentials && { authorization: basicHeader(credentials), secrets: secretsOf(credentials) };
  return { method: 'GET', url, headers: {}, ...login };
}

async function readToken(subject: string, response: HttpResponse): Promise<Token> {
  const unusable = (why: string): OciSaveError =>
    new OciSaveError({ code: 'unsupported', message: `${subject}: ${response.host} answered ${why}` });
  const bytes = await response.whole({ limit: MAX_TOKEN_BYTES, tooLong: () => unusable('more than 1 MiB') });
  // Without the parser's message, which would quote the text, and with it the token.
  const json = jsonIn(bytes);
  if (json === undefined) throw unusable('what is not JSON');
  const parsed = tokenSchema.safeParse(json);
  const value = parsed.data?.token || parsed.data?.access_token;
  // A line break would end the header and start another one.
  if (!value || !/^[\x21-\x7E]+$/.test(value)) throw unusable('without a usable token');
  return { value, lifetime: lifetimeOf(parsed.data?.expires_in) };
}

interface CachedToken {
  readonly token: Promise<Token>;
  /** Undefined while the fetch is under way. */
  value?: string;
  grantedAt: number;
  renewAt: number;
}

/** A token that a registry refused. */
export interface RefusedToken {
  readonly value: string;
  /** Whether it may have been refused because it was too fresh. */
  readonly mayBeEarly: boolean;
}

export interface TokenCacheOptions {
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
  /** Waits until a token is old enough for a registry whose clock is behind its token service's. */
  readonly settle: () => Promise<unknown>;
}

/**
 * Whoever refuses a token for being too fresh (its `nbf` is in whole seconds, and clocks differ) refuses it in its first
 * second; the rest is the way there and back.
 */
const FRESH_MILLISECONDS = 2000;

/** Tokens by key; parallel requests for one share a single fetch. */
export function createTokenCache({ now = () => performance.now(), settle }: TokenCacheOptions) {
  const entries = new Map<string, CachedToken>();
  const start = (key: string, fetch: () => Promise<Token>): CachedToken => {
    // The service counts from its response, we from our request: the difference is on the safe side.
    const requestedAt = now();
    const entry: CachedToken = { token: fetch(), grantedAt: requestedAt, renewAt: Number.POSITIVE_INFINITY };
    entries.set(key, entry);
    entry.token.then(
      ({ value, lifetime }) => {
        entry.value = value;
        entry.grantedAt = now();
        entry.renewAt = requestedAt + lifetime;
      },
      () => entries.delete(key),
    );
    return entry;
  };
  const settled = async (fetch: () => Promise<Token>): Promise<Token> => {
    const token = await fetch();
    await settle();
    return token;
  };
  return {
    /**
     * The key's token: kept until its renewal is due, or until it is `refused`. A refused token that another
     * request has renewed meanwhile is not renewed twice. Where the refused one was fresh, the next is given only when it
     * has settled: registries have been seen to refuse every token in its first second. Failures are not kept.
     */
    async get(key: string, fetch: () => Promise<Token>, refused?: RefusedToken): Promise<string> {
      const entry = entries.get(key);
      const isRefused = refused !== undefined && entry?.value === refused.value;
      if (entry && now() < entry.renewAt && !isRefused) return (await entry.token).value;
      const isEarly = isRefused && refused.mayBeEarly && now() - entry.grantedAt < FRESH_MILLISECONDS;
      return (await start(key, isEarly ? () => settled(fetch) : fetch).token).value;
    },
  };
}
