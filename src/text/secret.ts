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
