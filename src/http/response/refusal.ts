import { OciSaveError } from '../../errors.ts';
import { withoutSecrets } from '../../text/secret.ts';

/** What a refusal said, made fit to be shown: bounded, on one line, without what we sent as a secret. */
export interface Refusal {
  readonly host: string;
  readonly status: number;
  readonly codes: readonly string[];
  /** The server's words; empty where it had none for people. */
  readonly words: string;
  /** Retry-After as milliseconds from now. */
  readonly retryAfter: number | undefined;
}

/** An error's body as an API understands it. */
export interface ErrorBody {
  readonly codes: readonly string[];
  readonly words: string;
}

/** Reads the body of an error in an API's own form; undefined where it does not have that form. */
export type ErrorParser = (text: string) => ErrorBody | undefined;

const MAX_WORDS = 300;

/**
 * Untrusted text for one line of ours: no control characters (they move cursors and forge log lines), no secret that was
 * sent with the request and echoed, at most 300 characters.
 */
export function shown(text: string, secrets: readonly string[]): string {
  const line = withoutSecrets(text, secrets)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS - 1)}…` : line;
}

export interface RefusalParts {
  readonly host: string;
  readonly status: number;
  readonly body: Uint8Array;
  readonly retryAfter: number | undefined;
  readonly secrets: readonly string[];
  readonly parse?: ErrorParser | undefined;
}

/** Reads a response that is not a success. Pages of HTML are named, not quoted. */
export function readRefusal({ host, status, body, retryAfter, secrets, parse }: RefusalParts): Refusal {
  const text = new TextDecoder().decode(body);
  const parsed = parse?.(text);
  const codes = (parsed?.codes ?? []).map((code) => shown(code, secrets)).filter((code) => code !== '');
  const plain = /^\s*</.test(text) ? 'a web page' : /^\s*[[{]/.test(text) ? '' : text;
  return { host, status, codes, words: shown(parsed?.words ?? plain, secrets), retryAfter };
}

/** `502 (bad gateway)`. */
export function formatRefusal({ status, words }: Pick<Refusal, 'status' | 'words'>): string {
  return words === '' ? String(status) : `${status} (${words})`;
}

/** The refusal behind an error, where a server gave one. */
export function refusalOf(error: unknown): Refusal | undefined {
  const cause = error instanceof OciSaveError ? error.cause : undefined;
  return isRefusal(cause) ? cause : undefined;
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'status' in value && 'codes' in value;
}

const HTTP_DATE = /^[A-Za-z]{3,9},? .*(?:GMT|UTC)$|^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d /;

/**
 * Retry-After (RFC 9110, 10.2.3) as milliseconds from now, never negative: seconds, or a date, which is compared with the
 * sender's own clock where it tells it. Anything else counts as absent.
 */
export function parseRetryAfter(
  header: string | undefined,
  date: string | undefined,
  now: number,
): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const until = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const sent = date === undefined ? Number.NaN : Date.parse(date);
  return Math.max(0, until - (Number.isNaN(sent) ? now : sent));
}
