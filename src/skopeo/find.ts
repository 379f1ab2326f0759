import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { run } from '../process.ts';
import { installHint } from './package-managers.ts';
import { type Environment, programsNamed } from './programs.ts';
import { isAtLeast, OLDEST_SKOPEO, parseSkopeoVersion } from './version.ts';
import type { WantedSkopeo } from '../options/index.ts';
import { hint, option } from '../text/hint.ts';

/** A skopeo that was asked for its version. */
export interface Skopeo {
  readonly file: string;
  readonly version: string;
}

/** What a machine has: the first skopeo that can be used, and why those before it cannot. */
export interface SkopeoSearch {
  readonly usable: Skopeo | undefined;
  readonly refused: readonly string[];
}

/**
 * Finds skopeo: the file that is named, or the first on PATH that is new enough, then Homebrew's.
 * @throws OciSaveError `machine` where there is none, with the command that installs it here; `usage` for an address,
 *   since a command downloads no programs
 */
export async function findSkopeo(wanted: WantedSkopeo, env: Environment): Promise<Skopeo> {
  switch (wanted.kind) {
    case 'file':
      return skopeoAt(path.resolve(wanted.path), env);
    case 'auto':
      return installedSkopeo(env);
    case 'download':
      throw new OciSaveError({
        code: 'usage',
        message: 'skopeo: the command does not fetch programs; only the action does',
        hint: hint`Fetch it, check its sha256, and name the file with ${option('skopeo')}.`,
      });
  }
}

async function installedSkopeo(env: Environment): Promise<Skopeo> {
  const { usable, refused } = await searchSkopeo(env);
  if (usable !== undefined) return usable;
  throw new OciSaveError({
    code: 'machine',
    message: refused.length === 0 ? 'skopeo is not installed' : refused.join('; '),
    hint: await installHint(env),
  });
}

/** Asks each skopeo of the machine, in order, until one can be used. */
export async function searchSkopeo(env: Environment): Promise<SkopeoSearch> {
  const refused: string[] = [];
  for (const file of await programsNamed('skopeo', env)) {
    const answer = await ask(file, env);
    if ('skopeo' in answer) return { usable: answer.skopeo, refused };
    refused.push(answer.refused);
  }
  return { usable: undefined, refused };
}

/** The skopeo that a file is. @throws OciSaveError `machine` where it is none, or too old */
export async function skopeoAt(file: string, env: Environment): Promise<Skopeo> {
  const answer = await ask(file, env);
  if ('skopeo' in answer) return answer.skopeo;
  throw new OciSaveError({
    code: 'machine',
    message: answer.refused,
    hint: hint`Name a skopeo of version ${OLDEST_SKOPEO} or newer with ${option('skopeo')}.`,
  });
}

async function ask(
  file: string,
  env: Environment,
): Promise<{ readonly skopeo: Skopeo } | { readonly refused: string }> {
  const version = await versionOf(file, env);
  if (version === undefined) return { refused: `${file} is no skopeo: it does not tell its version` };
  if (isAtLeast(version, OLDEST_SKOPEO)) return { skopeo: { file, version } };
  return {
    refused: `skopeo ${version} (${file}) is too old: it cannot preserve digests; ${OLDEST_SKOPEO} can`,
  };
}

/** Long enough for a cold disk. */
const VERSION_MILLISECONDS = 30_000;

async function versionOf(file: string, env: Environment): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await run(file, ['--version'], {
      env: { PATH: env['PATH'] ?? '' },
      limitMilliseconds: VERSION_MILLISECONDS,
    });
    return exitCode === 0 ? parseSkopeoVersion(stdout) : undefined;
  } catch (error) {
    // A file of another architecture cannot be started, and what waits for something is no skopeo.
    if (error instanceof OciSaveError && error.code === 'machine') return undefined;
    throw error;
  }
}
