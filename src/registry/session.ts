import type { OciSaveError } from '../errors.ts';
import {
  abortable,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
  isPrivateSender,
} from '../http/index.ts';
import type { Authorization, AuthorizeCall, Authorizer } from './auth/authorize.ts';
import { chooseScheme, parseChallenges } from './auth/challenge.ts';
import { pullScope, pushScope } from './auth/scope.ts';
import { refusalError } from './error.ts';
import type { Registry } from './registry.ts';
import { patienceFor, type Repository } from './repository.ts';
import { type Endpoint, requestPath, requestUrl } from './request-path.ts';

export interface RegistryRequest extends Pick<
  HttpRequest,
  | 'method'
  | 'headers'
  | 'content'
  | 'stream'
  | 'extraMilliseconds'
  | 'subject'
  | 'lane'
  | 'patience'
  | 'retry'
  | 'signal'
> {
  readonly repository: Repository;
  /** Below the repository, or the address that a response of the registry named. */
  readonly target: Endpoint | URL;
  /** Whether it writes: the right to push is asked for. */
  readonly push?: boolean;
}

export interface RegistryResponse extends HttpResponse {
  /** The error for a response that the caller cannot use. */
  readonly error: () => Promise<OciSaveError>;
}

/** Requests of one registry, with the authorization that it asks for. */
export interface Session {
  readonly registry: Registry;
  /**
   * `read` gets the final response; it may run again where its failure is temporary.
   * @throws OciSaveError `denied` where the registry refuses what can be sent to it
   */
  request<T>(request: RegistryRequest, read: (response: RegistryResponse) => Promise<T> | T): Promise<T>;
}

/** What the requests for one repository have in common. */
export interface RepositoryCall extends Pick<
  RegistryRequest,
  'repository' | 'signal' | 'retry' | 'patience'
> {
  readonly session: Session;
}

type Outcome<T> =
  | { readonly value: T }
  | { readonly challenges: readonly string[]; readonly error: OciSaveError };

/**
 * Without anything, with what the challenge asks for, and once with a fresh token or password: never a loop.
 */
const MAX_ROUNDS = 3;

/** The session of a registry. */
export function createSession(registry: Registry, http: HttpClient, authorizer: Authorizer): Session {
  return {
    registry,
    async request(request, read) {
      const { repository, signal, target, push = false } = request;
      // Before anything is sent, and before credentials are looked up.
      const path = target instanceof URL ? target : requestPath(repository.path, target);
      const address = await abortable(registry.address(), signal);
      const url = path instanceof URL ? path : requestUrl(path, address);
      const scope = push ? pushScope(repository, mountedFrom(target)) : pullScope(repository);
      const call: AuthorizeCall = { registry, repository, address, scope, push, signal };
      const send = sender({ http, registry, authorizer }, { address, url }, request, read);
      // An upload that continues at another origin has its own authorization in its address.
      if (url.origin !== address.origin) {
        const outcome = await send(undefined);
        if ('challenges' in outcome) throw outcome.error;
        return outcome.value;
      }
      let authorization: Authorization | undefined;
      const start = async (done: () => void): ReturnType<typeof send> => {
        authorization = await authorizer.ahead(call);
        const first = await send(authorization);
        if ('challenges' in first) registry.scheme ??= chooseScheme(parseChallenges(first.challenges));
        done();
        return first;
      };
      // Where no credentials are asked for, and there are none to send, there is nothing to learn first.
      const unasked = registry.open && registry.scheme === undefined;
      const nothingToLearn = unasked && !(await abortable(authorizer.hasCredentials(repository), signal));
      let outcome = await abortable(nothingToLearn ? start(() => {}) : registry.first(start), signal);
      for (let round = 1; 'challenges' in outcome; round += 1) {
        authorization =
          round < MAX_ROUNDS
            ? await abortable(authorizer.after(call, outcome.challenges, authorization), signal)
            : undefined;
        if (!authorization) throw outcome.error;
        outcome = await send(authorization);
      }
      return outcome.value;
    },
  };
}

/** Another repository of the registry, which is read by a request. */
function mountedFrom(target: Endpoint | URL): string | undefined {
  return target instanceof URL || target.kind !== 'upload' ? undefined : target.mount?.from;
}

interface SenderContext {
  readonly http: HttpClient;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
}

function sender<T>(
  { http, registry, authorizer }: SenderContext,
  { address, url }: { readonly address: URL; readonly url: URL },
  request: RegistryRequest,
  read: (response: RegistryResponse) => Promise<T> | T,
): (authorization: Authorization | undefined) => Promise<Outcome<T>> {
  const { repository, subject, push = false } = request;
  return (authorization) => {
    const errorOf = async (response: HttpResponse): Promise<OciSaveError> => {
      const own = response.url.origin === address.origin;
      const sent = own ? authorizer.sentWith(repository, authorization) : 'elsewhere';
      return refusalError(subject, await response.refusal(), sent, push ? 'push' : 'pull');
    };
    // An upload that continues elsewhere was named by the registry.
    const mayBePrivate = url.host === address.host || registry.insecure || registry.isPrivate;
    return http.request(
      {
        ...request,
        url,
        patience: request.patience ?? patienceFor(repository),
        writes: push,
        resend: push,
        namedBy: mayBePrivate ? undefined : `${address.host} sends an upload to`,
        authorization: authorization?.header,
        secrets: authorization?.secrets ?? [],
      },
      async (response) => {
        if (response.url.origin === address.origin) registry.isPrivate ||= isPrivateSender(response);
        // Only the registry itself may ask for credentials, not where it redirects to.
        if (response.status === 401 && !response.crossed) {
          return { challenges: response.challenges, error: await errorOf(response) };
        }
        if (authorization && (response.crossed || response.status < 400)) {
          authorizer.accepted(repository, authorization);
        }
        return { value: await read({ ...response, error: () => errorOf(response) }) };
      },
    );
  };
}
