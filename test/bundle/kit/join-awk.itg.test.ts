import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTree } from '../../../src/bundle/index.ts';
import { encodeLock, type Lock, mergeLocks } from '../../../src/lock/index.ts';
import { hexOf, isDigest } from '../../../src/oci/digest.ts';
import { runProgram } from '../../support/program.ts';
import { anyLock, contentOfBlob, manifestsOf } from '../../support/random-locks.ts';
import { tempFolder } from '../../support/temp.ts';
import { toolPath } from '../../support/tools.ts';

const PROGRAM = path.join(import.meta.dirname, '../../../src/bundle/kit/scripts/lib/join.awk');

const filesOf = (lock: Lock): Map<string, string> =>
  new Map(
    planTree(lock, manifestsOf(lock), ['oci', 'zot'], () => '').flatMap((file) =>
      file.kind === 'bytes' ? [[file.path, new TextDecoder().decode(file.bytes)] as const] : [],
    ),
  );

/** What join.awk reads of a bundle. */
async function writeReadable(folder: string, lock: Lock): Promise<void> {
  await mkdir(path.join(folder, 'kit'), { recursive: true });
  await mkdir(path.join(folder, 'blobs/sha256'), { recursive: true });
  const files = filesOf(lock);
  for (const name of ['kit/images.tsv', 'kit/manifests.tsv'])
    await writeFile(path.join(folder, name), files.get(name) ?? '');
  await writeFile(path.join(folder, 'oci-save.lock.json'), encodeLock(lock));
  for (const digest of Object.keys(lock.blobs))
    if (isDigest(digest))
      await writeFile(path.join(folder, 'blobs/sha256', hexOf(digest)), contentOfBlob(digest));
}

/** The joined bundle's files, by their paths in it, as join.awk makes them. */
async function joinByAwk(awk: readonly string[], base: string, older: Lock, newer: Lock) {
  const folder = await mkdtemp(path.join(base, 'x-'));
  const [a, b, out] = ['older', 'newer', 'out'].map((name) => path.join(folder, name));
  await writeReadable(a ?? '', older);
  await writeReadable(b ?? '', newer);
  await mkdir(out ?? '');
  const [file = '', ...args] = awk;
  const run = await runProgram(
    file,
    [...args, '-v', `older=${a}`, '-v', `newer=${b}`, '-v', `out=${out}`, '-f', PROGRAM],
    {
      env: { ...process.env, LC_ALL: 'C' },
    },
  );
  const read = async (name: string): Promise<string> => readFile(path.join(out ?? '', name), 'utf8');
  const layouts = (await readdir(out ?? '')).includes('layouts') ? await read('layouts') : '';
  const files = new Map<string, string>();
  if (run.exitCode === 0) {
    files.set('oci-save.lock.json', await read('lock.json'));
    for (const name of ['index.json', 'manifest.json']) files.set(name, await read(name));
    for (const name of ['images.tsv', 'manifests.tsv']) files.set(`kit/${name}`, await read(name));
    for (const line of layouts.split('\n').filter((one) => one !== '')) {
      const [number = '', repository = ''] = line.split('\t');
      files.set(`registry/${repository}/index.json`, await read(`layout.${number}`));
    }
    expect(await read('older.again')).toBe(new TextDecoder().decode(encodeLock(older)));
    expect(await read('newer.again')).toBe(new TextDecoder().decode(encodeLock(newer)));
  }
  await rm(folder, { recursive: true });
  return { run, files };
}

const RUNS = 15;

describe('V17: kit/update.sh joins two bundles as oci-save does', () => {
  it.for([
    ['busybox awk', [toolPath('busybox'), 'awk']],
    ['awk', [toolPath('awk')]],
  ] as const)('%s writes the same lock, indexes and tables byte for byte', async ([, awk]) => {
    await using temp = await tempFolder('join-awk');
    await fc.assert(
      fc.asyncProperty(anyLock, anyLock, async (older, newer) => {
        const { run, files } = await joinByAwk(awk, temp.path, older, newer);
        expect(run).toMatchObject({ exitCode: 0, stderr: '' });
        const wanted = filesOf(mergeLocks(older, newer));
        for (const [name, text] of files) expect(`${name}\n${text}`).toBe(`${name}\n${wanted.get(name)}`);
        const indexes = [...wanted.keys()].filter((name) => name.endsWith('index.json'));
        expect([...files.keys()].filter((name) => name.endsWith('index.json')).toSorted()).toEqual(
          indexes.toSorted(),
        );
      }),
      { numRuns: RUNS },
    );
  });
});
