/** How tokens and keys of well-known services begin. */
const TOKEN_HEAD =
  /(?:^|[^A-Za-z0-9])(?:A[KS]IA[0-9A-Z]{4}|gh[opsur]_\w|github_pat_|glpat-|xox[a-z]-|npm_\w|dckr_pat_|eyJ[\w-]|AIza[\w-]|sk-\w{8}|ya29\.)/;

/** `password=…`, `token: …`; a path before the word makes it a repository's name. */
const NAMED_SECRET =
  /^[^/]*(?:^|[^A-Za-z0-9])(?:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api|access|private)?_?-?key)["']?\s*[:=]/i;

/**
 * The head of a PEM block (RFC 7468), also of an SSH2 key (RFC 4716) and in base64, as in kubeconfig files; and of a
 * PuTTY key.
 */
const PEM_HEAD = /-----? ?BEGIN [A-Z0-9 ]+-----?|PuTTY-User-Key-File-|LS0tLS1CRUdJTi/;

/** A digest is long and random, but not a secret. */
const DIGEST = /(?:sha\d+|md5)[:-][0-9a-f]*/g;

/** Shorter runs of letters and digits are names. */
const RUN = /[A-Za-z0-9+/=_-]{16,}/g;
const LONG_RUN = /[A-Za-z0-9+/]{28,}|[A-Za-z0-9]{20,}/g;
const LONG_WORD = /[A-Za-z0-9]{32,}/g;

/**
 * Whether a text looks like a secret: base64 or hex, a token of a well-known service, a JWT, the head of a PEM block,
 * or a value with a name such as `password`. Lower-case words without digits cannot be distinguished from names.
 */
export function looksLikeSecret(text: string): boolean {
  const named = text.replaceAll(DIGEST, '');
  return (
    TOKEN_HEAD.test(named) ||
    NAMED_SECRET.test(named) ||
    named.startsWith('-----BEGIN') ||
    PEM_HEAD.test(named) ||
    (named.match(RUN) ?? []).some(isRandom) ||
    (named.match(LONG_RUN) ?? []).some((run) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run)) ||
    (named.match(LONG_WORD) ?? []).some((word) => /\d/.test(word) && /[A-Za-z]/.test(word))
  );
}

/** Where a key or a certificate in PEM begins; -1 where the text contains none. */
export function pemStart(text: string): number {
  return text.search(PEM_HEAD);
}

/** Names rarely change from small to capital letters, or between letters and digits; random texts often do. */
function isRandom(run: string): boolean {
  let changes = 0;
  for (let at = 1; at < run.length; at += 1) {
    const [before, after] = [kindOf(run.charCodeAt(at - 1)), kindOf(run.charCodeAt(at))];
    const capitalised = before === 'capital' && after === 'small';
    if (before !== after && before !== 'mark' && after !== 'mark' && !capitalised) changes += 1;
  }
  return changes * 4 >= run.length - 1;
}

function kindOf(code: number): 'small' | 'capital' | 'digit' | 'mark' {
  if (code >= 0x61 && code <= 0x7a) return 'small';
  if (code >= 0x41 && code <= 0x5a) return 'capital';
  return code >= 0x30 && code <= 0x39 ? 'digit' : 'mark';
}
