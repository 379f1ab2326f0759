/** A text that nobody shows by accident: JSON and templates have `***` in its place, and nothing can be seen in it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** For the one place where it is used. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }
}

/** Shorter texts are everywhere: with a password of one letter, each such letter of a log would become `***`. */
const MIN_CHARACTERS = 4;

/** The parts of a secret that are hidden where they appear: its lines, but for those that are too short. */
export function hiddenParts(secret: string): string[] {
  return secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_CHARACTERS);
}

/** A text in which `***` stands for these secrets, in every form in which somebody may repeat what he was sent. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap(hiddenParts)
    .flatMap(formsOf)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, form) => rest.replaceAll(form, '***'), text);
}

/** A registry's JSON in a proxy's, quoted by skopeo's library. */
const QUOTINGS = 3;

/** A text as it is, in quotes within quotes (JSON's and Go's agree for what a password is made of), in HTML, in an address. */
function formsOf(text: string): string[] {
  const forms = new Set([text, inHtml(text, '&quot;'), inHtml(text, '&#34;')]);
  const json = quoted(text);
  // Go's encoder spares HTML; Python's and PHP's write ASCII alone.
  const html = json.replaceAll(/[<>&\u2028\u2029]/g, escaped);
  const ascii = json.replaceAll(/[\u007F-\uFFFF]/g, escaped);
  for (
    let within = [json, html, ascii], times = 0;
    times < QUOTINGS;
    within = within.map(quoted), times += 1
  ) {
    for (const form of within) forms.add(form);
  }
  for (const address of [
    encodeURIComponent(text.toWellFormed()),
    // With + for a blank, and more signs written by their numbers.
    new URLSearchParams([['', text]]).toString().slice(1),
  ]) {
    forms.add(address).add(address.replaceAll(/%[\dA-F]{2}/g, (byte) => byte.toLowerCase()));
  }
  return [...forms];
}

function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function inHtml(text: string, quote: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', quote)
    .replaceAll("'", '&#39;');
}
