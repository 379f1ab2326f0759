import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/lock/index.ts';
import { type PushTargetReport, pushTargetSchema } from '../../src/report/index.ts';
import { renderPushSummary } from '../../src/view/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { idx, one } from '../support/fixtures/index.ts';
import { startPushRegistry } from '../support/push-registry.ts';
import { lockOfImages, pushTo } from './pushing.ts';

const small = { layerBytes: 100 };
const [old, next] = [one(small), one({ ...small, seed: 'next' })];
const short = (digest: string | undefined): string => digest?.slice(7, 19) ?? '';

let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

/** What people read of a push, one line each. */
function linesOf(report: PushTargetReport, dryRun = false): string[] {
  const whole = { version: 1, tool: { name: 'oci-save', version: '1' }, bundle: 'b' } as const;
  const outcome = report.outcome === 'failed' ? 'failed' : 'done';
  const text = renderPushSummary({ ...whole, dryRun, outcome, targets: [report] }, { color: false });
  return text.split('\n').map((line) => line.trim());
}

describe('found A17: a push over a tag of another digest', () => {
  const before = (): Promise<Lock> =>
    lockOfImages(bench, { 'r.example/moves:1': old, 'r.example/stays:1': old });
  const after = (): Promise<Lock> =>
    lockOfImages(bench, { 'r.example/moves:1': next, 'r.example/stays:1': old, 'r.example/new:1': next });

  it('tells the digest that the tag had, and of no other tag one', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await before(), bench.store);
    const { report } = await pushTo(registry, await after(), bench.store);
    expect(report.images.map(({ name, status, before: had }) => [name, status, had])).toEqual([
      ['r.example/moves:1', 'pushed', old.top],
      ['r.example/new:1', 'pushed', undefined],
      ['r.example/stays:1', 'unchanged', undefined],
    ]);
    expect(linesOf(report)).toContain(
      `${registry.host}/r.example/moves:1: moved from ${short(old.top)} to ${short(next.top)}`,
    );
    expect(linesOf(report).filter((line) => line.includes('moved'))).toHaveLength(1);
    expect(pushTargetSchema.parse(report)).toEqual(report);
  });

  it('tells it in a dry run, which moves nothing', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, await before(), bench.store);
    const { report } = await pushTo(registry, await after(), bench.store, { dryRun: true });
    expect(report.images.map(({ name, status, before: had }) => [name, status, had])).toEqual([
      ['r.example/moves:1', 'to push', old.top],
      ['r.example/new:1', 'to push', undefined],
      ['r.example/stays:1', 'unchanged', undefined],
    ]);
    expect(linesOf(report, true)).toContain(
      `${registry.host}/r.example/moves:1: would move from ${short(old.top)} to ${short(next.top)}`,
    );
    expect(registry.contents.at('r.example/moves').tags.get('1')).toBe(old.top);
  });
});

describe('found A17: a dry run of a push of an image without some of its platforms', () => {
  const sparse = async (): Promise<{ lock: Lock; top: string; root: string }> => {
    const image = await bench.resolve(idx(small), 'r.example/x:1', { platforms: 'linux/amd64' });
    return { lock: bench.lock(image), top: image.digest, root: image.root };
  };

  it('tells what stands in where the target refuses its index, by HEAD requests alone', async () => {
    await using registry = await startPushRegistry();
    const { lock, top, root } = await sparse();
    const { report } = await pushTo(registry, lock, bench.store, { dryRun: true });
    expect(report.images).toMatchObject([{ status: 'to push', digest: top, standIn: root }]);
    expect(report.images[0]).not.toHaveProperty('narrowed');
    expect(linesOf(report, true)).toContain(
      `${registry.host}/r.example/x:1: lacks platforms; where the target refuses ${short(top)} so, it gets ${short(root)}`,
    );
    expect(new Set(registry.requests().map(({ method }) => method))).toEqual(new Set(['HEAD']));
    // The push does what was told.
    const real = await pushTo(registry, lock, bench.store);
    expect(real.report.images).toMatchObject([{ there: root, narrowed: true }]);
    expect(real.report.images[0]).not.toHaveProperty('standIn');
  });

  it('tells that it is narrowed where that was asked for, and nothing where it never is', async () => {
    await using registry = await startPushRegistry();
    const { lock, top, root } = await sparse();
    const narrow = await pushTo(registry, lock, bench.store, { dryRun: true, index: 'narrow' });
    expect(narrow.report.images).toMatchObject([{ standIn: root, narrowed: true }]);
    expect(linesOf(narrow.report, true)).toContain(
      `${registry.host}/r.example/x:1: narrowed, ${short(top)} would be there as ${short(root)}`,
    );
    const keep = await pushTo(registry, lock, bench.store, { dryRun: true, index: 'keep' });
    expect(keep.report.images[0]).not.toHaveProperty('standIn');
  });
});
