import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closable, type Closable } from '../closable.ts';
import { outputOf, runProgram, startDaemon } from '../program.ts';
import { tempFolder } from '../temp.ts';
import { findTool, toolPath } from '../tools.ts';
import { until } from '../deadline.ts';
import { call } from '../http.ts';

export interface ZotOptions {
  /** A root to serve, as it is; it stays when zot is closed. Without one: an empty one that can be pushed to. */
  readonly root?: string;
  readonly users?: Readonly<Record<string, string>>;
  /** Who may use the repositories that match a glob, and nobody else; without anyone, everybody without a login. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
  /** Anonymous clients may only read. Default: with a given root. */
  readonly readOnly?: boolean;
  /** False: Docker's media types are refused on push, as zot does by default. */
  readonly compat?: boolean;
  /** True: storage as zot has it where a configuration says nothing of it: it collects garbage and links blobs. */
  readonly defaultStorage?: boolean;
  /** It takes so many repositories. */
  readonly maxRepos?: number;
  /** How long a request may take, in Go's form: zot's own default is a minute. */
  readonly timeout?: string;
}

export interface Zot extends Closable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly root: string;
}

/** Whether this machine has zot: it is in no package registry. */
export function hasZot(): boolean {
  return findTool('zot') !== undefined;
}

/** Starts zot over a folder on a port that the kernel chooses; by default nothing is collected or linked by it. */
export async function startZot(options: ZotOptions = {}): Promise<Zot> {
  const folder = await tempFolder('zot');
  const root = options.root ?? join(folder.path, 'root');
  if (options.root === undefined) await mkdir(root);
  const program = toolPath('zot');
  const config = join(folder.path, 'zot.json');
  const auth = options.users ? await htpasswd(folder.path, options.users) : undefined;
  await writeFile(config, zotConfig(root, options, true, auth));
  // Before 2.1.17 zot refuses the two keys; `zot --version` cannot tell which one this is.
  const { exitCode } = await runProgram(program, ['verify', config]);
  if (exitCode !== 0) await writeFile(config, zotConfig(root, options, false, auth));
  const daemon = startDaemon(program, ['serve', config]);
  const end = async (): Promise<void> => {
    await daemon.close();
    await folder.close();
  };
  try {
    const [, port] = await daemon.line(/kernel chosen port","port":(\d+)/);
    const host = `127.0.0.1:${port}`;
    await until(`http://${host}/v2/`, () => reached(`http://${host}/v2/`));
    return closable({ host, port: Number(port), url: `http://${host}`, root }, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function reached(url: string): Promise<true | undefined> {
  try {
    await call(url);
    return true;
  } catch {
    return undefined;
  }
}

async function htpasswd(folder: string, users: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, 'htpasswd');
  const lines = await Promise.all(
    Object.entries(users).map(([user, input]) =>
      outputOf(toolPath('htpasswd'), ['-niBC', '5', user], { input }),
    ),
  );
  await writeFile(path, lines.map((line) => line.trim()).join('\n'));
  return path;
}

function zotConfig(
  rootDirectory: string,
  {
    root,
    users = {},
    only = {},
    readOnly = root !== undefined,
    compat = true,
    timeout = '0s',
    defaultStorage = false,
    maxRepos,
  }: ZotOptions,
  timeouts: boolean,
  auth: string | undefined,
): string {
  const policy = {
    anonymousPolicy: readOnly ? ['read'] : ['read', 'create', 'update', 'delete'],
    ...(auth === undefined
      ? {}
      : { policies: [{ users: Object.keys(users), actions: ['read', 'create', 'update'] }] }),
  };
  const all = ['read', 'create', 'update', 'delete'];
  const own = Object.entries(only).map(([glob, names]) => [
    glob,
    names.length === 0 ? { anonymousPolicy: all } : { policies: [{ users: names, actions: all }] },
  ]);
  return JSON.stringify({
    distSpecVersion: '1.1.1',
    storage: {
      rootDirectory,
      ...(defaultStorage ? {} : { gc: false, dedupe: false }),
      ...(maxRepos === undefined ? {} : { maxRepos }),
    },
    http: {
      address: '127.0.0.1',
      port: '0',
      ...(timeouts ? { readTimeout: timeout, writeTimeout: timeout } : {}),
      ...(compat ? { compat: ['docker2s2'] } : {}),
      ...(auth === undefined ? {} : { auth: { htpasswd: { path: auth } } }),
      accessControl: { repositories: { ...Object.fromEntries(own), '**': policy } },
    },
    log: { level: 'info' },
  });
}
