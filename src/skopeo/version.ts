/** `--preserve-digests` came with this release; without it skopeo rewrites manifests. */
export const OLDEST_SKOPEO = '1.6.0';

/** The version in what `skopeo --version` prints, or undefined where it prints something else. */
export function parseSkopeoVersion(output: string): string | undefined {
  return /^skopeo version (\d+\.\d+(?:\.\d+)?)/m.exec(output)?.[1];
}

/** Whether `version` is `oldest` or newer; versions are numbers between dots. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [a, b] = [version.split('.').map(Number), oldest.split('.').map(Number)];
  for (let part = 0; part < 3; part += 1) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
