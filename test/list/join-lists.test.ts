import { describe, expect, it } from 'vitest';
import { type ImageList, type ListInputs, type NamedList, readLists } from '../../src/list/index.ts';
import { failureOf } from '../support/failure.ts';
import { asFlag, spellHint } from '../../src/text/hint.ts';
import { parsed, shownRequest } from '../support/parsed.ts';

const D = `sha256:${'a'.repeat(64)}`;
const E = `sha256:${'b'.repeat(64)}`;

const inputs: ListInputs = {
  images: [],
  files: [],
  format: 'auto',
  defaultRegistry: 'docker.io',
  strictTags: false,
  onCandidate: 'report',
};
const listOf = (file: string, text: string, more: Partial<NamedList> = {}): NamedList => ({
  file,
  ...parsed(text, { file }),
  ...more,
});
const join = (lists: readonly NamedList[], more: Partial<ListInputs> = {}): Promise<ImageList> =>
  readLists({ ...inputs, lists, ...more });
const faults = async (lists: readonly NamedList[], more: Partial<ListInputs> = {}): Promise<string[]> => {
  const { details, code } = await failureOf(join(lists, more));
  expect(code).toBe('list');
  return details.map(
    ({ file, line, message, hint }) =>
      `${file}${line === undefined ? '' : `:${line}`}: ${message}${hint === undefined ? '' : ` (${spellHint(hint, asFlag)})`}`,
  );
};
const warnings = async (text: string, more: Partial<ListInputs> = {}): Promise<string[]> =>
  (await join([listOf('a.txt', text)], more)).warnings.map(
    ({ origin, text: entry, message }) => `${origin.file}:${origin.line}: ${entry ?? '-'}: ${message}`,
  );

describe('found L2: joined lists', () => {
  it('have each image once, in the order of the lists, and each list with its count', async () => {
    const { requests, lists } = await join([
      listOf('a.txt', 'b:1\na:1\nb:1\n'),
      listOf('b.yaml', '- a:1\n- {image: "c:1"}\n'),
      listOf('c.txt', '-q d:1\n'),
    ]);
    expect(
      requests.map(({ origin, ...request }) => `${origin.file}:${shownRequest({ origin, ...request })}`),
    ).toEqual([
      'a.txt:1: docker.io/library/b:1',
      'a.txt:2: docker.io/library/a:1',
      'b.yaml:2: docker.io/library/c:1',
      'c.txt:1: docker.io/library/d:1',
    ]);
    expect(lists).toEqual([
      { file: 'a.txt', format: 'plain', count: 3, ignored: [] },
      { file: 'b.yaml', format: 'list', count: 2, ignored: [] },
      { file: 'c.txt', format: 'plain', count: 1, ignored: ['option -q'] },
    ]);
  });

  it.each([
    ['a:1', 'index.docker.io/library/a:1', 1],
    ['a', 'a:latest', 1],
    ['--platform=linux/arm64 a:1', 'a:1 linux/arm64/v8', 1],
    ['--platform=linux/arm64,linux/amd64 a:1', '--platform=linux/x86_64,arm64 a:1', 1],
    ['--platform=all a:1', '--platform=all a:1', 1],
    ['a:1 => b:1, c:1', 'a:1 => c, b', 1],
    ['oci:x:1', 'oci:x:1', 1],
    ['docker-archive:x:a', 'docker-archive:x:a:latest', 1],
    ['a:1', 'a:2', 2],
    ['a:1', `a:1@${D}`, 2],
    ['a:1', '--platform=linux/arm64 a:1', 2],
    ['--platform=linux/arm64 a:1', '--platform=all a:1', 2],
    ['a:1', '--platform=all a:1', 2],
    ['a:1', 'a:1 => b:1', 2],
    ['oci:x:1', 'oci:y:1', 2],
    ['oci:x:1', 'oci:x:2', 2],
    ['oci:x', 'oci:x:2', 2],
    ['oci:x', 'docker-archive:x', 2],
    ['docker-archive:x', 'docker-archive:x:a', 2],
    ['docker-archive:x', 'docker-archive:y', 2],
    ['docker-archive:x:a', 'docker-archive:y:a', 2],
    [`a@sha512:${'a'.repeat(128)}`, `a@sha512:${'b'.repeat(128)}`, 2],
  ])('take %s and %s as %i', async (one, two, count) => {
    expect((await join([listOf('a.txt', `${one}\n${two}\n`)])).requests).toHaveLength(count);
  });

  it.each([
    [`a:1@${D}\na:1@${D}\n`, []],
    [`a@${D}\na@${E}\n`, []],
    [`a:1@${D}\na:2@${E}\n`, []],
    [`a:1@${D}\na:1@${E} => b:1\n`, []],
    [`a:1@${D}\na:1\n`, []],
    [
      `a:1@${D}\na:1@${E}\n`,
      [
        `a.txt:2: 'docker.io/library/a:1' is pinned to sha256:bbbbbbbbbbbb here, and to sha256:aaaaaaaaaaaa in a.txt:1 (Keep one of the two lines, or store one of them under another name with =>.)`,
      ],
    ],
    [
      `a:1@${D} => b:1\n\na:1@${E} => b:1\na:1@${E} => b:1\n`,
      [expect.stringMatching(/^a\.txt:3: /), expect.stringMatching(/^a\.txt:4: .* in a\.txt:1 /)],
    ],
  ])('are refused with one name for two digests: %j', async (text, expected) => {
    const lists = [listOf('a.txt', text)];
    if (expected.length === 0) expect((await join(lists)).requests.length).toBeGreaterThan(0);
    else expect(await faults(lists)).toEqual(expected);
  });

  it('name every fault of every list, in their order, before what the lists together have', async () => {
    expect(
      await faults(
        [
          listOf('a.txt', 'Foo/B:1\nx:1\n'),
          listOf('b.txt', '# nothing\n'),
          listOf('c.yaml', '- {image: "a:1", foo: x}\n'),
        ],
        { strictTags: true, images: ['y'], files: ['/nowhere/at/all.txt'] },
      ),
    ).toEqual([
      '/nowhere/at/all.txt: there is no such file',
      expect.stringMatching(/^a\.txt:1: 'Foo\/B:1' is not an image reference: .*lower case/),
      'b.txt: read as a plain list, it does not name any image',
      expect.stringMatching(/^c\.yaml:1: the key 'foo' is unknown \(The known keys are /),
      expect.stringMatching(/^images:1: 'y' names no tag/),
    ]);
  });

  it('quote what is bad before its reason, where the reason does not quote it', async () => {
    expect(await faults([listOf('a.txt', 'quay.io/a/b:1 x:1\nx:1\n')])).toEqual([
      expect.stringMatching(/^a\.txt:1: 'quay\.io\/a\/b:1': this entry has 2 words/),
    ]);
    expect(await faults([listOf('a.txt', 'Foo/B:1\nx:1\n')])).toEqual([
      expect.stringMatching(/^a\.txt:1: 'Foo\/B:1' is not/),
    ]);
    expect(await faults([listOf('a.txt', 'one two three\nx:1\n')])).toEqual([
      expect.stringMatching(/^a\.txt:1: this entry has 3 words/),
    ]);
  });

  it('that name no image at all are refused with what to do', async () => {
    expect(await faults([])).toEqual([
      'images: no image is given (Give images, or files with --image-list.)',
    ]);
  });
});

describe('L9: the warnings of joined lists', () => {
  it.each<[string, string[]]>([
    ['quay.io/a/b:1\n', []],
    ['quay.io/a/b\n', ['a.txt:1: quay.io/a/b: it names no tag: latest is used']],
    ['oci:x\ndocker-archive:x\n', []],
    ['docker-archive:x:a\n', ['a.txt:1: docker-archive:x:a: it names no tag: latest is used']],
    ['a:1\n', [`a.txt:1: -: 1 image without a registry: docker.io is meant; the first is 'a:1'`]],
    [
      'docker://a:1\n',
      [`a.txt:1: -: 1 image without a registry: docker.io is meant; the first is 'docker://a:1'`],
    ],
    ['docker://quay.io/a:1\n', []],
    [
      'quay.io/a/b:1\na/b:1\na:1\n',
      [`a.txt:2: -: 2 images without a registry: docker.io is meant; the first is 'a/b:1'`],
    ],
    [
      'a\na\n',
      [
        'a.txt:1: a: it names no tag: latest is used',
        `a.txt:1: -: 1 image without a registry: docker.io is meant; the first is 'a'`,
      ],
    ],
  ])('tell what is completed: %j', async (text, expected) => {
    expect(await warnings(text)).toEqual(expected);
  });

  it('tell the registry that is the default, once per list', async () => {
    const { warnings: told } = await join(
      ['a.txt', 'b.txt'].map((file) => ({
        file,
        ...parsed(`${file}:1\nc:1\n`, { file, defaultRegistry: 'x.example' }),
      })),
    );
    expect(told.map(({ origin, message }) => `${origin.file}: ${message}`)).toEqual([
      `a.txt: 2 images without a registry: x.example is meant; the first is 'a.txt:1'`,
      `b.txt: 1 image without a registry: x.example is meant; the first is 'b.txt:1'`,
    ]);
  });
});

describe('found L1: candidates', () => {
  const candidates = ['quay.io/a/maybe:1', 'No/Reference', '--platform=linux/arm46 quay.io/a/b:1'].map(
    (text, at) => ({
      text,
      origin: { file: 'v.yaml', line: at + 1 },
      why: 'a value',
    }),
  );
  const list = (text: string): NamedList => listOf('v.yaml', text, { candidates });
  const NONE = '# none\n';

  it('are reported by default, and those that are no references are rejects', async () => {
    const { requests, candidates: left, rejects } = await join([list('x:1\n')]);
    expect(requests.map(shownRequest)).toEqual(['1: docker.io/library/x:1']);
    expect(left.map(({ text, origin, why }) => [text, origin.line, why])).toEqual([
      ['quay.io/a/maybe:1', 1, 'a value'],
      ['… quay.io/a/b:1', 3, 'a value'].map((part, at) => (at === 0 ? expect.any(String) : part)),
    ]);
    expect(rejects).toMatchObject([{ text: 'No/Reference', origin: { line: 2 } }]);
  });

  it('alone are no list: the error says how many would be saved, and how', async () => {
    const [fault, ...more] = await faults([list(NONE)]);
    expect(more).toEqual([]);
    expect(fault).toBe(
      'v.yaml: read as a plain list, it does not name any image (With --on-candidate accept, 2 candidates would be saved.)',
    );
  });

  it('are saved by accept, with their platforms and their warnings', async () => {
    const [good, , other] = candidates;
    const offered = good === undefined || other === undefined ? [] : [good, other];
    const {
      requests,
      candidates: left,
      rejects,
      lists,
      warnings: told,
    } = await join([listOf('v.yaml', 'x:1\n', { candidates: offered })], { onCandidate: 'accept' });
    expect(requests.map(shownRequest)).toEqual([
      '1: docker.io/library/x:1',
      '1: quay.io/a/maybe:1',
      '3: linux/arm46 quay.io/a/b:1',
    ]);
    expect([left, rejects, lists.map(({ count }) => count)]).toEqual([[], [], [3]]);
    expect(told.map(({ message }) => message)).toContain(
      "the architecture 'arm46' is unknown; did you mean 'arm64'?",
    );
    expect(await faults([list(NONE)], { onCandidate: 'accept' })).toEqual([
      expect.stringMatching(/^v\.yaml:2: 'No\/Reference' is not an image reference/),
    ]);
  });

  it('are errors under error, each with its line; those that are no references are not', async () => {
    expect(await faults([list('x:1\n')], { onCandidate: 'error' })).toEqual([
      expect.stringMatching(
        /^v\.yaml:1: 'quay\.io\/a\/maybe:1' is probably an image \(a value\) \(Save it with /,
      ),
      expect.stringMatching(/^v\.yaml:3: .* is probably an image \(a value\)/),
    ]);
  });
});
