import { expect, it } from 'vitest';
import { startResolving } from '../resolve/resolving.ts';
import { one } from '../support/fixtures/index.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { hasZot, startZot } from '../support/servers/index.ts';
import { lockOfImages, pushTo, statusesOf } from './pushing.ts';

it('found C1: zot with as many repositories as it takes still gets tags in those, and is asked once for others', async () => {
  if (!hasZot()) return noteNotOnZot();
  await using zot = await startZot({ maxRepos: 1 });
  await using bench = await startResolving();
  // The largest is first, alone.
  const images = {
    'r.example/a:1': one({ seed: '1', layerBytes: 3000 }),
    'r.example/b:1': one({ seed: '2', layerBytes: 2000 }),
    'r.example/a:2': one({ seed: '3', layerBytes: 1000 }),
  };
  const lock = await lockOfImages(bench, images);
  // With so long a pause a second attempt, or a throttled host, would outlast the test.
  const client = { retryMilliseconds: 60_000 };
  const { report } = await pushTo(zot, lock, bench.store, { parallel: 1, client });
  expect(statusesOf(report)).toEqual({
    'r.example/a:1': 'pushed',
    'r.example/b:1': 'failed',
    'r.example/a:2': 'pushed',
  });
  expect(report.failed).toMatchObject([{ class: 'quota' }]);
  expect(report.failed[0]?.message).toContain('its limit is 1');
});
