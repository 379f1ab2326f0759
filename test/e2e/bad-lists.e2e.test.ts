import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockSchema } from '../../src/lock/index.ts';
import { runReportSchema } from '../../src/report/index.ts';
import { startBadRegistry } from '../support/bad-registry.ts';
import { idx, one } from '../support/fixtures/index.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import type { ProgramResult } from '../support/program.ts';
import { tally } from '../support/registry-request.ts';
import { startSaving } from '../support/saving.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { checkBundle, filesOf, isThere, namesIn } from '../support/whole-bundle.ts';

const MIB = 1024 * 1024;

const images = Object.fromEntries(
  ['good', 'better'].map((name) => [`${name}:1`, one({ seed: name, layerBytes: 64 })]),
);
const { registry, work, args } = await startSaving({ ...images, 'multi:1': idx({ layerBytes: 64 }) }, [
  '--retries',
  '0',
]);

/** Saves from a list that cannot be used: nothing is asked, made or left. */
async function refuse(list: string, content: string | Uint8Array): Promise<string> {
  await writeFile(work.file(list), content);
  registry.clear();
  const { exitCode, stderr, stdout } = await work.run(...args(), '-f', list, '-o', 'refused');
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).not.toContain('fault in oci-save');
  await expectUntouched();
  return stderr;
}

async function expectUntouched(): Promise<void> {
  expect(registry.requests()).toEqual([]);
  expect((await namesIn(work.folder)).filter((name) => name.includes('refused'))).toEqual([]);
}

describe('a list with bad lines', () => {
  it('is refused with every bad line by file and line number, and no good line causes a request', async () => {
    const bad = [
      'Foo/BAR:1',
      'a b',
      '--output=/etc',
      '-f',
      '-',
      `${registry.host}/../../etc/passwd:1`,
      '../x:1',
      './x',
      '/x:1',
      'a//b:1',
      'x:1:2',
      ':1',
      'x:',
      `${registry.host}:1/x`,
      'x@sha256:1234',
      'x@md5:d41d8cd98f00b204e9800998ecf8427e',
      '@sha256:0000000000000000000000000000000000000000000000000000000000000000',
      'x:1\u0007',
      'x\u001b[31m:1',
      'x\u202egnp.exe:1',
      'x:1 && reboot',
      '$(reboot):1',
      '`reboot`',
      'x;reboot:1',
      `x:${'t'.repeat(129)}`,
      `${'n'.repeat(300)}:1`,
      'http://example.com/x:1',
      'x:1 =>',
      '=> y:1',
      'x:1 => ../y:1',
      'x:1 => -y:1',
    ];
    const lines = [`${registry.host}/good:1`, ...bad, `${registry.host}/better:1`];
    const stderr = await refuse('bad.txt', `${lines.join('\n')}\n`);
    const named = [...stderr.matchAll(/bad\.txt:(\d+): /g)].map(([, line]) => Number(line));
    expect(named).toEqual(bad.map((_, at) => at + 2));
    // Words of a list do not steer a terminal.
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F\u202E]/);
  });

  it('is refused together with every other bad list and every missing file', async () => {
    await writeFile(work.file('one.txt'), 'Foo/BAR:1\n');
    const files = ['one.txt', 'absent.txt', 'none-*.txt', '.'].flatMap((file) => ['-f', file]);
    registry.clear();
    const { exitCode, stderr } = await work.run(...args(), ...files, '-o', 'refused');
    expect(exitCode).toBe(2);
    for (const words of ['one.txt:1: ', 'absent.txt: ', 'none-*.txt: ', '  .: '])
      expect(stderr).toContain(words);
    await expectUntouched();
  });
});

describe('a file that is not an image list', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['an empty file', '', /empty\.txt.*does not name any image/],
    ['comments alone', '# nothing\n\n', /does not name any image/],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]), /offset 7 is NUL/],
    ['text of another encoding', Buffer.from('caf\u00e9:1\n', 'latin1'), /offset 3 is not UTF-8/],
    ['a web page', '<!DOCTYPE html><html><body>Sign in</body></html>\n', /\.txt:1: /],
    ['a YAML file without an end', '{'.repeat(50_000), /\.txt/],
    ['a deep JSON file', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /\.txt/],
  ])('%s is refused', async (_, content, words) => {
    expect(await refuse('empty.txt', content)).toMatch(words);
  });
});

describe('a list that is made to exhaust time or memory', () => {
  const MOST_MIB = 700;
  const SOON = 20_000;
  // Each process writes how much memory it took at most.
  const PEAK = `import { writeFileSync } from 'node:fs';
    process.on('exit', () => writeFileSync('peak', String(process.resourceUsage().maxRSS)));`;
  let place: Workplace;
  beforeAll(async () => {
    place = await workplace({ NODE_OPTIONS: '--import=./peak.mjs' });
    await writeFile(place.file('peak.mjs'), PEAK);
  });
  afterAll(() => place.close());

  const line = `${'registry.example/app:1'.padEnd(63)}\n`;
  const bomb = Array.from({ length: 12 }, (_, at) => {
    const items = Array.from({ length: 9 }, () => (at === 0 ? 'x:1' : `*a${at - 1}`));
    return `a${at}: &a${at} [${items.join(', ')}]\n`;
  });
  it.each<[string, string, RegExp]>([
    ['100 MiB long', line.repeat((100 * MIB) / line.length), /larger than 16 MiB/],
    ['a bomb of aliases', `${bomb.join('')}images: *a11\n`, /list:\d+: aliases add more than/],
    ['a bomb of documents', '---\nimage: x:1\n'.repeat(500_000), /list:\d+: it has more than \d+ documents/],
    ['one line', 'x'.repeat(15 * MIB), /list:1: /],
    ['as deep as it is long', '['.repeat(10 * MIB), /list:\d+: /],
    ['bad in every line', 'Foo/BAR:1\n'.repeat(500_000), /list:1: /],
  ])(
    '%s ends soon, in little memory',
    async (_, content, words) => {
      await writeFile(place.file('list'), content);
      const saved = await place.run(...args(), '-f', 'list', '-o', 'refused');
      expect([saved.exitCode, saved.stderr]).toEqual([2, expect.stringMatching(words)]);
      expect(saved.stderr.length).toBeLessThan(20_000);
      const piped = await place.runWith(content, ...args(), '-f', '-', '-o', 'refused');
      expect(piped.exitCode).toBe(2);
      expect(Number(await readFile(place.file('peak'), 'utf8')) / 1024).toBeLessThan(MOST_MIB);
      expect((await namesIn(place.folder)).filter((name) => name.includes('refused'))).toEqual([]);
    },
    SOON,
  );
});

describe('dry run, lock and list', () => {
  it('a dry run and a lock request manifests, and configs of images without an index; list requests nothing', async () => {
    await using place = await workplace();
    const refs = ['good', 'better', 'multi'].map((name) => `${registry.host}/${name}:1`);
    await writeFile(place.file('images.txt'), `${refs.join('\n')}\n`);
    registry.clear();
    const listed = JSON.parse((await place.succeed('list', 'images.txt', '--json')).stdout);
    expect(listed.images.map(({ ref }: { ref: string }) => ref)).toEqual(refs);
    expect(registry.requests()).toEqual([]);

    const dry = await place.succeed(...args(), '-f', 'images.txt', '--dry-run', '--json');
    const report = runReportSchema.parse(JSON.parse(dry.stdout));
    expect([report.dryRun, report.images.map(({ ref }) => ref).toSorted()]).toEqual([true, refs.toSorted()]);
    const counts = tally(registry.requests());
    // Two images have no index: their configs tell the platform, of a few kB each.
    expect(counts).toMatchObject({ 'HEAD manifest': 3, 'GET manifest': 4, 'GET blob': 2 });
    expect(Object.keys(counts).toSorted()).toEqual(['GET blob', 'GET manifest', 'GET ping', 'HEAD manifest']);
    expect(await namesIn(place.folder)).toEqual(['cache', 'images.txt']);

    const chosen = ['-p', 'linux/amd64', '--insecure-registries', registry.host];
    const locked = await place.succeed('lock', ...chosen, '-f', 'images.txt');
    const lock = lockSchema.parse(JSON.parse(locked.stdout));
    expect(lock.images.map(({ ref }) => ref).toSorted()).toEqual(refs.toSorted());
    // The store has them from the dry run.
    expect(tally(registry.requests())['GET blob']).toBe(2);
    expect(await namesIn(place.folder)).toEqual(['cache', 'images.txt']);
  });
});

describe('a list with images that cannot be fetched', () => {
  const absent = one({ seed: 'blobless', layerBytes: 4096 });
  let closed: string;
  let locked: DockerRegistry;
  let place: Workplace;
  beforeAll(async () => {
    place = await workplace();
    locked = await startDockerRegistry({ users: { somebody: 'else' } });
    const gone = await startBadRegistry();
    closed = gone.host;
    await gone.close();
    registry.put('blobless', { ...absent, blobs: new Map([...absent.blobs].slice(0, 1)) }, '1');
    const { host } = registry;
    const lines = [
      `${host}/good:1`,
      `${host}/missing:1`,
      `${locked.host}/private:1`,
      `${closed}/away:1`,
      `${host}/better:1`,
    ];
    await writeFile(place.file('five.txt'), `${lines.join('\n')}\n`);
    await writeFile(place.file('six.txt'), `${[...lines, `${host}/blobless:1`].join('\n')}\n`);
  });
  afterAll(async () => {
    await place.close();
    await locked.close();
  });
  const save = (...more: readonly string[]): Promise<ProgramResult> =>
    place.run(...args(...[locked.host, closed].flatMap((host) => ['--insecure-registries', host]), ...more));
  const blobsOf = (name: string): string[] =>
    [...one({ seed: name, layerBytes: 64 }).blobs.keys()].map((digest) => digest.slice('sha256:'.length));

  it('case A7: fails after it has tried and kept the other images, with one row per failed image that gives its class', async () => {
    const { exitCode, stderr } = await save('-f', 'five.txt');
    expect(exitCode).toBe(1);
    expect(await isThere(place.file('oci-bundle'))).toBe(false);
    const { failed, images } = await place.report();
    const rows = failed.map((row) => [row.ref, row.class, row.origins]);
    expect(rows).toEqual([
      [`${registry.host}/missing:1`, 'not-found', [{ file: 'five.txt', line: 2 }]],
      [`${locked.host}/private:1`, 'denied', [{ file: 'five.txt', line: 3 }]],
      [`${closed}/away:1`, 'network', [{ file: 'five.txt', line: 4 }]],
    ]);
    for (const { ref, class: kind, hint } of failed) {
      expect(stderr).toMatch(new RegExp(` {2}five.txt:\\d: ${ref}\n {4}${kind}: .+\n {4}hint: .+`));
      expect(hint).toMatch(/\w/);
    }
    expect(images.map(({ ref, status }) => [ref, status])).toEqual([
      [`${registry.host}/good:1`, 'fetched'],
      [`${registry.host}/better:1`, 'fetched'],
    ]);
    const stored = await namesIn(place.file('cache/oci-save/blobs/sha256'));
    expect(stored).toEqual(expect.arrayContaining([...blobsOf('good'), ...blobsOf('better')]));
  });

  it('case I4: is saved with --on-error warn: with the whole images, and no blob of the others', async () => {
    const { exitCode, stderr } = await save('-f', 'six.txt', '--on-error', 'warn');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/Done without 4 of 6 images/);
    const names = await checkBundle(place.file('oci-bundle'));
    expect(names.toSorted()).toEqual(['better', 'good'].map((name) => `${registry.host}/${name}:1`));
    const { failed, outcome } = await place.report();
    expect(outcome).toBe('warned');
    expect(failed.map((row) => [row.ref.split('/')[1], row.class])).toEqual([
      ['missing:1', 'not-found'],
      ['private:1', 'denied'],
      ['away:1', 'network'],
      ['blobless:1', 'not-found'],
    ]);
    const files = [...(await filesOf(place.file('oci-bundle'))).values()];
    const [present = ''] = absent.blobs.keys();
    expect(await namesIn(place.file('cache/oci-save/blobs/sha256'))).toContain(
      present.slice('sha256:'.length),
    );
    for (const digest of [absent.top, ...absent.blobs.keys()]) {
      expect(files).not.toContain(digest.slice('sha256:'.length));
    }
  });

  it('fails even with --on-error warn where no image is whole', async () => {
    await writeFile(place.file('none.txt'), `${registry.host}/missing:1\n${registry.host}/blobless:1\n`);
    const { exitCode } = await save('-f', 'none.txt', '--on-error', 'warn', '-o', 'none-whole');
    expect(exitCode).toBe(1);
    expect(await isThere(place.file('none-whole'))).toBe(false);
  });
});
