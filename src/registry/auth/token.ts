import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import { boundedBody } from '../../http/body.ts';
import { basicHeader, type Credentials } from './credentials.ts';
import { networkError, refusalError } from '../error.ts';
import type { Exchange } from '../../http/client.ts';
import type { Answer, Ask } from '../../http/follow.ts';
import { checkedRealm, type Realm } from './realm.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;
/**
 * What a token without `expires_in` lives (distribution's token documentation), and the most that is
 * believed.
 */
const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 24 * 60 * 60;
/** A token is renewed so much before its end, so that no request arrives with one that has just ended. */
const MARGIN_SECONDS = 10;

export interface Token {
  readonly value: string;
  /** Milliseconds from its request to its renewal. */
  readonly lifetime: number;
}

export interface TokenRequest extends Realm {
  readonly service: string | undefined;
  readonly scope: string;
  /** Whether it is for a push, for messages. */
  readonly push?: boolean;
  readonly credentials: Credentials | undefined;
  readonly signal?: AbortSignal | undefined;
}

const tokenSchema = z.looseObject({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.unknown().optional(),
});

/** Milliseconds that a token is used for: short ones end early by a quarter of their life. */
export function lifetimeOf(expiresIn: unknown): number {
  const told = typeof expiresIn === 'string' && /^\d+$/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  const seconds = typeof told === 'number' && Number.isFinite(told) ? told : DEFAULT_SECONDS;
  const bounded = Math.min(Math.max(seconds, 0), MAX_SECONDS);
  return (bounded - Math.min(MARGIN_SECONDS, bounded / 4)) * 1000;
}

/**
 * Asks a token service for a token: by GET with a user's name and password or anonymously, by POST (OAuth2)
 * with an identity token (distribution, spec/auth/token.md and oauth.md).
 * @throws OciSaveError `denied` where the service refuses, `unsupported` for a realm that is not asked
 */
export async function fetchToken(exchange: Exchange, request: TokenRequest): Promise<Token> {
  const realm = checkedRealm(request);
  const subject = `${request.subject}: token for ${request.registry.host}`;
  const { credentials, push = false } = request;
  const ask: Ask = { subject, push, ...tokenCall(realm, request), signal: request.signal };
  return exchange.ask(ask, async (answer) => {
    if (answer.status !== 200) throw await refused(subject, answer, credentials !== undefined);
    return readToken(subject, answer, exchange, request.signal);
  });
}

function tokenCall(
  realm: URL,
  { service, scope, credentials }: TokenRequest,
): Pick<Ask, 'method' | 'url' | 'headers' | 'content' | 'authorization' | 'secrets'> {
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
      secrets: [identityToken, encodeURIComponent(identityToken)],
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const part of scopes) url.searchParams.append('scope', part);
  if (!credentials) return { method: 'GET', url, headers: {} };
  const authorization = basicHeader(credentials.username, credentials.password);
  const secrets = [credentials.password, authorization.slice('Basic '.length)];
  return { method: 'GET', url, headers: {}, authorization, secrets };
}

async function refused(subject: string, answer: Answer, withCredentials: boolean): Promise<OciSaveError> {
  const refusal = await answer.refusal();
  const sent = answer.crossed ? 'elsewhere' : withCredentials ? 'credentials' : 'nothing';
  const error = refusalError(subject, refusal, sent);
  if (error.code === 'denied' || error.code === 'network') return error;
  // A missing token service is no missing image.
  return new OciSaveError({
    code: 'denied',
    message: error.message,
    hint: 'The registry gives no token: look whether its token service is well.',
    cause: refusal,
  });
}

async function readToken(
  subject: string,
  answer: Answer,
  exchange: Exchange,
  signal: AbortSignal | undefined,
): Promise<Token> {
  const unusable = (why: string): OciSaveError =>
    new OciSaveError({ code: 'unsupported', message: `${subject}: ${answer.host} answered ${why}` });
  const body = boundedBody(answer.body, {
    limit: MAX_TOKEN_BYTES,
    stallMilliseconds: exchange.stallMilliseconds,
    signal,
    tooLong: () => unusable('more than 1 MiB'),
    broken: (cause) => networkError(subject, answer.host, cause),
  });
  const text = (await buffer(body)).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's words would quote the text, and with it the token.
    throw unusable('what is not JSON');
  }
  const parsed = tokenSchema.safeParse(json);
  const value = parsed.data?.token || parsed.data?.access_token;
  // A line break would end the header and begin another one.
  if (!value || !/^[\x21-\x7E]+$/.test(value)) throw unusable('without a usable token');
  return { value, lifetime: lifetimeOf(parsed.data?.expires_in) };
}
