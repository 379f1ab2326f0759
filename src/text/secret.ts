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

/** A text in which `***` stands for these secrets. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap(hiddenParts)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, part) => rest.replaceAll(part, '***'), text);
}
