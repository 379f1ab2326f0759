import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import type { WantedSkopeo } from '../options/index.ts';
import { run } from '../process.ts';
import { hint, option } from '../text/hint.ts';
import { type Environment, installHint, programsNamed } from './package-managers.ts';

/** `--preserve-digests` came with this release; without it skopeo rewrites manifests. */
const OLDEST_SKOPEO = '1.6.0';

/** A skopeo program and the version that it printed. */
export interface Skopeo {
  readonly file: string;
  readonly version: string;
}

/**
 * Finds skopeo: the file that is named, or the first on PATH that is new enough, then Homebrew's.
 * @throws OciSaveError `machine` where there is none, with the command that installs it here; `usage` for an address,
 *   since a command downloads no programs
 */
export async function findSkopeo(wanted: WantedSkopeo, env: Environment): Promise<Skopeo> {
  if (wanted.kind === 'file') return skopeoAt(path.resolve(wanted.path), env);
  if (wanted.kind === 'download') {
    throw new OciSaveError({
      code: 'usage',
      message: 'skopeo: the command does not fetch programs; only the action does',
      hint: hint`Fetch it, check its sha256, and name the file with ${option('skopeo')}.`,
    });
  }
  const { usable, refused } = await searchSkopeo(env);
  if (usable !== undefined) return usable;
  throw new OciSaveError({
    code: 'machine',
    message: refused.length === 0 ? 'skopeo is not installed' : refused.join('; '),
    hint: await installHint(env),
  });
}

/** The first skopeo of the machine that can be used, and why those before it cannot. */
export async function searchSkopeo(
  env: Environment,
): Promise<{ readonly usable: Skopeo | undefined; readonly refused: readonly string[] }> {
  const refused: string[] = [];
  for (const file of await programsNamed('skopeo', env)) {
    const checked = await checkSkopeo(file, env);
    if (typeof checked !== 'string') return { usable: checked, refused };
    refused.push(checked);
  }
  return { usable: undefined, refused };
}

/** The skopeo in a file. @throws OciSaveError `machine` where it is not a skopeo, or too old */
export async function skopeoAt(file: string, env: Environment): Promise<Skopeo> {
  const checked = await checkSkopeo(file, env);
  if (typeof checked !== 'string') return checked;
  throw new OciSaveError({
    code: 'machine',
    message: checked,
    hint: hint`Name a skopeo of version ${OLDEST_SKOPEO} or newer with ${option('skopeo')}.`,
  });
}

/** The skopeo in a file, or why it cannot be used. */
async function checkSkopeo(file: string, env: Environment): Promise<Skopeo | string> {
  const version = await versionOf(file, env);
  if (version === undefined) return `${file} is not a skopeo: it does not print its version`;
  return isAtLeast(version, OLDEST_SKOPEO)
    ? { file, version }
    : `skopeo ${version} (${file}) is too old: it cannot preserve digests; ${OLDEST_SKOPEO} can`;
}

/** Long enough for a cold disk. */
const VERSION_MILLISECONDS = 30_000;

/** The version that a program prints; undefined where it prints something else. */
async function versionOf(file: string, env: Environment): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await run(file, ['--version'], {
      env: { PATH: env['PATH'] ?? '' },
      limitMilliseconds: VERSION_MILLISECONDS,
    });
    return exitCode === 0 ? /^skopeo version (\d+\.\d+(?:\.\d+)?)/m.exec(stdout)?.[1] : undefined;
  } catch (error) {
    // A file of another architecture cannot be started, and a program that waits for something is not skopeo.
    if (error instanceof OciSaveError && error.code === 'machine') return undefined;
    throw error;
  }
}

/** The first skopeo whose references may name a registry by its IPv6 address (distribution/reference 0.5). */
const FIRST_WITH_IPV6 = '1.14';

/** Whether a skopeo can ask a registry of this name. */
export function canName({ version }: Skopeo, domain: string): boolean {
  return !domain.startsWith('[') || isAtLeast(version, FIRST_WITH_IPV6);
}

/** Whether `version` is `oldest` or newer; versions are numbers between dots. */
function isAtLeast(version: string, oldest: string): boolean {
  const [a, b] = [version.split('.').map(Number), oldest.split('.').map(Number)];
  for (let part = 0; part < 3; part += 1) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
