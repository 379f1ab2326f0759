import { setTimeout as pause } from 'node:timers/promises';
import { abortable, type HttpClient } from '../../http/index.ts';
import { chooseScheme, lacksScope, parseChallenges, type Scheme } from './challenge.ts';
import { basicHeader, type Credentials, sameCredentials, secretsOf } from './credentials.ts';
import type { CredentialStore } from './combined-stores.ts';
import { createLoginLog } from './login-log.ts';
import type { Sent } from './refused-login.ts';
import { OciSaveError } from '../../errors.ts';
import type { Registry } from '../registry.ts';
import { patienceFor, type Repository } from '../repository.ts';
import { joinScopes } from './scope.ts';
import { createTokenCache, fetchToken, type RefusedToken } from './token.ts';

/** What is sent with a request. */
export interface Authorization {
  readonly header: string;
  /** What must not be shown where a server echoes it. */
  readonly secrets: readonly string[];
  /** What it was made of, to see after a refusal whether anything else could be sent. */
  readonly credentials: Credentials | undefined;
  readonly token?: string;
}

export interface AuthorizeCall {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly address: URL;
  /** The scopes that the request needs. */
  readonly scope: string;
  /** Whether it writes: then the scopes are asked for even if the challenge names fewer. */
  readonly push: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface Authorizer {
  /** Whether there is anything that could be sent for a repository. */
  hasCredentials(repository: Repository): Promise<boolean>;
  /** Before a request, by the scheme that the registry last asked for; undefined where it has asked for none yet. */
  ahead(call: AuthorizeCall): Promise<Authorization | undefined>;
  /** After a 401: what to send instead of what was refused. Undefined where there is nothing else, which is final. */
  after(
    call: AuthorizeCall,
    challenges: readonly string[],
    refused: Authorization | undefined,
  ): Promise<Authorization | undefined>;
  /** The registry let a request with this authorization pass. */
  accepted(repository: Repository, authorization: Authorization): void;
  /** What was sent to the registry itself, for the message about a refusal. */
  sentWith(repository: Repository, authorization: Authorization | undefined): Sent;
}

export interface AuthorizerOptions {
  /** Ends the token requests, which outlive the request that started them. */
  readonly signal: AbortSignal;
  /** How long a token is left alone where one that was as fresh as it was refused. */
  readonly settleMilliseconds: number;
}

export function createAuthorizer(
  http: HttpClient,
  credentials: CredentialStore,
  { signal, settleMilliseconds }: AuthorizerOptions,
): Authorizer {
  const log = createLoginLog();
  const tokens = createTokenCache({
    settle: () => pause(settleMilliseconds, undefined, { signal }),
  });

  /** Other credentials than those that were refused: what is known by now, else what a helper says when asked again. */
  const instead = async (
    repository: Repository,
    refused: Credentials | undefined,
  ): Promise<Credentials | undefined> => {
    const known = await credentials.find(repository);
    if (!sameCredentials(known, refused)) return known;
    const fresh = await credentials.find(repository, { fresh: true });
    return sameCredentials(fresh, refused) ? undefined : fresh;
  };

  const basic = async (
    { repository }: AuthorizeCall,
    refused?: Authorization,
  ): Promise<Authorization | undefined> => {
    const found = refused
      ? await instead(repository, refused.credentials)
      : await credentials.find(repository);
    if (!found || !('username' in found)) return undefined;
    return { header: basicHeader(found), secrets: secretsOf(found), credentials: found };
  };

  const bearer = async (
    call: AuthorizeCall,
    scheme: Scheme & { type: 'bearer' },
    scope: string,
    refused?: RefusedToken,
  ): Promise<Authorization> => {
    const { registry, repository, address, push } = call;
    // One token serves all requests for a repository: its failure names none of them.
    const subject = `${repository.domain}/${repository.path}`;
    const request = (found: Credentials | undefined): ReturnType<typeof fetchToken> =>
      fetchToken(http, {
        ...scheme,
        subject,
        push,
        scope,
        registry: address,
        insecure: registry.insecure,
        isPrivate: registry.isPrivate,
        credentials: found,
        workedUntil: log.workedUntil(repository, found, 'registry'),
        patience: patienceFor(repository),
        signal,
      });
    // Namespaced keys give two repositories two users, so a token belongs to its repository.
    const key = JSON.stringify([registry.domain, repository.path, scheme.realm, scheme.service, scope]);
    let found = await credentials.find(repository);
    const fetch = async (): ReturnType<typeof fetchToken> => {
      try {
        return await request(found);
      } catch (error) {
        if (!(error instanceof OciSaveError) || error.code !== 'denied' || !found) throw error;
        const other = await instead(repository, found);
        if (!other) throw error;
        found = other;
        return request(other);
      }
    };
    const token = await abortable(tokens.get(key, fetch, refused), call.signal);
    // Whoever keeps the token service may show at the registry what was sent there.
    const secrets = [token, ...(found ? secretsOf(found) : [])];
    return { header: `Bearer ${token}`, secrets, credentials: found, token };
  };

  return {
    hasCredentials: async (repository) => (await credentials.find(repository)) !== undefined,
    async ahead(call) {
      const { scheme } = call.registry;
      if (!scheme) return undefined;
      return scheme.type === 'basic' ? basic(call) : bearer(call, scheme, call.scope);
    },
    async after(call, challenges, refused) {
      const parsed = parseChallenges(challenges);
      const scheme = chooseScheme(parsed);
      if (!scheme) return undefined;
      call.registry.scheme = scheme;
      if (scheme.type === 'basic') return basic(call, refused);
      const scope = call.push ? joinScopes(scheme.scope ?? '', call.scope) : scheme.scope || call.scope;
      const token = refused?.token;
      return bearer(
        call,
        scheme,
        scope,
        token === undefined ? undefined : { value: token, mayBeEarly: !lacksScope(parsed) },
      );
    },
    accepted(repository, authorization) {
      if (authorization.credentials) log.accepted(repository, authorization.credentials);
    },
    sentWith(repository, authorization) {
      if (!authorization?.credentials) return 'nothing';
      const { credentials: login, token } = authorization;
      // A token that was granted for a login shows that its password is right: what is missing may be this repository.
      const scope = token === undefined ? 'registry' : 'repository';
      return { from: login.from, workedUntil: log.workedUntil(repository, login, scope) };
    },
  };
}
