import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ARM64, idx, one } from '../support/fixtures/index.ts';
import { imageWith } from '../support/hostile/image-with.ts';
import { startRunner } from '../support/runner.ts';
import { startSaving } from '../support/saving.ts';
import { checkBundle } from '../support/whole-bundle.ts';

const NOT_JSON = imageWith({ config: new TextEncoder().encode('{"os":') });
const ODD_PLATFORM = imageWith({
  platform: { os: 'linux', architecture: 'amd64', 'os.version': '1:2' },
});
const TOO_LARGE = imageWith({ layer: { size: 2 ** 53 - 1 } });

const { registry, work, args } = await startSaving({
  'good:1': idx({ layerBytes: 1000 }),
  'not-json:1': NOT_JSON,
  'odd-platform:1': ODD_PLATFORM,
  'too-large:1': TOO_LARGE,
  'armonly:1': one({ layerBytes: 1000, platform: ARM64 }),
});

const KINDS: [name: string, words: RegExp][] = [
  ['not-json', /^linux\/amd64: config sha256:[0-9a-f]{12} is not a valid image config: it is not JSON$/],
  [
    'odd-platform',
    /^its index is not valid: platform has characters that no platform has \(child 1, sha256:[0-9a-f]{12}\)$/,
  ],
  ['too-large', /: layers\.0\.size is more than any disk holds \(layer 1, sha256:[0-9a-f]{12}\)$/],
];

describe('found B2: an image with an invalid manifest or config', () => {
  it.each(KINDS)(
    '%s fails alone, as a warning or as the failure of the run, with a report',
    async (name, words) => {
      const ref = `${registry.host}/${name}:1`;
      await writeFile(work.file('list.txt'), `# two\n${ref}\n${registry.host}/good:1\n`);
      const failed = [{ ref, origins: [{ file: 'list.txt', line: 2 }], class: 'unsupported' }];

      const stopped = await work.run(...args('-f', 'list.txt'), '-o', name);
      expect([stopped.exitCode, stopped.stderr]).toEqual([1, expect.stringContaining('Failed: 1 of 2')]);
      const report = await work.report(`${name}.report.json`);
      expect(report).toMatchObject({ outcome: 'failed', failed });
      expect(report.failed[0]?.message).toMatch(words);

      const warned = await work.succeed(...args('-f', 'list.txt'), '-o', name, '--on-error', 'warn');
      expect(warned.stderr).toContain(`list.txt:2: ${ref}`);
      expect(await work.report(`${name}.report.json`)).toMatchObject({ outcome: 'warned', failed });
      expect(await checkBundle(work.file(name))).toEqual([expect.stringContaining('/good:1')]);
    },
  );

  it('fails alone in the action, which names it in `failed` and annotates its line', async () => {
    await using runner = await startRunner();
    const refs = KINDS.map(([name]) => `${registry.host}/${name}:1`);
    await runner.write('list.txt', `${[...refs, `${registry.host}/good:1`].join('\n')}\n`);
    const result = await runner.step({
      'image-list': 'list.txt',
      platforms: 'linux/amd64',
      'insecure-registries': registry.host,
      'on-error': 'warn',
    });
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
    expect(JSON.parse(result.outputs['failed'] ?? '').map(({ ref }: { ref: string }) => ref)).toEqual(
      expect.arrayContaining(refs),
    );
    expect(result.outputs['report']).toBe(runner.file('oci-bundle.report.json'));
    expect(result.outputs['count']).toBe('1');
    const lines = result.annotations.flatMap(({ properties }) => properties['line'] ?? []);
    expect(new Set(lines)).toEqual(new Set(['1', '2', '3']));
  });
});

describe('found A1: a dry run', () => {
  it('of an image of another platform fails as the save fails', async () => {
    await writeFile(work.file('list.txt'), `${registry.host}/armonly:1\n`);
    const runs = [
      await work.run(...args('-f', 'list.txt'), '--dry-run'),
      await work.run(...args('-f', 'list.txt'), '-o', 'arm'),
    ];
    for (const { exitCode, stderr } of runs) {
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringContaining('it has no linux/amd64; it has linux/arm64'),
      ]);
    }
  });
});
