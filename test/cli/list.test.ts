import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestRow } from '../../src/cli/list/listed.ts';
import { renderTable } from '../../src/cli/list/render.ts';
import { formatOrigin, parseList } from '../../src/list/index.ts';
import { joinLists } from '../../src/list/join-lists.ts';
import { encodeLock, type LockedImage } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { runMainAnyhow } from '../support/main.ts';
import { startStub } from '../support/registry-stub.ts';
import { makeCertificates } from '../support/servers/certificates.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const DIGEST = `sha256:${'d'.repeat(64)}` as const;
const IMAGES_TXT = [
  '# of every site',
  'registry.example/some/team/with/a/path/controller:v1.12.3',
  '--platform=linux/amd64,linux/arm64 quay.io/acme/db:2 => mirror.example/db:2, mirror.example/db:two',
  `quay.io/acme/agent:1.4@${DIGEST}`,
  'quay.io/acme/Agent:1.5',
  '',
].join('\n');
const POD_YAML = [
  'apiVersion: v1',
  'kind: Pod',
  'spec:',
  '  containers:',
  '  - image: registry.example/some/team/with/a/path/controller:v1.12.3',
  '    env:',
  '    - {name: RELATED_IMAGE_PROXY, value: quay.io/acme/proxy:7}',
  '',
].join('\n');

let temp: TempFolder;
const at = (name: string): string => path.join(temp.path, name);
/** Runs `oci-save list` in the folder of the test's files, whose path its output does not have. */
async function list(...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await runMainAnyhow(['list', ...args]);
  const plain = (text: string): string => text.replaceAll(`${temp.path}/`, '');
  return { exitCode, stdout: plain(stdout), stderr: plain(stderr) };
}
const json = async (...args: readonly string[]) => JSON.parse((await list(...args, '--json')).stdout);

beforeAll(async () => {
  temp = await tempFolder('list');
  await writeFile(at('images.txt'), IMAGES_TXT);
  await writeFile(at('good.txt'), IMAGES_TXT.replace('acme/Agent', 'acme/agent'));
  await writeFile(at('pod.yaml'), POD_YAML);
});
afterAll(() => temp.close());

describe('L13: list, as a table', () => {
  const options = { format: 'auto', defaultRegistry: 'docker.io', strictTags: false };
  const lines = (width: number | undefined): string[] => {
    const lists = [['images.txt', IMAGES_TXT] as const, ['pod.yaml', POD_YAML] as const].map(
      ([file, text]) => ({
        file,
        ...parseList(new TextEncoder().encode(text), file, options),
      }),
    );
    const survey = joinLists(lists, [], { ...options, onCandidate: 'report' });
    const images = survey.requests.map((request, nth) =>
      requestRow(request, survey.origins[nth]?.map(formatOrigin) ?? []),
    );
    return renderTable({ ...survey, images }, width).split('\n');
  };

  it('shows what is asked for, what may be an image, and what a save would refuse, at 160 columns', () => {
    expect(lines(160)).toEqual([
      '  IMAGE                                                      DIGEST               PLATFORMS                FROM',
      '  registry.example/some/team/with/a/path/controller:v1.12.3                                                images.txt:2, pod.yaml:5',
      '  quay.io/acme/db:2                                                               linux/amd64,linux/arm64  images.txt:3',
      '    => mirror.example/db:2',
      '    => mirror.example/db:two',
      '  quay.io/acme/agent:1.4                                     sha256:dddddddddddd                           images.txt:4',
      '',
      'Not saved: 1 candidate, probably images (--on-candidate accept takes them)',
      expect.stringMatching(/^ {2}pod\.yaml:7 {2}quay\.io\/acme\/proxy:7 {2}\S.*image$/),
      '',
      'Rejected: 1 entry that a save would refuse',
      expect.stringMatching(
        /^ {2}images\.txt:5 {2}'quay\.io\/acme\/Agent:1\.5' is not .* lower case\. Did you mean/,
      ),
      '',
    ]);
  });

  it('cuts nothing at 80 columns', () => {
    const shown = lines(80);
    expect(shown.slice(0, 9)).toEqual([
      '  registry.example/some/team/with/a/path/controller:v1.12.3',
      '                                                  images.txt:2, pod.yaml:5',
      '  quay.io/acme/db:2',
      '                         linux/amd64,linux/arm64  images.txt:3',
      '    => mirror.example/db:2',
      '    => mirror.example/db:two',
      '  quay.io/acme/agent:1.4',
      '    sha256:dddddddddddd                           images.txt:4',
      '',
    ]);
    expect(shown.filter((line) => line.length > 80)).toEqual([]);
    for (const word of ['pod.yaml:7', 'quay.io/acme/proxy:7', 'images.txt:5', `'quay.io/acme/agent:1.5'?`])
      expect(shown.join('\n')).toContain(word);
  });
});

describe('L13: list, of several lists', () => {
  it('says of each image in which lists it is, and of each list what it was taken for', async () => {
    const { exitCode, stderr, stdout } = await list(at('good.txt'), at('pod.yaml'));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/controller:v1\.12\.3 .* good\.txt:2, pod\.yaml:5\n/);
    expect(stderr).toBe(
      'List: good.txt, 4 images (plain)\nList: pod.yaml, 1 image (kubernetes)\nTogether: 4 images\n',
    );
    expect((await list(at('good.txt'), '--quiet')).stderr).toBe('');
    // As an option, too, as a save has them.
    expect((await list('-f', at('good.txt'), at('pod.yaml'))).stdout).toContain('pod.yaml:5, good.txt:2');
  });

  it('tells what is passed over, once per list', async () => {
    await writeFile(at('options.txt'), 'docker pull -q quay.io/a/b:1\ndocker pull -q quay.io/a/c:1\n');
    expect((await list(at('options.txt'))).stderr).toBe(
      'List: options.txt, 2 images (plain); passed over: option -q\n',
    );
  });
});

describe('list --json', () => {
  it('L13: has the three sets, the warnings and the lists', async () => {
    await writeFile(at('short.txt'), 'busybox\n');
    const { exitCode, stdout, stderr } = await list(
      at('images.txt'),
      at('pod.yaml'),
      at('short.txt'),
      '--json',
    );
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      images: [
        {
          ref: 'registry.example/some/team/with/a/path/controller:v1.12.3',
          names: [],
          platforms: [],
          origins: ['images.txt:2', 'pod.yaml:5'],
        },
        {
          ref: 'quay.io/acme/db:2',
          names: ['mirror.example/db:2', 'mirror.example/db:two'],
          platforms: ['linux/amd64', 'linux/arm64'],
          origins: ['images.txt:3'],
        },
        { ref: `quay.io/acme/agent:1.4@${DIGEST}`, names: [], platforms: [], origins: ['images.txt:4'] },
        { ref: 'docker.io/library/busybox:latest', names: [], platforms: [], origins: ['short.txt:1'] },
      ],
      candidates: [{ text: 'quay.io/acme/proxy:7', origin: 'pod.yaml:7', why: expect.any(String) }],
      rejects: [
        {
          origin: 'images.txt:5',
          reason: expect.stringMatching(/repository names are lower case$/),
          hint: `Did you mean 'quay.io/acme/agent:1.5'?`,
          error: true,
        },
      ],
      warnings: [
        { text: 'busybox', message: 'it names no tag: latest is used', origin: 'short.txt:1' },
        { message: expect.stringMatching(/^1 image without a registry/), origin: 'short.txt:1' },
      ],
      leftOut: [],
      lists: [
        { file: 'images.txt', format: 'plain', count: 3, ignored: [] },
        { file: 'pod.yaml', format: 'kubernetes', count: 1, ignored: [] },
        { file: 'short.txt', format: 'plain', count: 1, ignored: [] },
      ],
    });
    expect(stderr).toMatch(/^error: images\.txt:5: 'quay\.io\/acme\/Agent:1\.5'/m);
  });

  it('L13: has what is no image among what may be one, which is no error', async () => {
    const value = 'quay.io/acme/UPPER:7';
    const candidates = [{ text: value }, { text: 'quay.io/acme/lower:7' }];
    await writeFile(at('odd.json'), JSON.stringify({ images: ['x.example/a:1'], candidates }));
    const { exitCode, stdout } = await list(at('odd.json'), '--json');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      {
        candidates: [{ text: 'quay.io/acme/lower:7' }],
        rejects: [
          { text: value, origin: 'odd.json:1', reason: expect.stringMatching(/lower case/), error: false },
        ],
      },
    ]);
  });

  it('L22: has candidates whole, also with options and long names', async () => {
    const long = `registry.example/${'a'.repeat(60)}/${'b'.repeat(60)}:1`;
    const texts = [`--platform=linux/arm64   ${long} => x.example/c:1`, 'quay.io/acme/plain:1'];
    await writeFile(
      at('whole.json'),
      JSON.stringify({ images: ['x.example/a:1'], candidates: texts.map((text) => ({ text })) }),
    );
    const first = await json(at('whole.json'));
    expect(first.candidates.map(({ text }: { text: string }) => text)).toEqual([
      `--platform=linux/arm64 ${long} => x.example/c:1`,
      'quay.io/acme/plain:1',
    ]);
    await writeFile(at('whole.again.json'), JSON.stringify(first));
    const { images } = await json(at('whole.again.json'), '--on-candidate', 'accept');
    expect(images).toContainEqual({
      ref: long,
      names: ['x.example/c:1'],
      platforms: ['linux/arm64'],
      origins: ['whole.again.json:1'],
    });
  });

  it('L22: is a list, which gives the same three sets again', async () => {
    const first = await json(at('images.txt'), at('pod.yaml'));
    first.rejects.push({
      text: 'x',
      origin: 'values.yaml:1',
      reason: 'a candidate that is none',
      error: false,
    });
    await writeFile(at('again.json'), JSON.stringify(first, null, 2));
    const again = await json(at('again.json'));
    const asked = (one: typeof first) =>
      one.images.map(({ ref, names, platforms }: Record<string, unknown>) => ({ ref, names, platforms }));
    expect(asked(again)).toEqual(asked(first));
    expect(again.candidates.map(({ text }: { text: string }) => text)).toEqual(['quay.io/acme/proxy:7']);
    expect(again.rejects).toMatchObject([
      {
        reason: 'this entry of an earlier list could not be read',
        origin: expect.stringMatching(/^again\.json:\d+$/),
      },
    ]);
    const accepted = await json(at('again.json'), '--on-candidate', 'accept');
    expect(asked(accepted)).toContainEqual({ ref: 'quay.io/acme/proxy:7', names: [], platforms: [] });
  });
});

describe('found F6, L22: list --as', () => {
  it.each(['plain', 'yaml', 'sealer', 'json'])('%s can be listed again, with nothing lost', async (form) => {
    const { exitCode, stdout } = await list(at('good.txt'), '--as', form);
    expect(exitCode).toBe(0);
    await writeFile(at('form'), stdout);
    const [first, again] = [await json(at('good.txt')), await json(at('form'))];
    const asked = ({ images }: typeof first) =>
      images.map(({ ref, names, platforms }: Record<string, unknown>) => ({ ref, names, platforms }));
    expect(asked(again)).toEqual(asked(first));
  });

  it('prints no part of a list that a save would refuse', async () => {
    expect(await list(at('images.txt'), '--as', 'plain')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: images\.txt:5: /m),
    });
  });

  it('tells of candidates, which are no part of it', async () => {
    const { stdout, stderr } = await list(at('pod.yaml'), '--as', 'plain', '--quiet');
    expect(stdout).toBe('registry.example/some/team/with/a/path/controller:v1.12.3\n');
    expect(stderr).toMatch(/^Not saved: 1 candidate.*\n {2}pod\.yaml:7 {2}quay\.io\/acme\/proxy:7 /);
  });

  it('says that users of a list are no part of it', async () => {
    const sections =
      '- {registry: reg.example, username: reader, password: hunter2hunter2, images: ["team/x:1"]}\n';
    await writeFile(at('auth.yaml'), sections);
    for (const form of ['plain', 'yaml', 'json', 'sealer']) {
      const { stdout, stderr, exitCode } = await list(at('auth.yaml'), '--as', form);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('reg.example/team/x:1');
      expect(stdout + stderr).not.toMatch(/hunter2/);
      if (form !== 'json')
        expect(stderr).toMatch(/the lists name 1 user, and no form has passwords: give --credentials/);
    }
  });

  it('L5: leaves out what is ignored, and says by which rule', async () => {
    const rules = ['--ignore', 'quay.io/acme/*', '--ignore', 'nothing.example/*'];
    const { stdout, stderr } = await list(at('good.txt'), '--as', 'plain', ...rules);
    expect(stdout).toBe('registry.example/some/team/with/a/path/controller:v1.12.3\n');
    expect(stderr).not.toContain('Left out: 0');
    expect(stderr).toContain('Left out: 3 images by ignore: quay.io/acme/*\n');
    expect(stderr).toMatch(/ignore: nothing\.example\/\* applies to no image/);
    expect((await json(at('good.txt'), ...rules)).leftOut).toContainEqual({
      rule: 'quay.io/acme/*',
      count: 3,
    });
  });

  it('has the default registry spelled out', async () => {
    await writeFile(at('short.txt'), 'app/x:1\nbusybox:1\n');
    const { stdout } = await list(at('short.txt'), '--as', 'plain', '--default-registry', 'reg.example');
    expect(stdout).toBe('reg.example/app/x:1\nreg.example/busybox:1\n');
  });
});

describe('found F7: list reads as a save reads', () => {
  it.each<[string, readonly string[], number, RegExp]>([
    ['--list-format', ['images.txt', '--list-format', 'list'], 2, /./],
    [
      '--list-format, unknown',
      ['good.txt', '--list-format', 'plian'],
      2,
      /the list format 'plian' is unknown/,
    ],
    ['--on-candidate error', ['pod.yaml', '--on-candidate', 'error'], 2, /pod\.yaml:7.*is probably an image/],
    [
      '--strict-tags',
      ['floating.txt', '--strict-tags'],
      2,
      /'quay\.io\/a\/b:latest' is named by the tag latest/,
    ],
    [
      'a name that zot does not list',
      ['blobs.txt'],
      2,
      /blobs\.txt:1: quay\.io\/a\/blobs:1: zot does not list.*'blobs'/,
    ],
    ['such a name under --naming', ['blobs.txt', '--naming', 'quay.io/a/blobs=x.example/b'], 0, /^List: /],
    ['a missing list', ['nowhere.txt'], 2, /nowhere\.txt: there is no such file/],
    ['an empty list', ['empty.txt'], 2, /empty\.txt: read as a plain list, it does not name any image/],
    ['a pattern that fits nothing', ['*.none'], 2, /no file matches this pattern/],
    ['a folder', ['folder'], 2, /folder is not a bundle: there is no lock in it or next to it/],
    ['a pattern', ['goo*.txt'], 0, /List: good\.txt, 4 images/],
    ['a list that is named twice', ['good.txt', 'good.txt'], 0, /^List: good\.txt, 4 images \(plain\)\n$/],
    ['nothing', [], 2, /nothing is named to be listed/],
    ['an unknown form', ['good.txt', '--as', 'xml'], 2, /--as: 'xml' is not one of table, json, yaml, plain/],
  ])('%s', async (_, [file, ...more], exitCode, words) => {
    await writeFile(at('floating.txt'), 'quay.io/a/b:latest\n');
    await writeFile(at('empty.txt'), '# nothing\n');
    await writeFile(at('blobs.txt'), 'quay.io/a/blobs:1\n');
    await mkdir(at('folder'), { recursive: true });
    const named = [file, ...more].flatMap((word, nth) =>
      word === undefined ? [] : [nth === 0 || word === 'good.txt' ? at(word) : word],
    );
    const { stderr, ...ended } = await list(...named);
    expect(ended.exitCode).toBe(exitCode);
    expect(stderr).toMatch(words);
  });

  it('shows a name that a save refuses, and tags by a rule, at their lines', async () => {
    await writeFile(at('blobs.txt'), 'quay.io/a/b:1\nquay.io/a/blobs:1\n');
    const named = await json(at('blobs.txt'));
    expect(named.rejects).toMatchObject([
      {
        origin: 'blobs.txt:2',
        reason: expect.stringMatching(/^quay\.io\/a\/blobs:1: zot does not list/),
        hint: 'Store them under another name: source => name.',
        error: true,
      },
    ]);
    const rule = '- {source: quay.io/a/b, target: x.example/b, type: repository, tags: {allow: [v1]}}';
    await writeFile(
      at('regsync.yaml'),
      `sync:\n- {source: quay.io/a/c:1, target: x.example/c:1, type: image}\n${rule}\n`,
    );
    const { images, rejects } = await json(at('regsync.yaml'));
    expect(images).toMatchObject([{ ref: 'quay.io/a/c:1' }]);
    expect(rejects).toMatchObject([
      {
        origin: 'regsync.yaml:3',
        reason: expect.stringMatching(/tags of 'quay\.io\/a\/b' by a rule/),
        error: true,
      },
    ]);
  });

  it('L5: says by which rule of a list an image is left out', async () => {
    const mirror = {
      additionalImages: [{ name: 'quay.io/a/b:1' }, { name: 'quay.io/a/c:1' }],
      blockedImages: [{ name: 'quay.io/a/c:1' }],
    };
    const config = { apiVersion: 'mirror.openshift.io/v1alpha2', kind: 'ImageSetConfiguration', mirror };
    await writeFile(at('blocked.json'), JSON.stringify(config));
    const { images, leftOut } = await json(at('blocked.json'));
    expect(images.map(({ ref }: { ref: string }) => ref)).toEqual(['quay.io/a/b:1']);
    expect(leftOut).toEqual([
      { rule: expect.stringMatching(/quay\.io/), origin: 'blocked.json:1', count: 1 },
    ]);
  });

  it('found F2: says of an image, for which there is no file, what is done with it', async () => {
    const { exitCode, stderr } = await list('quay.io/acme/agent:1.4');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`there is no file 'quay.io/acme/agent:1.4'; it looks like an image`);
    expect(stderr).toContain('oci-save save quay.io/acme/agent:1.4');
  });

  it.each([80, 160])('found I: is as wide as the terminal: %d columns', async (columns) => {
    const input = [Buffer.from(IMAGES_TXT)];
    const { stdout } = await runMainAnyhow(['list', '-'], input, columns);
    expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
    expect(stdout).toContain('registry.example/some/team/with/a/path/controller:v1.12.3');
    expect(stdout).toContain('Rejected: 1 entry');
  });

  it('reads a list from standard input', async () => {
    const input = [Buffer.from('quay.io/a/b:1\n')];
    const { stdout, exitCode } = await runMainAnyhow(['list', '-', '--as', 'plain', '--quiet'], input);
    expect([exitCode, stdout]).toEqual([0, 'quay.io/a/b:1\n']);
  });
});

describe('list, of a lock', () => {
  const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
  const locked = (name: string, more: Partial<LockedImage> = {}): LockedImage => ({
    ref: `quay.io/acme/${name}:1`,
    names: [`quay.io/acme/${name}:1`],
    source: 'docker',
    digest: DIGEST,
    mediaType: MANIFEST,
    root: DIGEST,
    rootMediaType: MANIFEST,
    platforms: ['linux/amd64'],
    leaves: [{ digest: DIGEST, mediaType: MANIFEST, platform: 'linux/amd64', config: DIGEST, layers: [] }],
    referrers: [],
    ...more,
  });
  const write = (file: string, ...images: LockedImage[]) =>
    writeFile(at(file), encodeLock({ version: 1, images, files: [], blobs: { [DIGEST]: 1 } }));

  it('found F3: is recognised by its content, and is shown as it stands', async () => {
    await write('renamed.json', locked('db'), locked('agent', { names: ['mirror.example/agent:1'] }));
    const { stdout, stderr, exitCode } = await list(at('renamed.json'));
    expect([exitCode, stderr]).toEqual([0, 'List: renamed.json, 2 images (lock)\n']);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['IMAGE', 'STORED AS', 'DIGEST', 'PLATFORMS'],
      ['quay.io/acme/db:1', 'sha256:dddddddddddd', 'linux/amd64'],
      ['quay.io/acme/agent:1', 'mirror.example/agent:1', 'sha256:dddddddddddd', 'linux/amd64'],
      [''],
    ]);
  });

  it('found F3: is recognised when a tool for JSON has written it anew', async () => {
    await write('ours.lock.json', locked('db'));
    await writeFile(
      at('anew.json'),
      JSON.stringify(JSON.parse(await readFile(at('ours.lock.json'), 'utf8'))),
    );
    expect((await list(at('anew.json'))).stderr).toBe('List: anew.json, 1 image (lock)\n');
  });

  it('is found in a bundle, and beside an archive', async () => {
    await mkdir(at('bundle'), { recursive: true });
    await write('bundle/oci-save.lock.json', locked('db'));
    await write('site.lock.json', locked('db'));
    await writeFile(at('site.tar'), 'not looked at');
    for (const [place, kind] of [
      ['bundle', 'bundle'],
      ['site.tar', 'archive'],
    ] as const) {
      const { stdout, stderr } = await list(at(place));
      expect(stderr).toBe(`List: ${place}, 1 image (${kind})\n`);
      expect(stdout).toContain('quay.io/acme/db:1');
    }
    await writeFile(at('empty.tar'), Buffer.alloc(1024));
    expect((await list(at('empty.tar'))).stderr).toMatch(
      /empty\.tar has no lock in it, and there is none next to it/,
    );
  });

  it('stands beside a list, with its file as the place of its images', async () => {
    await write('a.lock.json', locked('db'));
    await write('b.lock.json', locked('db'));
    await writeFile(at('one.txt'), 'quay.io/acme/db:1\n');
    const { images, lists } = await json(at('a.lock.json'), at('one.txt'), at('b.lock.json'));
    expect(images).toMatchObject([
      { ref: 'quay.io/acme/db:1', origins: ['one.txt:1'] },
      { ref: 'quay.io/acme/db:1', digest: DIGEST, origins: ['a.lock.json', 'b.lock.json'] },
    ]);
    expect(lists).toHaveLength(3);
    const twice = await json(at('a.lock.json'), at('a.lock.json'));
    expect([twice.images.length, twice.images[0].origins, twice.lists.length]).toEqual([1, [], 1]);
  });

  it.each<[string, Partial<LockedImage>, RegExp]>([
    [
      'a name without a registry',
      { names: ['acme/db:1'] },
      /db:1 cannot be written to a plain list: it is stored as acme\/db:1, a name without a registry/,
    ],
    [
      'an image of a file',
      { source: 'docker-archive' },
      /db:1 cannot be written to a plain list: it was read from a docker-archive: source/,
    ],
  ])('L22: %s is shown, and is never written as something else', async (_, more, words) => {
    await write('odd.lock.json', locked('agent'), locked('db', more));
    expect(await list(at('odd.lock.json'), '--as', 'plain')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(words),
    });
    const shown = await list(at('odd.lock.json'), '--json');
    expect(shown.exitCode).toBe(0);
    await writeFile(at('odd.json'), shown.stdout);
    expect(await list(at('odd.json'))).toMatchObject({
      exitCode: 2,
      stdout: expect.stringMatching(/Rejected: 1 entry that a save would refuse\n {2}odd\.json:\d+ /),
    });
  });

  it('L22: whose images need options of the save says so', async () => {
    await write('converted.lock.json', locked('agent'), locked('db', { format: 'oci', converted: {} }));
    const { stdout, stderr, exitCode } = await list(at('converted.lock.json'), '--as', 'plain', '--quiet');
    expect([exitCode, stdout.split('\n')]).toEqual([
      0,
      [
        `--platform=linux/amd64 quay.io/acme/agent:1@${DIGEST}`,
        `--platform=linux/amd64 quay.io/acme/db:1@${DIGEST}`,
        '',
      ],
    ]);
    expect(stderr).toMatch(/saved with --format oci, which no list says: 1 image\. Give these options again/);
  });

  it('that is not valid is an error', async () => {
    await write('bad.lock.json', locked('db', { names: ['../x:1'] }));
    expect(await list(at('bad.lock.json'))).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /bad\.lock\.json is not a valid lock of version 1: images\[0\]\.names\[0\]/,
      ),
    });
  });
});

describe('L20: list of an address', () => {
  it('takes the authority of its server, which its error names', async () => {
    const { ca, serverCert, serverKey } = await makeCertificates(temp.path);
    const [cert, key] = await Promise.all([readFile(serverCert, 'utf8'), readFile(serverKey, 'utf8')]);
    const stub = await startStub((_, response) => response.end('quay.io/acme/web:1\n'), {
      tls: { cert, key },
    });
    try {
      const digest = digestOf(new TextEncoder().encode('quay.io/acme/web:1\n'));
      const address = `${stub.url}/images.txt#${digest.replace(':', '=')}`;
      expect((await list(address)).stderr).toContain('--ca-file');
      expect(await list(address, '--ca-file', ca, '--as', 'plain')).toMatchObject({
        exitCode: 0,
        stdout: 'quay.io/acme/web:1\n',
      });
    } finally {
      await stub.close();
    }
  });
});
