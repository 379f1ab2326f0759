import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { save } from '../../src/commands/save/save.ts';
import { parseOptions } from '../../src/options/index.ts';
import { startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { basic } from '../support/http.ts';
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

it('T3: pushes with the user that credentials has for each target, and says which one was refused', async () => {
  const users = ['first', 'second'].map((username) => ({ username, password: `${username} password` }));
  const [first, second] = users.map(basic);
  whole.misbehave({ authorization: first ?? '' });
  lacking.misbehave({ authorization: second ?? '' });
  const push = (passwords: readonly string[]): ReturnType<typeof pushBundleTo> => {
    const lines = [whole, lacking].map(
      ({ host }, at) => `${host}/mirror ${users[at]?.username} ${passwords[at]}`,
    );
    const { credentials } = parseOptions({ images: 'a', credentials: lines.join('\n') });
    const targets = [whole.host, lacking.host];
    return pushBundleTo(path.join(temp.path, 'bundle'), targets, { prefix: '/mirror', credentials });
  };
  expect((await push(users.map(({ password }) => password))).outcome).toBe('done');
  const report = await push(['first password', 'CANARY-4711']);
  expect(report.targets.map(({ outcome }) => outcome)).toEqual(['done', 'failed']);
  const text = JSON.stringify(report);
  expect(text).toContain(
    `credentials were sent and refused (line 2 of credentials, for '${lacking.host}/mirror')`,
  );
  for (const secret of ['CANARY-4711', 'first password', 'second password'])
    expect(text).not.toContain(secret);
});

it('T3: warns of a user in credentials that is for no target', async () => {
  const lines = [`${whole.host}/mirror u CANARY-4711`, 'other.example u CANARY-4711'];
  const { credentials } = parseOptions({ images: 'a', credentials: lines.join('\n') });
  const said: string[] = [];
  await pushBundleTo(path.join(temp.path, 'bundle'), whole.host, {
    credentials,
    emit: (event) => {
      if (event.type === 'log' && event.level === 'warning') said.push(event.message);
    },
  });
  expect(said).toEqual(["credentials: line 2, for 'other.example', applies to no target"]);
});
