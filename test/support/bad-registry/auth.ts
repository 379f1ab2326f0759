import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { basic, type Credentials } from '../http.ts';
import type { AuthSwitches } from './switches.ts';

interface Token {
  readonly ends: number;
  readonly scope: string;
  readonly settled: boolean;
}

/** Tokens that were given, by value. */
export type Tokens = Map<string, Token>;

function usersOf({ users }: AuthSwitches): readonly Credentials[] {
  return typeof users === 'function' ? users() : users;
}

/** The challenges of a refused request, as values of WWW-Authenticate, one a header line. */
export function challenges(auth: AuthSwitches, realm: string, repository: string | undefined): string[] {
  const scope = repository === undefined ? '' : `,scope="repository:${repository}:pull"`;
  const bearer = `Bearer realm="${realm}",service="bad registry"${scope}`;
  const all = {
    basic: ['Basic realm="bad registry"'],
    bearer: [bearer],
    both: ['Basic realm="bad registry"', bearer],
    'negotiate+basic': ['Negotiate', 'Basic realm="bad registry"'],
  }[auth.scheme];
  return auth.oneLine ? [all.join(', ')] : all;
}

/** Whether a request may read this repository. Tokens count for the repositories of their scope alone. */
export function mayRead(
  auth: AuthSwitches,
  tokens: Tokens,
  authorization: string | undefined,
  repository: string | undefined,
): boolean {
  if (auth.loop) return false;
  const takesTokens = auth.scheme === 'bearer' || auth.scheme === 'both';
  if (authorization === undefined) return auth.anonymous === true && auth.scheme !== 'bearer';
  if (authorization.startsWith('Bearer ')) {
    const token = takesTokens ? tokens.get(authorization.slice('Bearer '.length)) : undefined;
    if (!token?.settled || token.ends < Date.now()) return false;
    return repository === undefined || token.scope.split(' ').includes(`repository:${repository}:pull`);
  }
  return auth.scheme !== 'bearer' && usersOf(auth).some((user) => basic(user) === authorization);
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The token endpoint: GET with Basic, or OAuth2's POST with a password or, as refresh token, the password alone
 * (distribution's token and oauth documents).
 */
export async function giveToken(
  auth: AuthSwitches,
  tokens: Tokens,
  request: IncomingMessage,
): Promise<TokenAnswer> {
  const query = new URL(request.url ?? '/', 'http://no.host').searchParams;
  const form = request.method === 'POST' ? new URLSearchParams(await text(request)) : query;
  const { authorization } = request.headers;
  const known =
    request.method === 'POST'
      ? usersOf(auth).some((user) => fits(user, form))
      : usersOf(auth).some((user) => basic(user) === authorization);
  const nobody = request.method === 'GET' && authorization === undefined;
  if (!known && !(nobody && auth.anonymous === true)) {
    return {
      status: 401,
      body: JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'who are you?' }] }),
    };
  }
  const { lifetime = 300, field = 'token', saysLifetime = true, unsettled = false } = auth.token ?? {};
  const token = randomUUID();
  const settled = !unsettled || tokens.size % 2 === 1;
  tokens.set(token, { ends: Date.now() + lifetime * 1000, scope: form.getAll('scope').join(' '), settled });
  const body = { [field]: token, ...(saysLifetime ? { expires_in: lifetime } : {}) };
  return { status: 200, body: JSON.stringify(body) };
}

function fits({ username, password }: Credentials, form: URLSearchParams): boolean {
  if (form.get('grant_type') === 'refresh_token') return form.get('refresh_token') === password;
  return form.get('username') === username && form.get('password') === password;
}
