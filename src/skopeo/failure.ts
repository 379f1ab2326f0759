import { type ErrorCode, OciSaveError } from '../errors.ts';
import type { ProcessResult } from '../process.ts';
import { withoutSecrets } from '../text/secret.ts';

/** The causes of a failure, by the words that skopeo's versions share (containers/image docker client, common/pkg/retry). */
const CAUSES: readonly (readonly [pattern: RegExp, code: ErrorCode])[] = [
  [/no space left on device|disk quota exceeded|read-only file system/i, 'local'],
  [/toomanyrequests|too many requests|429 /i, 'quota'],
  [/unauthorized|authentication required|denied|forbidden|invalid username\/password/i, 'denied'],
  [/manifest unknown|name unknown|not found|blob unknown|no descriptor found/i, 'not-found'],
  [/digest did not match|does not match expected|invalid checksum|digest mismatch/i, 'digest'],
  [/unsupported|unknown media type|invalid character|cannot be modified|must be converted/i, 'unsupported'],
];

/** The query of an address in a message: registries redirect to presigned ones, which are secrets. */
const QUERY = /(\bhttps?:\/\/[^\s"'?]*)\?[^\s"']*/g;

/** Credentials as they were sent, where the registry repeats them. */
const SENT = /\b(Basic|Bearer) +[\w.~+/=-]{8,}/gi;

/** Of a registry's own text in it; the expressions below take a time that is the square of its length. */
const MAX_LINE = 8192;

/** The beginning of a line, up to a whole word: what is told by its form may not be cut, since then it has none. */
function cut(line: string): string {
  if (line.length <= MAX_LINE) return line;
  return line.slice(0, Math.max(line.lastIndexOf(' ', MAX_LINE), 0) || MAX_LINE);
}

/** The last words of a skopeo that failed, without its log format and without secrets. */
function skopeoMessage(stderr: string, secrets: readonly string[]): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const fatal =
    lines.findLast((line) => /level=(fatal|error)/.test(line)) ?? lines.at(-1) ?? 'no reason given';
  // Before the cut: a secret that is cut in two is no longer found.
  const line = cut(withoutSecrets(fatal, secrets));
  const quoted = /msg="((?:[^"\\]|\\.)*)/.exec(line)?.[1];
  const words = quoted === undefined ? line : quoted.replaceAll('\\"', '"').replaceAll('\\\\', '\\');
  return withoutSecrets(words, secrets)
    .replaceAll(SENT, '$1 ***')
    .replaceAll(/[\u0000-\u001F\u007F]+/g, ' ')
    .replaceAll(QUERY, '$1?…')
    .slice(0, 600);
}

/**
 * The error for a skopeo that failed; `subject` says which copy it was. skopeo quotes registries, and these may repeat
 * the `secrets` that they were sent.
 */
export function skopeoFailure(
  subject: string,
  { exitCode, signal, stderr }: ProcessResult,
  secrets: readonly string[] = [],
): OciSaveError {
  if (signal !== undefined) {
    return new OciSaveError({ code: 'local', message: `${subject}: skopeo was ended by ${signal}` });
  }
  const words = skopeoMessage(stderr, secrets);
  const code = CAUSES.find(([pattern]) => pattern.test(words))?.[1] ?? 'network';
  return new OciSaveError({ code, message: `${subject}: skopeo failed (exit ${exitCode ?? '?'}): ${words}` });
}
