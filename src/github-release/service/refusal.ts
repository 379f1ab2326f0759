import { z } from 'zod';
import { OciSaveError } from '../../errors.ts';
import {
  type ErrorParser,
  formatRefusal,
  type HttpResponse,
  isTemporary,
  isTemporaryStatus,
  type Judge,
  type Refusal as HttpRefusal,
  refusalOf,
} from '../../http/index.ts';
import { type Hint, hint, option } from '../../text/hint.ts';
import { jsonIn } from '../../text/json-in.ts';

/** A refusal of the service. */
export interface Refusal extends HttpRefusal {
  /** Milliseconds that it asks to wait, if it does. */
  readonly wait: number | undefined;
  /** Whether it is about how often we send requests. */
  readonly limited: boolean;
  /** Whether something was to be changed, with a token of the older kind, which has scopes and none that may write. */
  readonly lacksScope?: boolean;
}

const bodySchema = z.looseObject({
  message: z.string().optional(),
  errors: z
    .array(
      z.union([
        z.string(),
        z.looseObject({
          code: z.string().optional(),
          message: z.string().optional(),
          field: z.string().optional(),
        }),
      ]),
    )
    .optional(),
});

/** Reads the body of a refusal in GitHub's form. */
export const parseErrorBody: ErrorParser = (text) => {
  const body = bodySchema.safeParse(jsonIn(text));
  const { message = '', errors = [] } = body.success ? body.data : {};
  const details = errors.map((one) => {
    if (typeof one === 'string') return one;
    return one.message ?? [one.field ?? '', one.code ?? ''].join(' ').trim();
  });
  return {
    codes: errors.flatMap((one) => (typeof one === 'string' || one.code === undefined ? [] : [one.code])),
    words: [message, ...details].filter((part) => part !== '').join('; '),
  };
};

/**
 * A refusal with what it says about how often we send requests.
 * @param now milliseconds since 1970
 */
export function withLimits(
  refusal: HttpRefusal,
  headers: HttpResponse['headers'],
  now = Date.now(),
): Refusal {
  const { status, words, retryAfter } = refusal;
  const isUsedUp = headers['x-ratelimit-remaining'] === '0';
  const limited =
    status === 429 ||
    (status === 403 && (isUsedUp || headers['retry-after'] !== undefined || /rate limit/i.test(words)));
  // The moment at which the hour's quota comes back.
  const reset = isUsedUp ? Number(headers['x-ratelimit-reset'] ?? Number.NaN) * 1000 - now : Number.NaN;
  const wait = retryAfter ?? (Number.isNaN(reset) ? undefined : Math.max(0, reset));
  return { ...refusal, limited, wait: limited || status === 503 ? wait : undefined };
}

/** Tokens of other kinds have no scopes, and get no such header, or an empty one. */
function lacksScope({ 'x-oauth-scopes': scopes }: HttpResponse['headers']): boolean {
  if (typeof scopes !== 'string' || scopes.trim() === '') return false;
  const held = scopes.split(',').map((scope) => scope.trim());
  return !held.includes('repo') && !held.includes('public_repo');
}

/** A longer limit is an error: a job that sleeps for an hour helps nobody. */
export const MAX_WAIT_MILLISECONDS = 120_000;
/** What GitHub expects where it limits and names no time. */
const UNNAMED_WAIT_MILLISECONDS = 60_000;

const waitFor = ({ wait, limited }: Refusal): number => wait ?? (limited ? UNNAMED_WAIT_MILLISECONDS : 0);

/**
 * Every refusal is an error, but for that of a part of a file, which is asked for as a whole then; where it asks to wait,
 * the host gets no request for so long.
 */
export function judgeOf(where: string): Judge {
  return async (response, { subject, method, headers }) => {
    const isOfPart = response.status === 416 && headers?.['range'] !== undefined;
    if (response.status < 400 || isOfPart) return undefined;
    const limits = withLimits(await response.refusal(), response.headers);
    const isWrite = method !== 'GET' && method !== 'HEAD';
    const refusal = { ...limits, lacksScope: isWrite && lacksScope(response.headers) };
    const wait = waitFor(refusal);
    const hold = wait <= MAX_WAIT_MILLISECONDS ? wait : 0;
    return { error: refusalError(subject, where, refusal), hold };
  };
}

/** The milliseconds that a refusal asks to wait. */
export function waitOf(error: unknown): number {
  const refusal = ownRefusalOf(error);
  return refusal === undefined ? 0 : waitFor(refusal);
}

/** Whether another attempt may help. */
export function mayRetry(error: unknown): boolean {
  const refusal = ownRefusalOf(error);
  if (refusal === undefined) return isTemporary(error);
  return (refusal.limited || isTemporaryStatus(refusal.status)) && waitFor(refusal) <= MAX_WAIT_MILLISECONDS;
}

/** Whether a limit kept a request from being done at all: then it may be sent again, though it must not be done twice. */
export function wasHeldBack(error: unknown): boolean {
  return ownRefusalOf(error)?.limited === true && mayRetry(error);
}

function ownRefusalOf(error: unknown): Refusal | undefined {
  const refusal = refusalOf(error);
  return refusal !== undefined && isOwn(refusal) ? refusal : undefined;
}

function isOwn(refusal: HttpRefusal): refusal is Refusal {
  return 'limited' in refusal;
}

const AGAIN =
  'Run it again: what is there is not sent again. If it comes back, look at the proxy and the line.';

const TRUST =
  'Name the certificate authority in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS, and check GITHUB_API_URL.';

/** What a refusal means for people. `subject` says what was asked, `where` is `owner/name on host`. */
export function refusalError(subject: string, where: string, refusal: Refusal): OciSaveError {
  const [code, advice] = meaningOf(refusal);
  const message = `${subject}: ${where}: it answered ${formatRefusal(refusal)}`;
  return new OciSaveError({ code, message, hint: advice, cause: refusal });
}

/**
 * An error of the network with the repository, and what to do about it; any other error as it is. The whole message is kept:
 * what a message contains is not printed again as its cause.
 */
export function networkErrorAt(repository: string, error: unknown): unknown {
  if (!(error instanceof OciSaveError) || error.code !== 'network' || refusalOf(error) !== undefined)
    return error;
  const { message, hintParts } = error;
  // A connection that is not trusted has a hint of its own, which is about registries; a proxy's is about the proxy alone.
  const advice = hintParts === undefined ? AGAIN : typeof hintParts === 'string' ? hintParts : TRUST;
  return new OciSaveError({
    code: 'network',
    message: `${repository}: ${message}`,
    hint: advice,
    cause: error,
  });
}

/** Whether an error says that the name is taken, which also happens for an asset that has just been removed. */
export function saysNameIsTaken(error: unknown): boolean {
  return refusalOf(error)?.codes.includes('already_exists') === true;
}

/**
 * Whether a draft is not published since its tag, which is not there, may not be made: by a rule of the repository (422,
 * field `pre_receive`), or by a token that may not tag a commit which changes workflows (403; GitHub's changelog of
 * 2023-11-02). The same token has written the draft, so it is not about releases.
 */
export function forbidsTag(error: unknown): boolean {
  const refusal = ownRefusalOf(error);
  if (refusal === undefined || refusal.limited || IMMUTABLE.test(refusal.words)) return false;
  return refusal.status === 403 || (refusal.status === 422 && /pre_receive|valid tag/.test(refusal.words));
}

const IMMUTABLE = /immutable/i;

const WRITE =
  'The token may not write releases. In a workflow, give the job permissions: contents: write; runs for a pull request ' +
  'of a fork never have it. A token of a person needs Contents: read and write for this repository. If it has that, it may ' +
  'not tag a commit that changes workflows: push the tag, and let the workflow run for it.';

const SCOPE =
  'The token has neither of the scopes repo and public_repo, and GitHub answers to it as if nothing were there. Give it one, or take a token ' +
  'with Contents: read and write for this repository.';

function meaningOf({
  status,
  words,
  limited,
  lacksScope: scopeless = false,
  codes,
  wait,
}: Refusal): [OciSaveError['code'], Hint] {
  if (limited) {
    const back = wait === undefined ? '' : `, in ${Math.ceil(wait / 60_000)} min`;
    return ['quota', `Run it again later${back}: what is there is not sent again.`];
  }
  if (IMMUTABLE.test(words)) {
    return [
      'unsupported',
      'What is immutable cannot change, nor give its tag away: release under a new tag.',
    ];
  }
  if (status === 401) {
    return [
      'denied',
      'The token is wrong or has ended. In a workflow leave the input token out: the job has one.',
    ];
  }
  if (status === 403) return ['denied', WRITE];
  if (status === 404 && scopeless) return ['denied', SCOPE];
  if (status === 404) {
    return [
      'not-found',
      'Check the repository, and that the token may see it: for what a token may not do, GitHub answers as if nothing were there.',
    ];
  }
  if (/target_commitish/.test(words)) {
    return [
      'unsupported',
      'The commit that the workflow runs for is not in the repository. Push the tag, and let the workflow run for it.',
    ];
  }
  if (/tag_name is not/.test(words)) {
    return ['unsupported', 'GitHub does not take this tag: release under another one.'];
  }
  if (codes.includes('already_exists')) {
    return [
      'unsupported',
      'Another run writes to this release: let one end before the next begins (concurrency).',
    ];
  }
  if (/file_count/.test(words))
    return ['unsupported', 'A release holds 1000 files: take larger parts, or another tag.'];
  if (status === 413 || /size/i.test(words)) {
    return ['unsupported', hint`Take smaller parts: ${option('splitSize')}.`];
  }
  if (status >= 500) return ['network', AGAIN];
  return ['unsupported', 'Look at the release on its page, and run it again.'];
}
