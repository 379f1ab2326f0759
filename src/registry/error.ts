import { OciSaveError } from '../errors.ts';
import { formatRefusal, type Refusal } from '../http/refusal.ts';
import { networkFault } from '../http/network-fault.ts';

/**
 * Above this a 429 is a quota, which comes back in hours; below it a throttle, which comes back in seconds.
 */
export const MAX_THROTTLE_MILLISECONDS = 60_000;

/** Whose credentials went with a request. */
export type Sent = 'credentials' | 'nothing' | 'elsewhere';

const NOT_FOUND = new Set(['MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'BLOB_UNKNOWN', 'NOT_FOUND']);
const TOO_MANY = 'TOOMANYREQUESTS';

/** Whether a status is one that goes away by itself; 501 says 'never'. */
export function isTemporaryStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Whether a refusal is about how often we ask, whatever its status. */
export function isRateRefusal({ status, codes }: Refusal): boolean {
  return status === 429 || (status >= 400 && status < 500 && codes.includes(TOO_MANY));
}

/**
 * Whether a rate refusal is a quota: it asks for more than a minute, or tells of a limit and no time
 * (docker/actions-toolkit#1289). A limit per second or minute is a throttle.
 */
export function isQuota({ retryAfter, words }: Refusal): boolean {
  if (retryAfter !== undefined) return retryAfter > MAX_THROTTLE_MILLISECONDS;
  const short = /\b(?:per|a|each)[ -](?:second|minute)\b|\/\s*(?:s|sec|second|min|minute)\b/i.test(words);
  return !short && /\b(?:limit|limits|quota|quotas)\b/i.test(words);
}

const QUOTA_HINTS = {
  pull: 'Log in for a larger quota, read from a mirror, or save from a lock with a kept store: both ask for less.',
  push: 'Run it again later: what the registry has by then is not sent again. Log in as a user with a larger quota, if there is one.',
};

export function quotaError(refusal: Refusal, action: 'pull' | 'push'): OciSaveError {
  const { host, retryAfter } = refusal;
  const back = retryAfter === undefined ? '' : `; it asks to come back in ${inHours(retryAfter)}`;
  return new OciSaveError({
    code: 'quota',
    message: `${host} refuses further ${action === 'push' ? 'pushes' : 'pulls'}, a quota is used up: it answered ${formatRefusal(refusal)}${back}`,
    hint: QUOTA_HINTS[action],
    cause: refusal,
  });
}

function inHours(milliseconds: number): string {
  const minutes = Math.ceil(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} min`;
  // Docker Hub's header has been seen to hold a moment instead of a time.
  return minutes > 60 * 24 * 31 ? 'a long time' : `${Math.ceil(minutes / 60)} h`;
}

/**
 * The error for an answer that is no success. `subject` says what was asked for, `sent` what went with it.
 */
export function refusalError(
  subject: string,
  refusal: Refusal,
  sent: Sent,
  action: 'pull' | 'push' = 'pull',
): OciSaveError {
  const { host, status, codes } = refusal;
  const message = `${subject}: ${host} answered ${formatRefusal(refusal)}`;
  if (isRateRefusal(refusal)) {
    return new OciSaveError({
      code: 'network',
      message,
      hint: 'Ask less at once, or later.',
      cause: refusal,
    });
  }
  if (isTemporaryStatus(status)) return new OciSaveError({ code: 'network', message, cause: refusal });
  if (status === 404 || status === 410 || codes.some((code) => NOT_FOUND.has(code))) {
    return new OciSaveError({ code: 'not-found', message, cause: refusal });
  }
  if (status === 401 || status === 403) return deniedError(message, refusal, sent, action);
  return new OciSaveError({ code: 'unsupported', message, cause: refusal });
}

function deniedError(message: string, refusal: Refusal, sent: Sent, action: 'pull' | 'push'): OciSaveError {
  const said = {
    credentials: '; credentials were sent and refused',
    nothing: '; no credentials were sent',
    elsewhere: '; the registry had sent us there, without credentials',
  };
  return new OciSaveError({
    code: 'denied',
    message: message + said[sent],
    hint: action === 'push' ? pushHint(refusal.host, sent) : loginHint(refusal.host, sent),
    cause: refusal,
  });
}

/** What to do about a refused login. */
export function loginHint(host: string, sent: Sent): string {
  if (sent === 'elsewhere') return `Try again; if it stays so, ask who runs the registry about ${host}.`;
  if (/^(?:.*\.)?ghcr\.io$/.test(host)) {
    return (
      "In a workflow: give the job 'permissions: packages: read', log in to ghcr.io with its token, and give the " +
      "repository access in the package's settings (Manage Actions access)."
    );
  }
  const server = host === 'registry-1.docker.io' || host === 'auth.docker.io' ? '' : ` ${host}`;
  return sent === 'credentials'
    ? `Log in again (docker login${server}). Stale credentials block public images, too: docker logout${server}.`
    : `Check the name: many registries answer so for what does not exist. If it is private: docker login${server}.`;
}

/** What to do about a refused push. */
function pushHint(host: string, sent: Sent): string {
  if (sent === 'elsewhere') return loginHint(host, sent);
  if (/^(?:.*\.)?ghcr\.io$/.test(host)) {
    return (
      "In a workflow: give the job 'permissions: packages: write', log in to ghcr.io with its token, and give the " +
      "repository write access in the package's settings (Manage Actions access)."
    );
  }
  const server = host === 'registry-1.docker.io' || host === 'auth.docker.io' ? '' : ` ${host}`;
  return sent === 'credentials'
    ? `That user may not push there: look at its rights and at the project’s name, or log in as another one (docker login${server}).`
    : `Log in as a user who may push there: docker login${server}.`;
}

/** The answer behind an error, where a registry gave one. */
export function refusalOf(error: unknown): Refusal | undefined {
  const cause = error instanceof OciSaveError ? error.cause : undefined;
  return isRefusal(cause) ? cause : undefined;
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'status' in value && 'codes' in value;
}

/** The error for a request that got no answer, or one that broke off. */
export function networkError(subject: string, host: string, cause: unknown): OciSaveError {
  const { words, hint } = networkFault(cause);
  return new OciSaveError({ code: 'network', message: `${subject}: ${host} ${words}`, hint, cause });
}

/**
 * Whether asking again may help: a network fault that is none of trust or protocol. An error that is not of
 * this folder is temporary where it is classed `network`.
 */
export function isTemporary(error: unknown): boolean {
  return error instanceof OciSaveError && error.code === 'network' && !networkFault(error.cause).permanent;
}

/** Whether an error came of a rate limit that ends within a minute. */
export function isThrottled(error: unknown): boolean {
  if (!(error instanceof OciSaveError) || error.code !== 'network') return false;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && 'status' in cause && cause.status === 429;
}
