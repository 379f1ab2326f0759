import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { save } from '../../src/commands/save/save.ts';
import { parseOptions } from '../../src/options/index.ts';
import { startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { pushBundleTo, type PushSettings } from './push-to.ts';

let temp: TempFolder;
let whole: PushRegistry;
let lacking: PushRegistry;
beforeAll(async () => {
  temp = await tempFolder('push');
  const source = await startBadRegistry({
    images: { 'a:1': one({ seed: 'a', layerBytes: 100 }), 'b:1': one({ seed: 'b', layerBytes: 100 }) },
  });
  const options = parseOptions({
    images: ['a:1', 'b:1'].map((image) => `${source.host}/${image}`),
    platforms: 'linux/amd64',
    output: path.join(temp.path, 'bundle'),
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    insecureRegistries: [source.host],
  });
  await save(options, { env: {}, emit: () => {} });
  await source.close();
});
afterAll(() => temp.close());
beforeEach(async () => {
  whole = await startPushRegistry();
  lacking = await startPushRegistry();
});
afterEach(async () => {
  await whole.close();
  await lacking.close();
});

const noB = { missing: (repository: string) => repository.endsWith('/b') };
const none = { readOnly: true };

it.each<[string, object, PushSettings, string]>([
  ['every target gets all', {}, {}, 'done'],
  ['a target gets a part', noB, {}, 'failed'],
  ['a target gets a part, and that is enough', noB, { onError: 'warn' }, 'warned'],
  ['a target gets nothing, though a part were enough', none, { onError: 'warn' }, 'failed'],
  ['nothing is sent yet', {}, { onError: 'warn', dryRun: true }, 'done'],
])('where %s, the outcome of pushBundle says so', async (_, switches, settings, outcome) => {
  lacking.misbehave(switches);
  const report = await pushBundleTo(path.join(temp.path, 'bundle'), [whole.host, lacking.host], settings);
  expect([report.outcome, report.targets.map((target) => target.outcome)]).toEqual([
    outcome,
    ['done', outcome],
  ]);
});
