/** No reference is longer; what is, is not quoted at all. */
export const MAX_REFERENCE = 1024;

/** Whether a text carries a user name and a password in front of its name, as pasted addresses do. */
export function holdsCredentials(text: string): boolean {
  return credentialsEnd(text) > 0;
}

/** Where `user:password@` ends. A tag before a digest looks alike, so what follows the `@` decides. */
function credentialsEnd(text: string): number {
  const scheme = /^\w+:\/\//.exec(text)?.[0] ?? '';
  const colon = text.indexOf(':', scheme.length);
  if (colon < 0) return 0;
  for (let at = text.lastIndexOf('@'); at > colon; at = text.lastIndexOf('@', at - 1)) {
    if (!/^(?:$|sha\d+(?:[:-]|$)|[0-9a-f]{32,}$)/.test(text.slice(at + 1))) return at + 1;
  }
  return 0;
}

/**
 * A text from a list, fit to be quoted in a message: without credentials, without what follows a `?`, `=` or `#`
 * (pasted addresses carry tokens there), of several words only the first and only with a path (the others may be a
 * pasted command), at most 80 characters, others than printable ASCII as code points.
 */
export function quoteReference(text: string): string {
  if (text.length > MAX_REFERENCE) return '…';
  const word = text.replace(/^[^ \t\r\n/]*[ \t\r\n].*$/s, '…').replace(/[ \t\r\n].*$/s, ' …');
  const end = credentialsEnd(word);
  const plain = (end > 0 ? `…@${word.slice(end)}` : word).replace(/[?=#].*$/s, '…');
  const shown = plain.length > 80 ? `${plain.slice(0, 77)}…` : plain;
  return shown.replace(/[^\x20-\x7E…]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
