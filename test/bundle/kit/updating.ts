import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { openBundle, planTree } from '../../../src/bundle/index.ts';
import { verifyBundle, type VerifyReport } from '../../../src/commands/index.ts';
import { type Lock, mergeLocks, parseLock, taggedDigest } from '../../../src/lock/index.ts';
import { serveRegistry } from '../../../src/serve/index.ts';
import { closable, type Closable } from '../../support/closable.ts';
import { outputOf, type ProgramResult, runProgram } from '../../support/program.ts';
import { startZot } from '../../support/servers/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { toolPath } from '../../support/tools.ts';
import { REPOSITORY, twoBundles } from '../../support/two-bundles.ts';

/** Two bundles, and sites that have one of them. */
export interface Updating extends Closable {
  /** Where a test may put things. */
  readonly folder: string;
  bundle(name: 'v1' | 'v2'): string;
  /** A bundle in a folder of its own, as it was unpacked there: its links are links. */
  siteOf(name?: 'v1' | 'v2'): Promise<string>;
  /** Runs kit/update.sh of the second bundle, or of another one. */
  update(args: readonly string[], env?: Record<string, string>, from?: string): Promise<ProgramResult>;
}

export async function startUpdating(layerBytes?: number): Promise<Updating> {
  const made = await twoBundles(layerBytes);
  const temp = await tempFolder('update');
  let count = 0;
  const bundle = (name: 'v1' | 'v2'): string => path.join(made.folder, name);
  return closable<Omit<Updating, keyof Closable>>(
    {
      folder: temp.path,
      bundle,
      async siteOf(name: 'v1' | 'v2' = 'v1') {
        count += 1;
        const site = path.join(temp.path, `site-${count}`);
        await outputOf('cp', ['-a', bundle(name), site]);
        return site;
      },
      update: (args: readonly string[], env: Record<string, string> = {}, from = bundle('v2')) =>
        runProgram(toolPath('dash'), [path.join(from, 'kit/update.sh'), ...args], { env }),
    },
    async () => {
      await made.close();
      await temp.close();
    },
  );
}

export const verify = (content: string): Promise<VerifyReport> =>
  verifyBundle(
    { content: [content] },
    { emit: () => {}, signal: undefined, stdin: (async function* () {})() },
  );

export const lockIn = async (folder: string): Promise<Lock> =>
  parseLock(await readFile(path.join(folder, 'oci-save.lock.json')), folder);

export interface Served extends Closable {
  readonly url: string;
}

/** Serves a folder of repositories: by zot, or by the built-in registry. */
export async function serve(root: string, by: 'zot' | 'built-in'): Promise<Served> {
  if (by === 'zot') return startZot({ root });
  const server = await serveRegistry({ root, host: '127.0.0.1', port: 0 });
  return closable({ url: server.url }, () => server.close());
}

/** The status and the digest of a manifest in a repository of the test. */
export async function pull(url: string, name: string): Promise<string> {
  const [repository, reference = ''] = name.split(/[@:](.*)/);
  const response = await fetch(`${url}/v2/${REPOSITORY}/${repository}/manifests/${reference}`);
  await response.arrayBuffer();
  return `${response.status} ${response.headers.get('docker-content-digest') ?? ''}`;
}

export const digestIn = (lock: Lock, name: string): string => {
  const image = lock.images.find(({ names }) => names.includes(`${REPOSITORY}/${name}`));
  if (image === undefined) throw new Error(`${name} is not in the lock`);
  return taggedDigest(image);
};

/** Files of the joined bundle that follow from the two locks, by path. */
async function planned(bench: Updating, site: string): Promise<Map<string, string>> {
  const lock = mergeLocks(await lockIn(bench.bundle('v1')), await lockIn(bench.bundle('v2')));
  const { manifests } = await openBundle(site);
  const tree = planTree(lock, manifests, ['oci', 'zot'], () => '');
  return new Map(
    tree.flatMap((file) =>
      file.kind === 'bytes' ? [[file.path, new TextDecoder().decode(file.bytes)] as const] : [],
    ),
  );
}

/** Checks a joined bundle: it is what the two locks give, and nothing else is there. */
export async function expectJoined(bench: Updating, site: string, foreign: string[] = []): Promise<void> {
  const files = await planned(bench, site);
  for (const [name, text] of files) {
    if (name === 'report.html' || name === 'SHA256SUMS') continue;
    expect(`${name}\n${await readFile(path.join(site, name), 'utf8')}`).toBe(`${name}\n${text}`);
  }
  const sums = (text: string | undefined): string[] =>
    (text ?? '').split('\n').filter((line) => !line.endsWith('report.html'));
  expect(sums(await readFile(path.join(site, 'SHA256SUMS'), 'utf8'))).toEqual(sums(files.get('SHA256SUMS')));
  expect(await verify(site)).toMatchObject({ outcome: 'whole', foreign, state: [], damaged: [] });
  expect((await runProgram('sh', [path.join(site, 'kit/verify.sh')])).exitCode).toBe(0);
}

/**
 * Makes a site whose bundle another version wrote, with a script that this one has not, and where the operator keeps notes:
 * the script goes with a join, and the notes stay.
 */
export async function ofAnotherVersion(site: string): Promise<string> {
  await writeFile(path.join(site, 'kit/gone.sh'), 'exit 0\n');
  const sums = path.join(site, 'SHA256SUMS');
  const hash = (await outputOf('sha256sum', [path.join(site, 'kit/gone.sh')])).slice(0, 64);
  await appendFile(sums, `${hash}  kit/gone.sh\n`);
  await writeFile(path.join(site, 'notes.txt'), 'theirs\n');
  return site;
}
