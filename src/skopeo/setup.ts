import { chmod, rm } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { bareAddress, type WantedSkopeo } from '../options/index.ts';
import { hashFile } from '../store/index.ts';
import { searchSkopeo, type Skopeo, skopeoAt } from './find.ts';
import {
  type Environment,
  fileOf,
  installHint,
  PACKAGE_MANAGERS,
  type PackageManager,
  programOnPath,
} from './package-managers.ts';

/** What a front end that installs programs does for us; only such a front end has one. */
export interface Installer {
  /** Whether system packages need no sudo. */
  readonly isRoot: boolean;
  /**
   * Runs a program with its output in the log, and `env` added. Its exit code; undefined where a signal ended it.
   * @throws OciSaveError `machine` where it cannot be started or does not end
   */
  run(
    file: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<number | undefined>;
  /** Fetches an address into a file that does not exist yet. @throws OciSaveError `machine`; then there is none */
  download(url: string, file: string): Promise<void>;
  /**
   * Copies the program that an earlier run kept on this machine into a file that does not exist yet. True where the
   * copy has this sha256; else there is no file.
   */
  takeKept(sha256: string, file: string): Promise<boolean>;
  /** Keeps a program with this sha256 for later runs, where the machine has a place for it. */
  keep(sha256: string, file: string): Promise<void>;
}

export interface SetUpOptions {
  readonly wanted: WantedSkopeo;
  readonly env: Environment;
  /** A folder for what is fetched; it lasts as long as skopeo is used. */
  readonly folder: string;
  readonly installer: Installer;
}

/**
 * Finds skopeo or installs it: what is named is used and nothing else; `auto` takes the first on PATH that is new
 * enough, and else runs each package manager that the machine has, until one has installed it.
 * @throws OciSaveError `machine`: skopeo is not available, with the command that would install it here; or fetched bytes
 *   are not those that were named
 */
export async function setUpSkopeo({ wanted, env, folder, installer }: SetUpOptions): Promise<Skopeo> {
  switch (wanted.kind) {
    case 'file':
      return skopeoAt(path.resolve(wanted.path), env);
    case 'download':
      return downloaded(wanted, path.join(folder, 'fetched-skopeo'), env, installer);
    case 'auto':
      return foundOrInstalled(env, installer);
  }
}

async function downloaded(
  { url, sha256 }: Extract<WantedSkopeo, { kind: 'download' }>,
  file: string,
  env: Environment,
  installer: Installer,
): Promise<Skopeo> {
  const wasKept = await installer.takeKept(sha256, file);
  if (!wasKept) {
    await installer.download(url, file);
    const { digest } = await hashFile(file);
    if (digest !== `sha256:${sha256}`) {
      await rm(file);
      throw new OciSaveError({
        code: 'machine',
        message: `what ${bareAddress(url)} serves has ${digest}, not sha256:${sha256}: it was not run`,
        hint: 'Look where the bytes come from before you change the sha256.',
      });
    }
  }
  await chmod(file, 0o755);
  if (!wasKept) await installer.keep(sha256, file);
  return skopeoAt(file, env);
}

async function foundOrInstalled(env: Environment, installer: Installer): Promise<Skopeo> {
  const before = await searchSkopeo(env);
  if (before.usable !== undefined) return before.usable;
  const tried: string[] = [];
  for (const manager of PACKAGE_MANAGERS) {
    const failure = await install(manager, env, installer);
    if (failure === 'absent') continue;
    if (failure === undefined) {
      const { usable, refused } = await searchSkopeo(env);
      if (usable !== undefined) return usable;
      tried.push(`${manager.name} brought ${refused.length > 0 ? 'none that is new enough' : 'none'}`);
    } else {
      tried.push(failure);
    }
  }
  const here = before.refused.length === 0 ? ['skopeo is not installed'] : before.refused;
  const none = tried.length === 0 ? ['this machine has no package manager that we know'] : tried;
  throw new OciSaveError({
    code: 'machine',
    message: [...here, ...none].join('; '),
    hint: await installHint(env),
  });
}

/** Why a package manager did not install skopeo; undefined where it reports success. */
async function install(
  manager: PackageManager,
  env: Environment,
  installer: Installer,
): Promise<string | undefined> {
  const file = await fileOf(manager, env);
  if (file === undefined) return 'absent';
  const needsSudo = manager.needsRoot && !installer.isRoot;
  const sudo = needsSudo ? await programOnPath('sudo', env) : undefined;
  if (needsSudo && sudo === undefined) return `${manager.name} needs root, and sudo is not here`;
  for (const { args, mayFail = false } of manager.commands) {
    try {
      const exitCode = await runAs(sudo, file, args, manager.env ?? {}, installer);
      if (exitCode !== 0 && !mayFail) return `${manager.name} ended with ${exitCode ?? 'a signal'}`;
    } catch (error) {
      // Another package manager may still have it.
      if (!(error instanceof OciSaveError && error.code === 'machine')) throw error;
      if (!mayFail) return error.message;
    }
  }
  return undefined;
}

/** sudo must not ask for a password here, and it drops the environment: variables go through env. */
function runAs(
  sudo: string | undefined,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  installer: Installer,
): Promise<number | undefined> {
  if (sudo === undefined) return installer.run(file, args, env);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const set = variables.length === 0 ? [] : ['env', ...variables];
  return installer.run(sudo, ['-n', ...set, file, ...args], {});
}
