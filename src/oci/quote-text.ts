/** Characters of a stranger's text that a message shows. */
const MAX_SHOWN = 80;

/** A stranger's text in quotes, fit for a message: cut, and others than printable ASCII as code points. */
export function quoteText(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
  const escaped = shown
    .toWellFormed()
    .replace(/[^\x20-\x7E…]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return `'${escaped}'`;
}
