import { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import {
  type ErrorParser,
  formatRefusal,
  isTemporaryStatus,
  type Judge,
  MAX_HOLD_MILLISECONDS,
  plainRefusalError,
  type Refusal,
  refusalOf,
} from '../http/index.ts';
import { jsonIn } from '../text/json-in.ts';
import { type Action, loginHint, type Sent, sentWords } from './auth/refused-login.ts';

const NOT_FOUND = new Set(['MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'BLOB_UNKNOWN', 'NOT_FOUND']);
const TOO_MANY = 'TOOMANYREQUESTS';

/**
 * In place of a code: zot refuses the manifest of one repository too many as if it were asked too often, and only the
 * detail has the limit of what it holds (2.1.20: 429; later 413). Repositories that are there still take more.
 */
const HOLDS_NO_MORE = 'HOLDS_NO_MORE';

/** In place of a code: the disk of the registry is full, which docker-registry says in the detail of a 500 alone. */
const DISK_FULL = 'DISK_FULL';

/** Whether a refusal is about how often we send requests; some have another status than 429. */
function isRateRefusal({ status, codes }: Refusal): boolean {
  if (codes.includes(HOLDS_NO_MORE)) return false;
  return status === 429 || (status >= 400 && status < 500 && codes.includes(TOO_MANY));
}

/**
 * Whether a rate refusal is a quota: it asks to wait for more than a minute, or names a limit and no time
 * (docker/actions-toolkit#1289). A limit per second or minute is a throttle.
 */
export function isQuota({ retryAfter, words }: Refusal): boolean {
  if (retryAfter !== undefined) return retryAfter > MAX_HOLD_MILLISECONDS;
  const short = /\b(?:per|a|each)[ -](?:second|minute)\b|\/\s*(?:s|sec|second|min|minute)\b/i.test(words);
  return !short && /\b(?:limit|limits|quota|quotas)\b/i.test(words);
}

const HELD = /\b(?:quotas?|storage|disk|repositor(?:y|ies)|images)\b/i;
const SPENT = /\b(?:exceed(?:s|ed)?|limit(?: is)?|maximum|full|too high|insufficient)\b/i;

/**
 * Whether a refusal is about how much a registry holds for somebody, which has codes of a refused login. Harbor's full
 * project: 403 `DENIED: adding 1.3 MiB of storage resource, which when updated to current usage of 99.9 MiB will exceed the
 * configured upper limit of 100.0 MiB.`; Quay's namespace: 403 `DENIED: Quota has been exceeded on namespace`;
 * DigitalOcean: 403 `registry contains 1 repositories, limit is 1`; Artifactory: 413 `Datastore disk usage is too high`.
 */
function isFull({ status, codes, words }: Refusal): boolean {
  if (status === 507 || codes.includes(HOLDS_NO_MORE) || codes.includes(DISK_FULL)) return true;
  return [400, 403, 409, 413].includes(status) && HELD.test(words) && SPENT.test(words);
}

/** Whether an error is that a registry has no room for any more in this place, and not that it was asked too often. */
export function lacksRoom(error: unknown): error is OciSaveError {
  const refusal = error instanceof OciSaveError && error.code === 'quota' ? refusalOf(error) : undefined;
  return refusal !== undefined && !isRateRefusal(refusal) && !refusal.codes.includes(HOLDS_NO_MORE);
}

/** Whether an error is a registry's 404: what was asked for is not there. Other refusals may have the same code. */
export function isAbsent(error: unknown): error is OciSaveError {
  return error instanceof OciSaveError && refusalOf(error)?.status === 404;
}

const FULL_HINT: Record<Action, string> = {
  push: 'Delete there what is not needed any more, or have the quota raised (zot: maxRepos); then push again: only the rest is sent.',
  pull: 'Have the quota raised there, or read from a mirror.',
};

const QUOTA_HINTS = {
  pull: 'Log in for a larger quota, read from a mirror, or save from a lock with a kept store: both ask for less.',
  push: 'Run it again later: what the registry has by then is not sent again. Log in as a user with a larger quota, if there is one.',
};

function quotaError(refusal: Refusal, action: Action): OciSaveError {
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
  // Docker Hub's header has been seen to have a point in time instead of a duration.
  return minutes > 60 * 24 * 31 ? 'a long time' : `${Math.ceil(minutes / 60)} h`;
}

/**
 * The error for a response that is not a success. `subject` says what was asked for, `sent` what was sent with it, and
 * `registry` the host that logins are for, where another one refused.
 */
export function refusalError(
  subject: string,
  refusal: Refusal,
  sent: Sent,
  action: Action = 'pull',
  registry: string = refusal.host,
): OciSaveError {
  const { status, codes } = refusal;
  const plain = plainRefusalError(subject, refusal);
  const { message } = plain;
  if (isRateRefusal(refusal)) {
    return new OciSaveError({
      code: 'network',
      message,
      hint: 'Ask less at once, or later.',
      cause: refusal,
    });
  }
  if (isFull(refusal)) {
    return new OciSaveError({ code: 'quota', message, hint: FULL_HINT[action], cause: refusal });
  }
  if (plain.code !== 'network' && codes.some((code) => NOT_FOUND.has(code))) {
    return new OciSaveError({ code: 'not-found', message, cause: refusal });
  }
  if (status === 412 && action === 'pull') {
    return new OciSaveError({ code: 'denied', message, hint: POLICY_HINT, cause: refusal });
  }
  if (status !== 401 && status !== 403) return plain;
  if (READ_ONLY.test(refusal.words)) {
    return new OciSaveError({ code: 'denied', message, hint: READ_ONLY_HINT, cause: refusal });
  }
  return new OciSaveError({
    code: 'denied',
    message: message + sentWords(sent, action),
    hint: loginHint(sent === 'elsewhere' ? refusal.host : registry, sent, action),
    cause: refusal,
  });
}

/** Harbor's maintenance: 403 `DENIED: The system is in read only mode. Any modification is prohibited.` (middleware/readonly). */
const READ_ONLY = /\b(?:system|registry|server|service|instance)\b[^\n]{0,40}\bread[- ]?only\b/i;
const READ_ONLY_HINT =
  'No login changes that: have its read-only mode ended (Harbor: Configuration, System Settings), and push again.';

/** Harbor does not give what is vulnerable or unsigned (412 PROJECTPOLICYVIOLATION), even to HEAD (goharbor/harbor#19408). */
const POLICY_HINT =
  'A policy of the registry holds it back: have it exempted or changed there (Harbor: the project’s CVE allowlist, ' +
  'Cosign and Notation), or take it from elsewhere.';

/** What a temporary refusal means for the registry's host: wait, or send no further request. */
export const judgeRefusal: Judge = async (response, request) => {
  const { status, headers } = response;
  // Without a body and a time, a 429 for HEAD is neither quota nor throttle: the caller's GET will show it.
  const mute = status === 429 && request.method === 'HEAD' && headers['retry-after'] === undefined;
  if (mute || !isTemporaryStatus(status)) return undefined;
  const refusal = await response.refusal();
  const action = request.writes === true ? 'push' : 'pull';
  if (isRateRefusal(refusal) && isQuota(refusal)) {
    return { error: quotaError(refusal, action), exhausted: true };
  }
  const error = refusalError(request.subject, refusal, 'nothing', action);
  return { error, hold: refusal.retryAfter, alone: refusal.codes.includes(HOLDS_NO_MORE) };
};

/** One entry of a registry's error body (distribution-spec, Error Codes). */
export interface Diagnostic {
  readonly code: string;
  readonly message: string;
  /** How much it holds at most, as zot says it. */
  readonly limit?: string;
  /** It could not write for want of room. */
  readonly isFull?: true;
}

const entry = z.looseObject({
  code: z.unknown().optional(),
  message: z.unknown().optional(),
  detail: z.unknown().optional(),
});
const limitSchema = z.looseObject({ limit: z.string().regex(/^\d{1,20}$/) });
/** distribution's driver error: ENOSPC and EDQUOT as Linux numbers them (registry/storage/driver, Error). */
const fullSchema = z.looseObject({
  Enclosed: z.looseObject({ Err: z.union([z.literal(28), z.literal(122)]) }),
});
const FULL_WORDS = /\b(?:no space left on device|disk quota exceeded)\b/i;

function saysFull(detail: unknown, message: unknown): boolean {
  return (
    fullSchema.safeParse(detail).success ||
    [detail, message].some((text) => typeof text === 'string' && FULL_WORDS.test(text.slice(0, 4096)))
  );
}

const bodySchema = z.looseObject({ errors: z.array(entry) });
/** Token services use OAuth2's form, others one of their own. */
const oauthSchema = z.looseObject({
  error: z.string().optional(),
  error_description: z.string().optional(),
  details: z.string().optional(),
  message: z.string().optional(),
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The entries of an error body, in any of these forms; none where it is not JSON. */
export function parseDiagnostics(text: string): Diagnostic[] {
  const json = jsonIn(text);
  const spec = bodySchema.safeParse(json);
  if (spec.success) {
    return spec.data.errors.map(({ code, message, detail }) => {
      const limited = code === TOO_MANY ? limitSchema.safeParse(detail).data : undefined;
      const limit = limited === undefined ? {} : { limit: limited.limit };
      const full = saysFull(detail, message) ? { isFull: true as const } : {};
      return { code: textOf(code), message: textOf(message), ...limit, ...full };
    });
  }
  const oauth = oauthSchema.safeParse(json);
  if (!oauth.success) return [];
  const { error = '', error_description: description, details, message } = oauth.data;
  const said = description ?? details ?? message ?? '';
  return error === '' && said === '' ? [] : [{ code: error, message: said }];
}

/** Parses a registry's error body for the HTTP client. */
export const parseErrorBody: ErrorParser = (text) => {
  const diagnostics = parseDiagnostics(text);
  if (diagnostics.length === 0) return undefined;
  const said = diagnostics.map(({ code, message, limit, isFull: full }) => {
    const words = [code, message].filter((part) => part).join(': ');
    if (full === true && !FULL_WORDS.test(message)) return `${words}, its disk is full`;
    return limit === undefined ? words : `${words}, its limit is ${limit}`;
  });
  const codes = diagnostics.flatMap(({ code, limit, isFull: full }) => [
    code,
    ...(limit === undefined ? [] : [HOLDS_NO_MORE]),
    ...(full === true ? [DISK_FULL] : []),
  ]);
  return { codes, words: said.join('; ') };
};
