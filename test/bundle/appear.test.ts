import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appear, finishAppearance, openOutputFolder, writePart } from '../../src/bundle/index.ts';
import { encodeLock } from '../../src/lock/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { filesOf, namesIn } from '../support/whole-bundle.ts';

let temp: TempFolder;
let output: string;
beforeEach(async () => {
  temp = await tempFolder('appear');
  output = path.join(temp.path, 'out');
});
afterEach(() => temp.close());

const at = (name: string): string => path.join(temp.path, name);
const RECORD = '.out.appearing';
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
async function prepared(): Promise<Parameters<typeof appear>[1]> {
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

/** What the steps of an appearance do, one by one, up to the end of the last. */
const STEPS: readonly (() => Promise<unknown>)[] = [
  async () => {},
  () => rm(at('out.sha256'), { force: true }),
  ...NAMES.map((name) => () => rename(at(`${name}.${process.pid}.part`), at(name))),
  () => rename(output, at('.out.old')),
  () => rename(at('.out.new'), output),
  () => rm(at('.out.old'), { recursive: true }),
  () => rm(at('out.tar.003')),
  () => rm(at('out.parts.json')),
];

describe('results', () => {
  it('appear together, and nothing else is left', async () => {
    await earlier();
    await appear(output, await prepared());
    expect(await everything()).toEqual(WHOLE);
  });

  it.each(STEPS.map((_, number) => number))(
    'of a run that was killed after step %i of their appearing are finished by the next run',
    async (last) => {
      await earlier();
      const { files, stale } = await prepared();
      const relative = (names: readonly string[]): string[] => names.map((name) => path.basename(name));
      const record = { version: 1, pid: process.pid, files: relative(files), stale: relative(stale) };
      await writeFile(at(RECORD), JSON.stringify({ ...record, folder: true }));
      for (const step of STEPS.slice(0, last + 1)) await step();
      await (await openOutputFolder(output)).release();
      expect(await everything()).toEqual(WHOLE);
    },
  );

  it('do not appear where a folder stands in the way: all is as it was', async () => {
    await earlier();
    await rm(at('out.sha256'));
    await mkdir(at('out.sha256'));
    const appearance = await prepared();
    const before = await everything();
    await expect(appear(output, appearance)).rejects.toThrow(`a folder stands at ${at('out.sha256')}`);
    expect(await everything()).toEqual(before);
  });
});

describe('a record of what was to appear', () => {
  const record = (more: object): string =>
    JSON.stringify({ version: 1, pid: 4711, files: [], stale: [], folder: false, ...more });

  it.each([
    ['has a key too many', record({ more: 1 })],
    ['is torn', record({}).slice(0, 20)],
  ])('that %s is left alone', async (_, text) => {
    await writeFile(at('thesis.txt'), 'mine');
    await writeFile(at(RECORD), text);
    expect(await finishAppearance(output, async () => true)).toBe(false);
    expect(await readdir(temp.path)).toEqual([RECORD, 'thesis.txt']);
  });

  it('does not touch a file that is not ours, whatever it says', async () => {
    await writeFile(at('thesis.txt'), 'mine');
    await writeFile(at('thesis.tar.4711.part'), 'theirs');
    await writeFile(at('thesis.tar'), 'mine');
    await writeFile(at('out.tar'), 'old');
    const stale = ['thesis.txt', at('thesis.txt'), '../elsewhere/x.tar', 'out.tar'];
    await writeFile(at(RECORD), record({ files: ['thesis.tar'], stale }));
    const asked: string[] = [];
    await finishAppearance(output, async (file) => {
      asked.push(file);
      return file === at('out.tar');
    });
    expect(asked).toContain(path.join(temp.path, '../elsewhere/x.tar'));
    expect(await everything()).toEqual({
      'thesis.txt': 'mine',
      'thesis.tar.4711.part': 'theirs',
      'thesis.tar': 'mine',
    });
  });

  it('without its files changes nothing that stands there', async () => {
    await earlier();
    const before = await everything();
    await writeFile(at(RECORD), record({ files: NAMES, folder: true }));
    await (await openOutputFolder(output)).release();
    expect(await everything()).toEqual(before);
  });

  it('that cannot be acted on ends the run, which says where it lies', async () => {
    await writePart(at('out.tar'), 'new');
    await mkdir(at('out.tar/full'), { recursive: true });
    await chmod(at('out.tar'), 0o755);
    await writeFile(at(RECORD), record({ pid: process.pid, files: ['out.tar'] }));
    await expect(openOutputFolder(output)).rejects.toMatchObject({
      code: 'machine',
      hint: expect.stringContaining(at(RECORD)),
    });
    expect(await namesIn(temp.path)).not.toContain('.out.lock');
  });
});
