import { chmod, lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunResults,
  publishResults,
  finishPublishing,
  openOutputFolder,
  writePart,
} from '../../../src/bundle/index.ts';
import { encodeLock } from '../../../src/lock/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { filesOf, namesIn } from '../../support/whole-bundle.ts';

let temp: TempFolder;
let output: string;
let store: TempFolder;
beforeEach(async () => {
  temp = await tempFolder('appear');
  output = path.join(temp.path, 'out');
  store = await tempFolder('store');
  record = path.join(store.path, 'appearing/out.json');
});
afterEach(async () => {
  await store.close();
  await temp.close();
});

const at = (name: string): string => path.join(temp.path, name);
/** In the store, which no checkout can bring. */
let record: string;
const LOCK = encodeLock({ version: 1, images: [], files: [], blobs: {} });
const NAMES = ['out.lock.json', 'out.tar.001', 'out.tar.002', 'out.sha256'];

/** What a file says of the run that wrote it. A lock beside the folder is one. */
const textOf = (name: string, run: 'old' | 'new'): string =>
  name === 'out.lock.json' ? `${Buffer.from(LOCK).toString()}${run === 'old' ? '' : '\n'}` : run;

/** A folder, an archive and what stands beside it, all of one earlier run. */
async function earlier(): Promise<void> {
  await mkdir(output);
  await writeFile(path.join(output, 'oci-save.lock.json'), LOCK);
  await writeFile(path.join(output, 'report.html'), 'old');
  for (const name of [...NAMES, 'out.tar.003', 'out.parts.json'])
    await writeFile(at(name), textOf(name, 'old'));
}

/** The same of a new run, under part names and in the staging folder. */
async function prepared(): Promise<RunResults> {
  await mkdir(at('.out.new'));
  await writeFile(at('.out.new/oci-save.lock.json'), LOCK);
  await writeFile(at('.out.new/report.html'), 'new');
  for (const name of NAMES) await writePart(at(name), textOf(name, 'new'));
  return { files: NAMES.map(at), stale: ['out.tar.003', 'out.parts.json'].map(at), folder: true };
}

const everything = async (): Promise<Record<string, string>> => {
  const names = [...(await filesOf(temp.path)).keys()];
  const texts = await Promise.all(names.map((name) => readFile(at(name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
};
const WHOLE = {
  ...Object.fromEntries(NAMES.map((name) => [name, textOf(name, 'new')])),
  'out/report.html': 'new',
  'out/oci-save.lock.json': Buffer.from(LOCK).toString(),
};

/** The record that `publishResults` writes before its first step. */
async function writeRecord({ files, stale, folder }: RunResults): Promise<void> {
  const stamps = await Promise.all(
    stale.map(async (file) => {
      const { ino, size, mtimeNs } = await lstat(file, { bigint: true });
      return { file, stamp: `${ino} ${size} ${mtimeNs}` };
    }),
  );
  await mkdir(path.dirname(record), { recursive: true });
  await writeFile(record, JSON.stringify({ version: 1, pid: process.pid, files, stale: stamps, folder }));
}

/** What the steps of an appearance do, one by one, up to the end of the last. */
const STEPS: readonly (() => Promise<unknown>)[] = [
  async () => {},
  () => rename(output, at('.out.old')),
  () => rm(at('out.sha256'), { force: true }),
  ...NAMES.map((name) => () => rename(at(`${name}.${process.pid}.part`), at(name))),
  () => rename(at('.out.new'), output),
  () => rm(at('.out.old'), { recursive: true }),
  () => rm(at('out.tar.003')),
  () => rm(at('out.parts.json')),
];

describe('the results of a run', () => {
  it('appear together, and nothing else is left', async () => {
    await earlier();
    await publishResults(record, output, await prepared());
    expect(await everything()).toEqual(WHOLE);
  });

  it.each(STEPS.map((_, number) => number))(
    'that was killed after step %i of their appearing are finished by the next run',
    async (last) => {
      await earlier();
      await writeRecord(await prepared());
      for (const step of STEPS.slice(0, last + 1)) await step();
      await (await openOutputFolder(output, { record })).release();
      expect(await everything()).toEqual(WHOLE);
      expect(await namesIn(path.dirname(record))).toEqual([]);
    },
  );

  it('do not appear where a folder is in the way: nothing is changed', async () => {
    await earlier();
    await rm(at('out.sha256'));
    await mkdir(at('out.sha256'));
    const appearance = await prepared();
    const before = await everything();
    await expect(publishResults(record, output, appearance)).rejects.toThrow(
      `there is a folder at ${at('out.sha256')}`,
    );
    expect(await everything()).toEqual(before);
  });
});

describe('a record of results that were to appear', () => {
  it.each([
    ['has a key too many', '{"version":1,"pid":4711,"files":[],"stale":[],"folder":false,"more":1}'],
    ['is torn', '{"version":1,"pid":4711,'],
  ])('that %s is forgotten', async (_, text) => {
    await earlier();
    const before = await everything();
    await mkdir(path.dirname(record));
    await writeFile(record, text);
    expect(await finishPublishing(record, output)).toBe(false);
    expect(await everything()).toEqual(before);
  });

  it('without its files changes nothing', async () => {
    await earlier();
    const before = await everything();
    await writeRecord({ files: NAMES.map(at), stale: [], folder: true });
    await (await openOutputFolder(output, { record })).release();
    expect(await everything()).toEqual(before);
  });

  it('leaves a file that another run has written since at the name of a stale file', async () => {
    await earlier();
    await writeRecord({ files: [], stale: [at('out.tar.003'), at('out.parts.json')], folder: false });
    await rm(at('out.tar.003'));
    await writeFile(at('out.tar.003'), 'of another run');
    expect(await finishPublishing(record, output)).toBe(true);
    expect((await everything())['out.tar.003']).toBe('of another run');
    expect(Object.keys(await everything())).not.toContain('out.parts.json');
  });

  it('beside the output, as a checkout may bring one, is ignored', async () => {
    await earlier();
    await mkdir(at('.out.new'));
    await writeFile(
      at('.out.appearing'),
      JSON.stringify({
        version: 1,
        pid: 1,
        files: [],
        stale: [{ file: at('out.sha256'), stamp: '' }],
        folder: true,
      }),
    );
    await (await openOutputFolder(output, { record })).release();
    expect(await readFile(path.join(output, 'report.html'), 'utf8')).toBe('old');
    expect(await namesIn(temp.path)).toEqual(expect.arrayContaining(['.out.appearing', 'out.sha256']));
  });

  it('that cannot be completed ends the run, which names the record', async () => {
    await writePart(at('out.tar'), 'new');
    await mkdir(at('out.tar/full'), { recursive: true });
    await chmod(at('out.tar'), 0o755);
    await writeRecord({ files: [at('out.tar')], stale: [], folder: false });
    await expect(openOutputFolder(output, { record })).rejects.toMatchObject({
      code: 'machine',
      hint: expect.stringContaining(record),
    });
    expect(await namesIn(temp.path)).not.toContain('.out.lock');
  });
});

describe('an unfinished file', () => {
  it('is never written through a link, and replaces what a killed run left', async () => {
    const victim = at('victim');
    await writeFile(victim, 'mine');
    await symlink(victim, `${at('out.tar')}.${process.pid}.part`);
    await expect(writePart(at('out.tar'), 'new')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(victim, 'utf8')).toBe('mine');
    await writeFile(`${at('out.sha256')}.${process.pid}.part`, 'left');
    await writePart(at('out.sha256'), 'new');
    expect(await readFile(`${at('out.sha256')}.${process.pid}.part`, 'utf8')).toBe('new');
  });

  it('that is missing when it should take its name ends the run', async () => {
    await earlier();
    const appearance = await prepared();
    await rm(`${at('out.tar.002')}.${process.pid}.part`);
    await expect(publishResults(record, output, appearance)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
