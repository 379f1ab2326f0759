import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushReportSchema } from '../../src/report/index.ts';
import { brokenTags, tagsOf } from '../support/broken-tags.ts';
import { one } from '../support/fixtures/index.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { pushImage } from '../support/push.ts';
import { saveBundle } from '../support/saving.ts';
import { type DockerRegistry, hasZot, startDockerRegistry, startZot } from '../support/servers/index.ts';

const NAMES = ['acme/a', 'acme/b', 'acme/tools/c', 'other/d', 'other/e'];
const imageOf = (name: string, seed = '') => one({ seed: name + seed, layerBytes: 1000 });

let source: DockerRegistry;
let work: Workplace;
beforeAll(async () => {
  source = await startDockerRegistry();
  work = await workplace();
  for (const name of NAMES) await pushImage(source.target, name, imageOf(name), '1');
  const lines = NAMES.map((name) => `${source.host}/${name}:1 => r.example/${name}:1`);
  await saveBundle(work, source.host, lines);
});
afterAll(async () => {
  await work.close();
  await source.close();
});

const PART = ['--only', 'r.example/acme/*', '--naming', 'r.example/acme/=apps/'];

describe.each(['docker-registry', 'zot'])(
  'a push of two of five images under another prefix, to %s',
  (kind) => {
    it('brings these alone, leaves what is there, and is shown by a dry run', async () => {
      if (kind === 'zot' && !hasZot()) return noteNotOnZot();
      await using target = kind === 'zot' ? await startZot() : await startDockerRegistry();
      const others = ['r.example/acme/a', 'm/apps/own', 'm/r.example/acme/tools/c', 'm/r.example/other/d'];
      for (const name of others) await pushImage(target, name, imageOf(name, ' of others'), '1');
      const before = await tagsOf(target.url);
      const args = ['push', 'bundle', `${target.host}/m`, '--insecure-registries', target.host, ...PART];
      const shown = await work.run(...args, '--dry-run');
      expect([shown.exitCode, shown.stderr.match(/m\/apps\/[ab]:1/g)?.length]).toEqual([0, 2]);
      expect(await tagsOf(target.url)).toEqual(before);

      const { stdout } = await work.succeed(...args, '--json');
      const [told] = pushReportSchema.parse(JSON.parse(stdout)).targets;
      expect(told?.images.map(({ name, as }) => [name, as])).toEqual([
        ['r.example/acme/a:1', `${target.host}/m/apps/a:1`],
        ['r.example/acme/b:1', `${target.host}/m/apps/b:1`],
      ]);
      expect(await tagsOf(target.url)).toEqual(
        new Map([...before, ['m/apps/a:1', imageOf('acme/a').top], ['m/apps/b:1', imageOf('acme/b').top]]),
      );
      expect(await brokenTags(target.url)).toEqual([]);
      const again = await work.succeed(...args, '--json');
      expect(JSON.parse(again.stdout).targets).toMatchObject([{ totals: { unchanged: 2, pushed: 0 } }]);
    });
  },
);

describe('a push of a part', () => {
  it.each([
    [
      ['--only', 'r.example/acme/*', '--only', 'quay.io/**'],
      "no image is stored under a name like 'quay.io/**'",
    ],
    [['--naming', 'r.example'], 'is not a rule'],
    [
      ['--naming', 'r.example/acme/a/=x/d/', '--naming', 'r.example/acme/b/=x/d/'],
      'two images would be pushed as',
    ],
  ])('with %j is refused before any request: %s', async (args, words) => {
    await using target = await startDockerRegistry();
    const { exitCode, stderr } = await work.run(
      'push',
      'bundle',
      target.host,
      '--insecure-registries',
      target.host,
      '--dry-run',
      ...args,
    );
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(words)]);
    expect(await target.requests()).toEqual([]);
  });

  it('found A16: warns of a naming rule that applies to none of its images', async () => {
    await using target = await startDockerRegistry();
    const naming = [...PART, '--naming', 'r.example/other=y'];
    const args = ['push', 'bundle', target.host, '--insecure-registries', target.host, ...naming];
    const { stderr } = await work.succeed(...args);
    expect(stderr).toContain('warning: naming: r.example/other=y applies to no image that is pushed');
    expect(stderr).not.toContain('naming: r.example/acme');
  });
});
