import { abortable, type HttpClient } from '../../http/index.ts';
import { chooseScheme, parseChallenges, type Scheme } from './challenge.ts';
import { basicHeader, type Credentials, sameCredentials } from './credentials.ts';
import type { CredentialStore } from './credential-store.ts';
import { OciSaveError } from '../../errors.ts';
import type { Registry } from '../registry.ts';
import type { Repository } from '../repository.ts';
import { joinScopes } from './scope.ts';
import { fetchToken } from './token.ts';
import { createTokenCache } from './token-cache.ts';

/** What goes with a request. */
export interface Authorization {
  readonly header: string;
  /** What must not be shown where a server echoes it. */
  readonly secrets: readonly string[];
  readonly withCredentials: boolean;
  /** The credentials or the token by which a later refusal recognises it. */
  readonly credentials: Credentials | undefined;
  readonly token: string | undefined;
}

export interface AuthorizeCall {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly address: URL;
  /** What is to be done there, as scopes of a token. */
  readonly scope: string;
  /** Where it is to write, the scopes are asked for even if the challenge names fewer. */
  readonly push: boolean;
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
}

export interface Authorizer {
  /** Whether there is anything that could be sent for a repository. */
  hasCredentials(repository: Repository): Promise<boolean>;
  /**
   * By what the registry is known to ask for, before it asks; undefined where it has asked for nothing yet.
   */
  ahead(call: AuthorizeCall): Promise<Authorization | undefined>;
  /**
   * After a 401: what to send instead of what was refused. Undefined where there is nothing else to send,
   * which ends the matter.
   */
  after(
    call: AuthorizeCall,
    challenges: readonly string[],
    refused: Authorization | undefined,
  ): Promise<Authorization | undefined>;
}

export interface AuthorizerOptions {
  readonly http: HttpClient;
  readonly credentials: CredentialStore;
  /** Ends the token requests, which outlive the request that began them. */
  readonly signal: AbortSignal;
}

export function createAuthorizer({ http, credentials, signal }: AuthorizerOptions): Authorizer {
  const tokens = createTokenCache();

  const basic = async (
    { repository }: AuthorizeCall,
    refused?: Authorization,
  ): Promise<Authorization | undefined> => {
    const found = await credentials.find(repository, { fresh: refused !== undefined });
    if (!found || !('username' in found) || sameCredentials(found, refused?.credentials)) return undefined;
    const header = basicHeader(found.username, found.password);
    const secrets = [found.password, header.slice('Basic '.length)];
    return { header, secrets, withCredentials: true, credentials: found, token: undefined };
  };

  const bearer = async (
    call: AuthorizeCall,
    scheme: Scheme & { type: 'bearer' },
    scope: string,
    refused?: Authorization,
  ): Promise<Authorization> => {
    const { registry, repository, address, subject, push } = call;
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
        const fresh = await credentials.find(repository, { fresh: true });
        if (!fresh || sameCredentials(fresh, found)) throw error;
        found = fresh;
        return request(fresh);
      }
    };
    const token = await abortable(tokens.get(key, fetch, refused?.token), call.signal);
    return {
      header: `Bearer ${token}`,
      secrets: [token],
      withCredentials: found !== undefined,
      credentials: found,
      token,
    };
  };

  return {
    hasCredentials: async (repository) => (await credentials.find(repository)) !== undefined,
    async ahead(call) {
      const { scheme } = call.registry;
      if (!scheme) return undefined;
      return scheme.type === 'basic' ? basic(call) : bearer(call, scheme, call.scope);
    },
    async after(call, challenges, refused) {
      const scheme = chooseScheme(parseChallenges(challenges));
      if (!scheme) return undefined;
      call.registry.scheme = scheme;
      if (scheme.type === 'basic') return basic(call, refused);
      const scope = call.push ? joinScopes(scheme.scope ?? '', call.scope) : scheme.scope || call.scope;
      return bearer(call, scheme, scope, refused);
    },
  };
}
