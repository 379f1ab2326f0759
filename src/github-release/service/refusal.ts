import { z } from 'zod';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { shown } from '../../http/index.ts';
import { type Hint, hint, option } from '../../text/hint.ts';

/** What the service answered instead of doing what it was asked; status 0 where no answer came. */
export interface Refusal {
  readonly status: number;
  /** Its words, made fit to be shown. */
  readonly words: string;
  /** The codes of its errors: `already_exists`. */
  readonly codes: readonly string[];
  /** Milliseconds that it asks to wait; undefined where it asks for none. */
  readonly wait: number | undefined;
  /** Whether it is about how often we ask. */
  readonly limited: boolean;
}

const requestErrorSchema = z.object({
  status: z.number(),
  response: z
    .object({
      headers: z.record(z.string(), z.union([z.string(), z.number(), z.undefined()])),
      data: z.unknown(),
    })
    .optional(),
  cause: z.unknown().optional(),
});

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

/**
 * Reads what octokit threw; undefined where it is no error of a request. What was sent as a secret is not in its words.
 *
 * @param now milliseconds since 1970
 */
export function readRefusal(
  error: unknown,
  secrets: readonly string[],
  now: number = Date.now(),
): Refusal | undefined {
  const parsed = requestErrorSchema.safeParse(error);
  if (!(error instanceof Error) || error.name !== 'HttpError' || !parsed.success) return undefined;
  const { status, response } = parsed.data;
  if (response === undefined) {
    return unanswered(networkWords(error));
  }
  const body = bodySchema.safeParse(response.data);
  const { message = '', errors = [] } = body.success ? body.data : {};
  const details = errors.map((one) => (typeof one === 'string' ? one : (one.message ?? codeAndField(one))));
  const codes = errors.flatMap((one) =>
    typeof one === 'string' || one.code === undefined ? [] : [one.code],
  );
  const words = shown([message, ...details].filter((text) => text !== '').join('; '), secrets);
  const header = (name: string): string => String(response.headers[name] ?? '');
  const limited =
    status === 429 ||
    (status === 403 &&
      (header('x-ratelimit-remaining') === '0' ||
        header('retry-after') !== '' ||
        /rate limit/i.test(message)));
  return { status, words, codes, limited, wait: limited || status === 503 ? waitOf(header, now) : undefined };
}

function codeAndField({
  code = '',
  field = '',
}: {
  code?: string | undefined;
  field?: string | undefined;
}): string {
  return [field, code].filter((text) => text !== '').join(' ');
}

/** `retry-after` in seconds, else the moment at which the hour's quota comes back. */
function waitOf(header: (name: string) => string, now: number): number | undefined {
  const after = header('retry-after');
  if (/^\d+$/.test(after)) return Number(after) * 1000;
  const reset = header('x-ratelimit-reset');
  return /^\d+$/.test(reset) && header('x-ratelimit-remaining') === '0'
    ? Math.max(0, Number(reset) * 1000 - now)
    : undefined;
}

/** Only the code: a message of the network may name a proxy with its password. */
export function networkWords(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = systemCodeOf(cause);
    if (code !== undefined) return code;
    if (cause.name === 'TimeoutError') return 'none in time';
  }
  return 'no reason given';
}

/** Whether asking again may help. */
export function isTemporary({ status, limited }: Refusal): boolean {
  return status === 0 || status === 408 || limited || (status >= 500 && status !== 501);
}

/** An answer that did not come, or not to its end. */
export function unanswered(words: string): Refusal {
  return { status: 0, words, codes: [], wait: undefined, limited: false };
}

/** What a refusal means for people. `subject` says what was asked, `where` is `owner/name on host`. */
export function refusalError(subject: string, where: string, refusal: Refusal): OciSaveError {
  const { status, words } = refusal;
  const answer =
    status === 0 ? `no answer came (${words})` : `it answered ${status}${words === '' ? '' : ` (${words})`}`;
  const [code, advice] = meaningOf(refusal);
  return new OciSaveError({ code, message: `${subject}: ${where}: ${answer}`, hint: advice, cause: refusal });
}

/** Whether an error says that the name is taken; the service also says so of an asset that has just been removed. */
export function saysNameIsTaken(error: unknown): boolean {
  if (!(error instanceof OciSaveError)) return false;
  const { cause } = error;
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'codes' in cause &&
    Array.isArray(cause.codes) &&
    cause.codes.includes('already_exists')
  );
}

const WRITE =
  'The token may not write releases. In a workflow, give the job permissions: contents: write; runs for a pull request ' +
  'of a fork never have it. A token of a person needs Contents: read and write for this repository.';

function meaningOf({ status, words, limited, codes, wait }: Refusal): [OciSaveError['code'], Hint] {
  if (limited) {
    const back = wait === undefined ? '' : `, in ${Math.ceil(wait / 60_000)} min`;
    return ['quota', `Run it again later${back}: what is there is not sent again.`];
  }
  if (/immutable/i.test(words)) {
    return ['unsupported', 'What is published there cannot change any more: release under a new tag.'];
  }
  if (status === 401) {
    return [
      'denied',
      'The token is wrong or has ended. In a workflow leave the input token out: the job has one.',
    ];
  }
  if (status === 403) return ['denied', WRITE];
  if (status === 404) {
    return [
      'not-found',
      'Check the repository, and that the token may see it: for what a token may not do, GitHub answers as if nothing were there.',
    ];
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
  if (status === 0 || status >= 500) {
    return [
      'network',
      'Run it again: what is there is not sent again. If it comes back, look at the proxy and the line.',
    ];
  }
  return ['unsupported', 'Look at the release on its page, and run it again.'];
}
