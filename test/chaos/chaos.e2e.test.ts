import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { hasZot } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { chaos, describeFailure } from './chaos.ts';
import { IMAGES } from './images.ts';
import { judgeBundle, type Names, Violation } from './judge/bundle.ts';
import { judgeArchive } from './judge/archive.ts';
import { judgePulls, judgeServed, judgeTarget } from './judge/registry.ts';
import { argumentsOf } from './lane.ts';
import { KINDS, LINE_KINDS } from './plan.ts';
import { ociSave } from './process.ts';

const MINUTE = 60_000;

describe('saves amid faults', () => {
  it(
    'leave no wrong and no half bundle, and the next run heals each',
    async () => {
      if (!hasZot()) noteNotOnZot();
      // Of this seed so few are enough for every kind; what an answer can do wrong strikes whatever the machine's load.
      // One lane: another would start servers and save earlier bundles of its own.
      const numbers = Array.from({ length: 22 }, (_, at) => at + 13);
      const outcomes = await chaos({ seed: 18374, numbers, lanes: 1 });
      expect(outcomes.filter(({ violation }) => violation !== undefined).map(describeFailure)).toEqual([]);
      expect(outcomes.filter(({ healed }) => healed)).toHaveLength(numbers.length);
      expect(new Set(outcomes.map(({ ended }) => ended))).toEqual(new Set(['well', 'error', 'stopped']));
      const kinds = outcomes.flatMap(({ plan }) => plan.steps.flat().map(({ kind }) => kind));
      expect(new Set(kinds)).toEqual(new Set(KINDS));
      const struck = new Set(outcomes.flatMap((outcome) => [...outcome.struck]));
      expect([...LINE_KINDS, 'mirror' as const].filter((kind) => !struck.has(kind))).toEqual([]);
      expect(outcomes.filter(({ struck }) => struck.size > 0).length).toBeGreaterThan(17);
    },
    20 * MINUTE,
  );
});

describe('the judges of chaos', () => {
  let temp: TempFolder;
  let names: Names;
  const place = (...parts: string[]): string => path.join(temp.path, ...parts);
  beforeAll(async () => {
    temp = await tempFolder('judged');
    const images = IMAGES.map(({ repository, generations: [image] }) => [`${repository}:1`, image] as const);
    await using source = await startBadRegistry({ images: Object.fromEntries(images) });
    const plan = { copier: 'direct', archive: 'tar', push: false, retries: 0, parallel: 8 } as const;
    const list = IMAGES.map(
      ({ repository }) => `${source.host}/${repository}:1 => r.example/${repository}:1`,
    );
    await writeFile(place('list.txt'), list.join('\n'));
    const { code, stderr } = await ociSave(temp.path, argumentsOf(plan, source.host, ''), false).done;
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    names = await judgeBundle(place('out'));
  });
  afterAll(() => temp.close());

  /** What is said of the bundle after a change to a copy of it. */
  async function judgedAfter(change: (bundle: string) => Promise<unknown>): Promise<Violation | undefined> {
    const bundle = place('changed');
    await cp(place('out'), bundle, { recursive: true });
    try {
      await change(bundle);
      await judgeBundle(bundle);
      return undefined;
    } catch (error) {
      if (error instanceof Violation) return error;
      throw error;
    } finally {
      await rm(bundle, { recursive: true });
    }
  }
  const blobOf = async (bundle: string): Promise<string> => {
    const [name = ''] = await readdir(path.join(bundle, 'blobs/sha256'));
    return path.join(bundle, 'blobs/sha256', name);
  };
  const edit = async (file: string, from: RegExp, to: string): Promise<void> => {
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(from);
    await writeFile(file, text.replace(from, to));
  };

  it('find a whole bundle right, with all its names', async () => {
    expect(await judgedAfter(async () => {})).toBeUndefined();
    expect([...names.keys()]).toHaveLength(IMAGES.length);
    expect(await judgeArchive(temp.path, 'out')).toEqual(names);
  });

  const registryOf = 'registry/r.example/chaos/small';
  it.each<[string, Violation['kind'], (bundle: string) => Promise<unknown>]>([
    ['a blob of other bytes', 'wrong', async (at) => writeFile(await blobOf(at), 'other')],
    ['a blob that is cut', 'wrong', async (at) => truncate(await blobOf(at), 10)],
    ['a missing blob', 'half', async (at) => rm(await blobOf(at))],
    [
      'no blobs',
      'half',
      (at) =>
        rm(path.join(at, 'blobs'), { recursive: true }).then(() =>
          rm(path.join(at, 'registry'), { recursive: true }),
        ),
    ],
    ['no sums', 'half', (at) => rm(path.join(at, 'SHA256SUMS'))],
    ['no index', 'half', (at) => rm(path.join(at, 'index.json'))],
    [
      'no view for zot',
      'half',
      async (at) => {
        await edit(path.join(at, 'SHA256SUMS'), /^.*  registry\/.*\n/gm, '');
        await rm(path.join(at, 'registry'), { recursive: true });
      },
    ],
    [
      'a repository that is missing',
      'wrong',
      async (at) => {
        await edit(path.join(at, 'SHA256SUMS'), new RegExp(`^.*  ${registryOf}/.*\n`, 'gm'), '');
        await rm(path.join(at, registryOf), { recursive: true });
      },
    ],
    [
      'a blob that a repository lacks',
      'half',
      async (at) => {
        const blobs = path.join(at, registryOf, 'blobs/sha256');
        const [first = ''] = await readdir(blobs);
        await rm(path.join(blobs, first));
      },
    ],
  ])('find %s', async (_, kind, change) => {
    expect((await judgedAfter(change))?.kind).toBe(kind);
  });

  it('find an archive whose sums are wrong, that is missing, or that is cut', async () => {
    const judged = (): Promise<unknown> => judgeArchive(temp.path, 'out').catch((error: unknown) => error);
    await rename(place('out.tar'), place('kept.tar'));
    expect(await judged()).toMatchObject({ kind: 'half' });
    await cp(place('kept.tar'), place('out.tar'));
    await truncate(place('out.tar'), 2_000_000);
    expect(await judged()).toMatchObject({ kind: 'wrong' });
    await rename(place('out.sha256'), place('kept.sha256'));
    expect(await judged()).toMatchObject({ kind: 'half' });
  });

  it('find a registry that serves another digest, damaged bytes, or lacks a blob', async () => {
    const [image, other] = [one({ layerBytes: 5000 }), one({ seed: 'other', layerBytes: 5000 })];
    const layer = [...image.blobs.keys()].at(-1) ?? '';
    await using registry = await startBadRegistry({ images: { 'r/x:1': image } });
    const right = new Map([['r/x:1', image.top as string]]);
    const said = async (what: Promise<unknown>): Promise<unknown> => what.catch((error: unknown) => error);
    const pulled = (): Promise<unknown> => said(judgePulls(registry.host, right, place('pulled')));
    const pushed = (): Promise<unknown> => said(judgeTarget(registry.url, 'r', ['x:1']));
    expect(await said(judgeServed(registry.host, right))).toBeUndefined();
    expect(await pulled()).toBeUndefined();
    expect(await pushed()).toEqual(new Map([['x:1', image.top]]));
    const wrong = new Map([['r/x:1', other.top as string]]);
    expect(await said(judgeServed(registry.host, wrong))).toMatchObject({ kind: 'wrong' });
    registry.misbehave({ faults: [{ path: new RegExp(layer), failure: { kind: 'flip' } }] });
    expect(await pulled()).toMatchObject({ kind: 'half' });
    expect(await pushed()).toMatchObject({ kind: 'wrong' });
    registry.misbehave({ faults: [{ path: new RegExp(layer), failure: { kind: 'status', status: 404 } }] });
    expect(await pushed()).toMatchObject({ kind: 'half' });
  });
});
