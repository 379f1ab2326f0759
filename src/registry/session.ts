import type { OciSaveError } from '../errors.ts';
import { abortable } from './abortable.ts';
import type { Authorization, AuthorizeCall, Authorizer } from './authorize.ts';
import { chooseScheme, parseChallenges } from './challenge.ts';
import { refusalError, type Sent } from './error.ts';
import type { Exchange } from './exchange.ts';
import type { Answer } from './follow.ts';
import type { Registry } from './registry.ts';
import type { Repository } from './repository.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD';
  readonly repository: Repository;
  /** Below `/v2/<repository>/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is asked for, as messages call it. */
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
  readonly retry?: boolean;
}

export interface RegistryAnswer extends Answer {
  /** The error for an answer that the caller cannot use. */
  readonly error: () => Promise<OciSaveError>;
}

/** Requests of one registry, with whatever authorization it asks for. */
export interface Session {
  /**
   * `read` gets the final answer; it may run again where its failure is temporary.
   * @throws OciSaveError `denied` where the registry refuses what can be sent to it
   */
  ask<T>(request: RegistryRequest, read: (answer: RegistryAnswer) => Promise<T> | T): Promise<T>;
}

type Outcome<T> =
  | { readonly value: T }
  | { readonly challenges: readonly string[]; readonly error: OciSaveError };

/**
 * Without anything, with what the challenge asks for, and once with a fresh token or password: never a loop.
 */
const MAX_ROUNDS = 3;

export function createSession(registry: Registry, exchange: Exchange, authorizer: Authorizer): Session {
  return {
    async ask(request, read) {
      const { repository, subject, signal } = request;
      const address = await abortable(registry.address(), signal);
      const call: AuthorizeCall = { registry, repository, address, subject, signal };
      const once = sender(exchange, address, request, read);
      let authorization: Authorization | undefined;
      const begin = async (done: () => void): Promise<Awaited<ReturnType<typeof once>>> => {
        authorization = await authorizer.ahead(call);
        const first = await once(authorization);
        if ('challenges' in first) {
          registry.scheme ??= chooseScheme(parseChallenges(first.challenges));
        }
        done();
        return first;
      };
      // Where nobody is asked who he is, and nothing could be said, there is nothing to learn first.
      const unasked = registry.open && registry.scheme === undefined;
      const nothingToLearn = unasked && !(await authorizer.hasCredentials(repository));
      let outcome = await abortable(nothingToLearn ? begin(() => {}) : registry.first(begin), signal);
      for (let round = 1; 'challenges' in outcome; round += 1) {
        const next =
          round < MAX_ROUNDS ? await authorizer.after(call, outcome.challenges, authorization) : undefined;
        if (!next) throw outcome.error;
        authorization = next;
        outcome = await once(authorization);
      }
      return outcome.value;
    },
  };
}

function sender<T>(
  exchange: Exchange,
  address: URL,
  request: RegistryRequest,
  read: (answer: RegistryAnswer) => Promise<T> | T,
): (authorization: Authorization | undefined) => Promise<Outcome<T>> {
  const { method, repository, path, headers, subject, signal, retry = true } = request;
  const url = new URL(`/v2/${repository.path}/${path}`, address);
  return (authorization) => {
    const errorOf = async (answer: Answer): Promise<OciSaveError> => {
      const sent: Sent = answer.crossed
        ? 'elsewhere'
        : authorization?.withCredentials
          ? 'credentials'
          : 'nothing';
      return refusalError(subject, await answer.refusal(), sent);
    };
    return exchange.ask(
      {
        method,
        url,
        headers,
        subject,
        signal,
        retry,
        authorization: authorization?.header,
        secrets: authorization?.secrets ?? [],
      },
      async (answer) => {
        // Only the registry itself may ask for credentials, not where it redirects to.
        if (answer.status === 401 && !answer.crossed) {
          return { challenges: answer.challenges, error: await errorOf(answer) };
        }
        return { value: await read({ ...answer, error: () => errorOf(answer) }) };
      },
    );
  };
}
