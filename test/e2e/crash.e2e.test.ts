import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, watch as watchFolder } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { childrenOf } from '../support/children.ts';
import { until } from '../support/deadline.ts';
import { one, sharing } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { expectExit } from '../support/expect-exit.ts';
import { CLI } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';
import { toolsSearchPath } from '../support/tools.ts';
import { startSaving } from '../support/saving.ts';
import { checkBundle, filesOf, isThere, namesIn } from '../support/whole-bundle.ts';

const KIB = 1024;
const LARGE = 1100 * KIB;

const { registry, work, args } = await startSaving();

const RUNS = 'cache/oci-save/runs';

/** Waits for something that only looking tells, as closely as can be. Ends too when the program has ended. */
async function watch(child: ChildProcess, happened: () => boolean): Promise<void> {
  while (child.exitCode === null && child.signalCode === null && !happened()) await setImmediate();
}

/** Waits until a file or folder of this name is there. Ends too when the program has ended. */
function appeared(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (child.exitCode === null && child.signalCode === null && !existsSync(work.file(name))) return;
      watcher.close();
      resolve();
    };
    const watcher = watchFolder(work.folder, look);
    child.once('exit', look);
    look();
  });
}

async function ended(child: ChildProcess): Promise<[code: number | null, signal: string | null]> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return [child.exitCode, child.signalCode];
}

function entriesIn(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true }).length;
  } catch {
    return 0;
  }
}

describe('a save that is killed', () => {
  const COUNT = 24;
  const POINTS = 22;
  const tags: string[] = [];
  /** Moves every tag to content that was never there. */
  const renew = (round: number): Image[] => {
    const small = Array.from({ length: COUNT }, (_, at) =>
      one({ seed: `crash ${round} ${at}`, layerBytes: 64 }),
    );
    const large = one({ seed: `crash ${round}`, layerBytes: LARGE });
    const images = [large, ...small];
    images.forEach((image, at) => registry.put(`crash/image${at}`, image, 'cur'));
    return images;
  };
  const digestsOf = async (): Promise<string[]> =>
    (await work.lock()).images.map(({ digest }) => digest).toSorted();
  const topsOf = (images: readonly Image[]): string[] => images.map(({ top }) => top).toSorted();

  it('case I1: at any point leaves the old bundle or the new one, and the next run clears up', async () => {
    let images = renew(0);
    tags.push(...images.map((_, at) => `${registry.host}/crash/image${at}:cur`));
    await writeFile(work.file('crash.txt'), `${tags.join('\n')}\n`);
    registry.clear();
    await work.succeed(...args('-f', 'crash.txt'));
    const requests = registry.requests().length;
    const beside = await namesIn(work.folder);
    const files = entriesIn(work.file('oci-bundle'));
    const killedAt = { fetching: 0, writing: 0 };

    for (let round = 1; round <= POINTS; round += 1) {
      const old = topsOf(images);
      images = renew(round);
      registry.clear();
      const child = work.start(...args('-f', 'crash.txt'));
      const share = round / (POINTS / 2);
      // First by what was asked for, then by what of the new bundle is written.
      if (share <= 1) await Promise.race([registry.arrivals(share * (requests - 1)), ended(child)]);
      else {
        await appeared(child, '.oci-bundle.new');
        await watch(child, () => entriesIn(work.file('.oci-bundle.new')) >= (share - 1) * files);
      }
      child.kill('SIGKILL');
      const [, signal] = await ended(child);
      if (signal === 'SIGKILL') killedAt[share <= 1 ? 'fetching' : 'writing'] += 1;

      // Between its two renames there is no bundle, but the old one beside it.
      if (await isThere(work.file('oci-bundle'))) {
        await checkBundle(work.file('oci-bundle'));
        expect([old, topsOf(images)]).toContainEqual(await digestsOf());
      } else {
        await checkBundle(work.file('.oci-bundle.old'));
      }
      await work.succeed(...args('-f', 'crash.txt'));
      await checkBundle(work.file('oci-bundle'));
      expect(await digestsOf()).toEqual(topsOf(images));
      expect(await namesIn(work.folder)).toEqual(beside);
      expect(await namesIn(work.file(RUNS))).toEqual([]);
    }
    expect(killedAt.fetching).toBe(POINTS / 2);
    expect(killedAt.writing).toBeGreaterThan(POINTS / 4);
  });

  it('between its two renames has its old bundle put back by the next run, even if that run fails', async () => {
    const before = await filesOf(work.file('oci-bundle'));
    await rename(work.file('oci-bundle'), work.file('.oci-bundle.old'));
    const { exitCode } = await work.run(...args('--retries', '0', `${registry.host}/nowhere:1`));
    expect(exitCode).toBe(1);
    expect(await filesOf(work.file('oci-bundle'))).toEqual(before);
    expect((await namesIn(work.folder)).filter((name) => name.startsWith('.oci-bundle'))).toEqual([]);
  });

  it.each(['zot', 'oci'])(
    'with the view %s alone never leaves a folder without the lock that names it',
    async (layout) => {
      const output = `only-${layout}`;
      for (let round = 0; round < 4; round += 1) {
        const child = work.start(...args('-f', 'crash.txt', '--layout', layout, '-o', output));
        await appeared(child, output);
        child.kill('SIGKILL');
        await ended(child);
        expect(existsSync(work.file(`${output}.lock.json`))).toBe(true);
        await rm(work.file(`${output}.lock.json`));
        await rm(work.file(output), { recursive: true });
      }
    },
  );

  it('while it writes an archive has that file removed by the next run', async () => {
    registry.put('archived', one({ seed: 'archived', layerBytes: 16 * 1024 * KIB }), '1');
    const archived = args(
      `${registry.host}/archived:1`,
      '-o',
      'none',
      '--archive',
      'tar',
      '--archive-name',
      'all',
    );
    const parts = (): string[] =>
      readdirSync(work.folder).filter((name) => /^all\.tar\..+\.part$/.test(name));
    const child = work.start(...archived);
    await watch(child, () => parts().length > 0);
    child.kill('SIGKILL');
    expect(await ended(child)).toEqual([null, 'SIGKILL']);
    expect(parts()).toHaveLength(1);
    expect(existsSync(work.file('all.tar'))).toBe(false);
    await work.succeed(...archived);
    expect(parts()).toEqual([]);
    await outputOf('sha256sum', ['-c', 'all.sha256'], { cwd: work.folder });
  });
});

/** An image whose large layer stops at its half, the first time that it is asked for. */
async function stallingImage(
  name: string,
): Promise<{ image: Image; arrived: Promise<unknown>; release: () => void }> {
  const image = one({ seed: name, layerBytes: LARGE });
  registry.put(name, image, '1');
  const gate = Promise.withResolvers<void>();
  const failure = { kind: 'stall', at: 0.5, until: gate.promise } as const;
  registry.misbehave({ faults: [{ path: new RegExp(largestBlobOf(image)), times: 1, failure }] });
  registry.clear();
  const arrived = registry.request({ kind: 'blob', reference: largestBlobOf(image) }, 'arrival');
  return { image, arrived, release: () => gate.resolve() };
}

describe('a save whose skopeo is killed', () => {
  it('is completed by the built-in client, and an earlier bundle over the same store stays as it was', async () => {
    const [, sharer] = sharing(2, { layerBytes: LARGE, ownBytes: 64 });
    if (!sharer) throw new Error('no image');
    registry.put('sharer', sharer, '1');
    await work.succeed(...args(`${registry.host}/sharer:1`, '-o', 'shares'));
    const before = await filesOf(work.file('shares'));

    const { arrived, release, image } = await stallingImage('killed-skopeo');
    const refs = ['killed-skopeo', 'sharer'].map((name) => `${registry.host}/${name}:1`);
    const running = work.run(...args(...refs, '-o', 'survives'));
    await arrived;
    const [skopeo] = await until('skopeo', () => {
      const found = childrenOf(process.pid)
        .flatMap(({ pid }) => childrenOf(pid))
        .filter(({ name }) => name === 'skopeo');
      return found.length > 0 ? found : undefined;
    });
    process.kill(skopeo?.pid ?? 0, 'SIGKILL');
    const completed = await running;
    release();
    expectExit(completed, 0);
    expect(completed.stderr).toMatch(/skopeo was ended by SIGKILL; the built-in client completes it/);
    expect(await checkBundle(work.file('survives'))).toHaveLength(2);
    expect((await work.lock('survives/oci-save.lock.json')).images.map(({ digest }) => digest)).toContain(
      image.top,
    );
    await checkBundle(work.file('shares'));
    expect(await filesOf(work.file('shares'))).toEqual(before);
  });
});

describe('a save that is interrupted', () => {
  it.each([
    ['SIGTERM', 143, 'skopeo'],
    ['SIGINT', 130, 'skopeo'],
    ['SIGTERM', 143, 'direct'],
    ['SIGINT', 130, 'direct'],
  ] as const)(
    'by %s ends with %i and leaves no partial output, with the copier %s',
    async (signal, code, copier) => {
      const { arrived, release } = await stallingImage(`${signal.toLowerCase()}-${copier}`);
      const before = await namesIn(work.folder);
      const name = `${registry.host}/${signal.toLowerCase()}-${copier}:1`;
      const child = work.start(...args(name, '-o', 'interrupted', '--archive', 'tar', '--copier', copier));
      await arrived;
      child.kill(signal);
      expect(await ended(child)).toEqual([code, null]);
      release();
      expect(await namesIn(work.folder)).toEqual(before);
      expect(await namesIn(work.file(RUNS))).toEqual([]);
      expect(childrenOf(1).filter(({ name }) => name === 'skopeo')).toEqual([]);
    },
  );

  it('while it waits for a list on standard input ends at once', async () => {
    const child = spawn(process.execPath, [CLI, ...args('-f', '-', '-o', 'interrupted')], {
      cwd: work.folder,
      env: { PATH: toolsSearchPath(), ...work.env },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.on('error', () => {});
    // More than any pipe holds: the program is reading when all of it is gone.
    await new Promise((resolve) => child.stdin.write('# nothing yet\n'.repeat(200_000), resolve));
    child.kill('SIGTERM');
    expect(await ended(child)).toEqual([143, null]);
    child.stdin.destroy();
  });
});
