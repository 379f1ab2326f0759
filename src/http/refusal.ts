import { z } from 'zod';

/** One entry of a registry's error body (distribution-spec, Error Codes). */
export interface Diagnostic {
  readonly code: string;
  readonly message: string;
}

/** What a refusal said, made fit to be shown: bounded, on one line, without what we sent as a secret. */
export interface Refusal {
  readonly host: string;
  readonly status: number;
  readonly codes: readonly string[];
  /** The registry's words; empty where it had none for people. */
  readonly words: string;
  /** Retry-After as milliseconds from now. */
  readonly retryAfter: number | undefined;
}

const MAX_WORDS = 300;

const detail = z.looseObject({ code: z.unknown().optional(), message: z.unknown().optional() });
const bodySchema = z.looseObject({ errors: z.array(detail) });
/** Token services answer in OAuth2's form, others in one of their own. */
const oauthSchema = z.looseObject({
  error: z.string().optional(),
  error_description: z.string().optional(),
  details: z.string().optional(),
  message: z.string().optional(),
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The entries of an error body, in whatever form; none where it is no JSON. */
export function parseDiagnostics(text: string): Diagnostic[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Proxies answer in HTML and plain text: the caller shows what can be shown of it.
    return [];
  }
  const spec = bodySchema.safeParse(json);
  if (spec.success) {
    return spec.data.errors.map(({ code, message }) => ({ code: textOf(code), message: textOf(message) }));
  }
  const oauth = oauthSchema.safeParse(json);
  if (!oauth.success) return [];
  const { error = '', error_description: description, details, message } = oauth.data;
  const said = description ?? details ?? message ?? '';
  return error === '' && said === '' ? [] : [{ code: error, message: said }];
}

/**
 * Text of strangers for one line of ours: no control characters (they move cursors and forge log lines), no
 * secret that was sent with the request and echoed, at most 300 characters.
 */
export function shown(text: string, secrets: readonly string[]): string {
  const hidden = secrets
    .filter((secret) => secret.length > 3)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  const line = hidden.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS - 1)}…` : line;
}

export interface RefusalParts {
  readonly host: string;
  readonly status: number;
  readonly body: Uint8Array;
  readonly retryAfter: number | undefined;
  readonly secrets: readonly string[];
}

/** Reads an answer that is no success. Pages of HTML are named, not quoted. */
export function readRefusal({ host, status, body, retryAfter, secrets }: RefusalParts): Refusal {
  const text = new TextDecoder().decode(body);
  const diagnostics = parseDiagnostics(text);
  const codes = diagnostics.map(({ code }) => shown(code, secrets)).filter((code) => code !== '');
  const said = diagnostics.map(({ code, message }) => [code, message].filter((part) => part).join(': '));
  const plain = /^\s*</.test(text) ? 'a web page' : /^\s*[[{]/.test(text) ? '' : text;
  const words = shown(diagnostics.length > 0 ? said.join('; ') : plain, secrets);
  return { host, status, codes, words, retryAfter };
}

/** `502 (bad gateway)`. */
export function formatRefusal({ status, words }: Refusal): string {
  return words === '' ? String(status) : `${status} (${words})`;
}

const HTTP_DATE = /^[A-Za-z]{3,9},? .*(?:GMT|UTC)$|^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d /;

/**
 * Retry-After (RFC 9110, 10.2.3) as milliseconds from now, never negative: seconds, or a date, which is
 * compared with the sender's own clock where it tells it. Anything else counts as absent.
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
