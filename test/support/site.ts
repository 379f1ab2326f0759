import { constants, copyFile, link, mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { closable, type Closable } from './closable.ts';
import { type Daemon, outputOf, type ProgramResult, runProgram, startDaemon } from './program.ts';
import { tempFolder } from './temp.ts';
import { asRoot, toolPath } from './tools.ts';

/** A shell, and the tools that come with it. */
export type SiteShell = 'busybox' | 'dash';

export const SITE_SHELLS: readonly SiteShell[] = ['busybox', 'dash'];

export interface SiteOptions {
  readonly shell: SiteShell;
  /** Programs that the site has beside its shell: `zot`, `skopeo`, `ctr`, or the path of one. */
  readonly programs?: readonly string[];
  /** What is mounted, by its absolute path at the site. A path that ends in `:ro` can only be read. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** True: the network of this machine, for a registry that runs on it. Otherwise loopback alone. */
  readonly network?: boolean;
}

export interface SiteRun {
  /** Where the command starts, at the site. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
}

/** A machine at a site without internet: a root folder with a shell and little else. */
export interface Site extends Closable {
  /** Its root as this machine has it: `/tmp` of the site is below it. */
  readonly root: string;
  /** Runs a command line in its shell, in a network of its own: each run has a new one. */
  run(command: string, options?: SiteRun): Promise<ProgramResult>;
  /** Starts one that stays, in a network of its own. */
  start(command: string, options?: SiteRun): Daemon;
}

/** What dash needs of coreutils and others: POSIX has them, or busybox has them too. */
const TOOLS = (
  'awk sed grep tar find xargs sort uniq cut tr head tail wc cat ls cp mv rm ln mkdir rmdir mktemp chmod touch stat du df dd ' +
  'tee od sleep kill sha256sum dirname basename readlink id uname date env printf test expr seq sync mkfifo cmp diff nproc'
).split(' ');

/** Makes a site. Root is needed, or a user namespace; the folder goes when it is closed. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { shell, programs = [], mounts = {}, network = false } = options;
  const folder = await tempFolder('site');
  const root = folder.path;
  const bin = path.join(root, 'bin');
  const places = ['bin', 'dev', 'proc', 'etc', 'root', ...Object.keys(mounts).map((place) => place.slice(1))];
  for (const place of places) await mkdir(path.join(root, place), { recursive: true });
  await mkdir(path.join(root, 'tmp'), { mode: 0o777 });
  await writeFile(path.join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  if (shell === 'busybox') await nameApplets(bin);
  await install(root, [
    ...(shell === 'busybox'
      ? [['busybox', toolPath('busybox')] as const]
      : [['sh', toolPath('dash')] as const, ...TOOLS.map((tool) => [tool, toolPath(tool)] as const)]),
    ...programs.map(
      (program) => [path.basename(program), program.includes('/') ? program : toolPath(program)] as const,
    ),
  ]);
  if (!(await readdir(bin)).includes('sh')) throw new Error(`${root} has no shell`);
  // One process mounts all. podman wants its root to be a mount.
  const binds = [
    [root, '', 'bind'],
    ...['/dev', '/proc'].map((place) => [place, place, 'rbind']),
    ...Object.entries(mounts).map(([place, from]) =>
      from.endsWith(':ro') ? [from.slice(0, -3), place, 'bind,ro'] : [from, place, 'rbind'],
    ),
  ];
  const table = path.join(root, 'etc/mounts');
  await writeFile(
    table,
    binds
      .map(([from = '', place = '', how]) => `${field(from)} ${field(root + place)} none ${how} 0 0\n`)
      .join(''),
  );
  const call = (command: string, { cwd = '/', env = {} }: SiteRun): [file: string, args: string[]] => {
    const steps = [
      `mount --all --fstab ${quote(table)}`,
      ...(network ? [] : ['ip link set lo up']),
      'exec env -i "$@"',
    ];
    const flags = ['--mount', ...(network ? [] : ['--net'])];
    const variables = Object.entries({ PATH: '/bin', HOME: '/root', ...env }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const shell = [toolPath('chroot'), root, '/bin/sh', '-c', 'cd "$0" && eval "$1"', cwd, command];
    return asRoot('unshare', [...flags, 'sh', '-c', steps.join(' && '), 'site', ...variables, ...shell]);
  };
  return closable<Omit<Site, keyof Closable>>(
    {
      root,
      run: (command, run = {}) => {
        const [file, args] = call(command, run);
        return runProgram(file, args, run.input === undefined ? {} : { input: run.input });
      },
      start: (command, run = {}) => startDaemon(...call(command, run)),
    },
    () => folder.close(),
  );
}

/** As a table of mounts has it (fstab(5)). */
const field = (text: string): string =>
  text.replaceAll(
    /[\\\s]/g,
    (character) => `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`,
  );
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Gives busybox the names of all that it can do: names of one file, of which a file system makes many in no time. */
async function nameApplets(bin: string): Promise<void> {
  const file = path.join(bin, 'busybox');
  await place(await realpath(toolPath('busybox')), file);
  applets ??= (await outputOf(file, ['--list']))
    .split('\n')
    .filter((applet) => !['', 'busybox'].includes(applet));
  for (const applet of applets) await link(file, path.join(bin, applet));
}
let applets: readonly string[] | undefined;

/** Puts programs, by their names there, into a root's /bin, with the libraries that they are linked to. */
async function install(
  root: string,
  programs: readonly (readonly [name: string, program: string])[],
): Promise<void> {
  for (const [name, program] of programs) await place(await realpath(program), path.join(root, 'bin', name));
  for (const library of await librariesOf(programs.map(([, program]) => program)))
    await place(await realpath(library), path.join(root, library));
}

/** The libraries of each program that was asked about: they stay the same while tests run. */
const libraries = new Map<string, ReadonlySet<string>>();

async function librariesOf(programs: readonly string[]): Promise<Set<string>> {
  const unknown = programs.filter((program) => !libraries.has(program));
  if (unknown.length > 0) {
    // Of several files it names each before its libraries. A script, or what is linked to none, has none.
    const { stdout } = await runProgram('ldd', unknown);
    const [first = '', ...more] = stdout.split(/^(\S.*):$/m);
    if (unknown.length === 1) libraries.set(unknown[0] ?? '', named(first));
    else for (let at = 0; at < more.length; at += 2) libraries.set(more[at] ?? '', named(more[at + 1] ?? ''));
  }
  return new Set(programs.flatMap((program) => [...(libraries.get(program) ?? [])]));
}

const named = (text: string): Set<string> =>
  new Set([...text.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library));

/** Gives a file another name, or a copy where the folder is on another file system. What is there stays. */
async function place(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  try {
    await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_EXCL));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
