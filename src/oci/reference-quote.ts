/** `user:password@host` in front of a name. A tag before a digest looks alike, so what follows decides. */
const CREDENTIALS = /^(?:\w+:\/\/)?[^@]*:.*@(?!$|sha\d+(?:[:-]|$)|[0-9a-f]{32,}$)/s;

/** Whether a text carries a user name and a password in front of its name, as pasted addresses do. */
export function holdsCredentials(text: string): boolean {
  return CREDENTIALS.test(text);
}

/**
 * A text from a list, fit to be quoted in a message: without credentials, without what follows a `?`, `=` or `#`
 * (pasted addresses carry tokens there), of several words only the first and only with a path (the others may be a
 * pasted command), at most 80 characters, others than printable ASCII as code points.
 */
export function quoteReference(text: string): string {
  const word = text.replace(/^[^ \t\r\n/]*[ \t\r\n].*$/s, '…').replace(/[ \t\r\n].*$/s, ' …');
  const plain = word.replace(CREDENTIALS, '…@').replace(/[?=#].*$/s, '…');
  const shown = plain.length > 80 ? `${plain.slice(0, 77)}…` : plain;
  return shown.replace(/[^\x20-\x7E…]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
