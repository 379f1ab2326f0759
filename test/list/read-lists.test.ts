import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Boundary } from '../../src/files/index.ts';
import { type ImageList, type ListInputs, parseInline, readLists, titleOf } from '../../src/list/index.ts';
import { listLines } from '../../src/list/list-lines.ts';
import { parseListAddress, shownList } from '../../src/list/list-address.ts';
import { OciSaveError } from '../../src/errors.ts';
import { asFlag, spellHint } from '../../src/text/hint.ts';
import { failureOf } from '../support/failure.ts';
import { shownRequest } from '../support/parsed.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const MiB = 1024 * 1024;
const TAR =
  "it is a tar archive, and no list (A bundle's lock is a list: N.lock.json beside the archive, or the folder of the bundle.";

let temp: TempFolder;
let real = '';
const at = (...names: string[]): string => path.join(real, ...names);
beforeAll(async () => {
  temp = await tempFolder('read');
  real = await realpath(temp.path);
  await mkdir(at('lists', 'folder.txt'), { recursive: true });
  await mkdir(at('out'));
  await writeFile(at('lists', 'b.txt'), 'b:1\n');
  await writeFile(at('lists', 'a.txt'), 'a:1\n');
  await writeFile(at('lists', '[c].txt'), 'c:1\n');
  await symlink(at('nowhere'), at('lists', 'z-dangling.lst'));
  await writeFile(at('lists', 'full.txt'), 'x'.repeat(16 * MiB));
  await writeFile(at('lists', 'over.txt'), 'x'.repeat(16 * MiB + 1));
  const tar = Buffer.alloc(16 * MiB + 1);
  tar.write('ustar', 257);
  await writeFile(at('lists', 'bundle.tar'), tar.subarray(0, 1024));
  await writeFile(at('lists', 'large.tar'), tar);
  await writeFile(at('out', 'app.tar'), 'x');
  await writeFile(at('lists', 'app.tar'), 'x');
  await symlink(at('out', 'app.tar'), at('lists', 'linked.tar'));
  await writeFile(at('out', 'outside.txt'), 'a:1\n');
  await symlink(at('out', 'outside.txt'), at('lists', 'linked.txt'));
});
afterAll(() => temp.close());

const inputs: ListInputs = {
  images: [],
  files: [],
  format: 'auto',
  defaultRegistry: 'docker.io',
  strictTags: false,
  onCandidate: 'report',
};
const read = (more: Partial<ListInputs>): Promise<ImageList> => readLists({ ...inputs, ...more });
const shown = async (more: Partial<ListInputs>): Promise<string[]> =>
  (await read(more)).requests.map(
    (request) => `${path.basename(request.origin.file)}:${shownRequest(request)}`,
  );
const fault = async (more: Partial<ListInputs>): Promise<string> => {
  const { message, hintParts } = await failureOf(read(more));
  return `${message.replaceAll(`${real}/`, '')}${hintParts === undefined ? '' : ` (${spellHint(hintParts, asFlag)})`}`;
};
async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

describe('L2: the files of lists', () => {
  it('are read in their order, a glob by name without folders, each once, and inline references last', async () => {
    const files = [
      at('lists', 'b.txt'),
      at('lists', '[ab].txt'),
      at('lists', '[c].txt'),
      at('lists', 'b.txt'),
    ];
    expect(await shown({ files, images: ['x:1', '# note', '', ' "y:1" '] })).toEqual([
      'b.txt:1: docker.io/library/b:1',
      'a.txt:1: docker.io/library/a:1',
      '[c].txt:1: docker.io/library/c:1',
      'images:1: docker.io/library/x:1',
      'images:4: docker.io/library/y:1',
    ]);
  });

  it('are in the order of their names, whatever the folder says', async () => {
    const { lists } = await read({ files: [at('lists', '?.txt')] });
    expect(lists.map(({ file }) => path.basename(file))).toEqual(['a.txt', 'b.txt']);
  });

  it.each([
    [['none.txt'], 'none.txt: there is no such file'],
    [
      ['lists/folder.txt'],
      'lists/folder.txt: it is a folder, not a file (A folder is read where it is a bundle or a chart.',
    ],
    [['lists/*.none'], 'lists/*.none: no file matches this pattern (Check it and the folder.)'],
    [['lists/fold*'], 'lists/fold*: no file matches this pattern (Check it and the folder.)'],
    [['lists/z-*'], 'lists/z-dangling.lst: there is no such file'],
    [['lists/over.txt'], 'lists/over.txt: it is larger than 16 MiB, which no list is (Split the list.)'],
    [['lists/bundle.tar'], `lists/bundle.tar: ${TAR}`],
    [['lists/large.tar'], `lists/large.tar: ${TAR}`],
    [['lists/a.txt/b'], 'lists/a.txt/b: it cannot be read (ENOTDIR)'],
    [['lists/full.txt'], 'lists/full.txt:1: this line does not fit any list format'],
  ])('that cannot be read are named: %j', async (files, words) => {
    expect(await fault({ files: files.map((file) => at(file)) })).toContain(words);
  });

  it('may be standard input, which is read once', async () => {
    expect(await shown({ files: ['-', '-'], stdin: chunks('a:', '1\nb', ':1\n') })).toEqual([
      'stdin:1: docker.io/library/a:1',
      'stdin:2: docker.io/library/b:1',
    ]);
    expect(await failureOf(read({ files: ['-'], stdin: chunks() }))).toMatchObject({
      message: 'stdin: it is empty',
      hint: 'See what the command before the pipe says.',
    });
    expect(await fault({ files: ['-'] })).toBe('stdin: there is no standard input to read a list from');
  });

  it('are read in the named format', async () => {
    const stdin = (): AsyncGenerator<Uint8Array> => chunks('images: [a:1]\n');
    expect(await shown({ files: ['-'], stdin: stdin(), format: 'list' })).toEqual([
      'stdin:1: docker.io/library/a:1',
    ]);
    expect(await fault({ files: ['-'], stdin: stdin(), format: 'plain' })).toMatch(/^stdin:1: /);
  });

  it('and the default registry are checked before anything is read', async () => {
    expect(
      await failureOf(read({ files: ['none.txt'], defaultRegistry: 'https://x.example' })),
    ).toMatchObject({
      code: 'usage',
      message: 'the default registry is not a host name',
      hint: 'Write a host, with a port if necessary: registry.example:5000.',
    });
    expect(await failureOf(read({ files: ['none.txt'], format: 'zraf' }))).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(
        /^the list format 'zraf' is unknown; known are auto, .*\blist\b.*\bplain\b/,
      ),
      hint: "Did you mean 'zarf'?",
    });
    expect(await failureOf(read({ files: ['none.txt'], format: 'qqqqqq' }))).toMatchObject({
      hint: undefined,
    });
  });

  it('that are wrong are all in one error, the first fifty in its message', async () => {
    const bad = Array.from({ length: 60 }, (_, line) => `Foo/B:${line}\n`).join('');
    const { message, hint, details } = await failureOf(read({ files: ['-'], stdin: chunks(bad) }));
    const lines = message.split('\n');
    expect(lines[0]).toBe('60 entries of the image lists cannot be used:');
    expect(lines[1]).toMatch(
      /^ {2}stdin:1: 'Foo\/B:0' is not an image reference: .* \(Did you mean 'foo\/b:0'\?\)$/,
    );
    expect(lines.slice(50)).toEqual([expect.stringMatching(/^ {2}stdin:50: /), '  and 10 more']);
    expect(hint).toBe('Nothing was copied. Correct these lines, or take them out.');
    expect(details).toHaveLength(60);
    const fifty = await failureOf(read({ files: ['-'], stdin: chunks('Foo/B\n'.repeat(50)) }));
    expect(fifty.message.split('\n')).toHaveLength(51);
  });

  it('have no control character of their names in a message', async () => {
    expect(await fault({ files: ['no\nsuch\u0007file'] })).toBe('no?such?file: there is no such file');
  });
});

describe('found B1: the local sources of a list in an untrusted checkout', () => {
  const boundary = (): Boundary => ({ checkout: [at('lists')], folders: [at('lists')] });
  const OUTSIDE =
    'links followed, it lies neither in the workspace nor in the runner’s temporary folder (A list can only name files in these two. Name a file elsewhere in the workflow, by --images.)';

  it('lie inside, and keep the folders that they must lie in', async () => {
    const stdin = chunks(
      `quay.io/a/b:1\ndocker-archive:${at('lists', 'app.tar')}\noci:${at('lists', 'new')}\n`,
    );
    const { requests } = await read({ files: ['-'], stdin, boundary: boundary() });
    expect(requests.map(({ source }) => ('folders' in source ? source.folders : source.transport))).toEqual([
      'docker',
      [at('lists')],
      [at('lists')],
    ]);
  });

  it('are refused where they lead out of it, with their lines', async () => {
    const text = `docker-archive:${at('out', 'app.tar')}\nFoo/B\noci:${at('lists', 'linked.tar')}\nx:1\n`;
    const { details } = await failureOf(read({ files: ['-'], stdin: chunks(text), boundary: boundary() }));
    expect(details.map(({ line }) => line)).toEqual([1, 2, 3]);
    expect(
      await fault({
        files: ['-'],
        stdin: chunks(`oci:${at('lists', 'linked.tar')}\n`),
        boundary: boundary(),
      }),
    ).toMatch(new RegExp(`^stdin:1: .*${OUTSIDE.replaceAll(/[().]/g, '\\$&')}$`));
  });

  it('of the workflow itself may lie anywhere, unless they are named in the checkout', async () => {
    const images = [`docker-archive:${at('out', 'app.tar')}`];
    const [request] = (await read({ images, boundary: boundary() })).requests;
    expect(request?.source).not.toHaveProperty('folders');
    expect(await fault({ images: [`oci:${at('lists', 'linked.tar')}`], boundary: boundary() })).toMatch(
      /^images:1: /,
    );
  });

  it('are as free as the user without a boundary', async () => {
    const stdin = chunks(`docker-archive:${at('out', 'app.tar')}\n`);
    expect((await read({ files: ['-'], stdin })).requests[0]?.source).not.toHaveProperty('folders');
  });

  it('and a list itself must lie inside, where it is named in the checkout', async () => {
    expect(await fault({ files: [at('lists', 'linked.txt')], boundary: boundary() })).toMatch(
      /^lists\/linked\.txt: links followed, it lies neither /,
    );
    expect(await shown({ files: [at('lists', 'linked.txt')] })).toHaveLength(1);
    expect(await shown({ files: [at('out', 'outside.txt')], boundary: boundary() })).toHaveLength(1);
  });
});

describe('L2: inline references', () => {
  it('are entries as lines of a plain list, each with its position; comments and nothing are none', () => {
    const { format, file, requests, rejects } = parseInline(
      ['a:1', '', '  ', '# c:1', '"b:1"', 'Foo/B', '- c:1'],
      { defaultRegistry: 'x.example' },
      'args',
    );
    expect([format, file]).toEqual(['plain', 'args']);
    expect(requests.map(shownRequest)).toEqual(['1: x.example/a:1', '5: x.example/b:1']);
    expect(rejects.map(({ origin }) => `${origin.file}:${origin.line}`)).toEqual(['args:6', 'args:7']);
    expect(parseInline([], { defaultRegistry: 'x.example' }).file).toBe('images');
  });
});

describe('L9: the lines of what was found', () => {
  const of = (count: number, ignored: readonly string[] = [], rules = 0) => ({
    file: 'a.txt',
    format: 'plain',
    count,
    ignored: [...ignored],
    ...(rules === 0 ? {} : { rules }),
  });
  const keys = Array.from({ length: 14 }, (_, at) => `k${at}`);

  it.each([
    [[of(1)], ['List: a.txt, 1 image (plain)']],
    [[of(2, ['x', 'y'])], ['List: a.txt, 2 images (plain); passed over: x, y']],
    [[of(0, [], 2)], ['List: a.txt, 0 images and 2 rules for tags (plain)']],
    [[of(1, keys)], [`List: a.txt, 1 image (plain); passed over: ${keys.slice(0, 12).join(', ')}, 2 more`]],
    [
      [of(1, keys.slice(0, 12))],
      [`List: a.txt, 1 image (plain); passed over: ${keys.slice(0, 12).join(', ')}`],
    ],
    [
      [of(1), of(1)],
      ['List: a.txt, 1 image (plain)', 'List: a.txt, 1 image (plain)', 'Together: 7 images'],
    ],
  ])('name each list with its format, its images and what is passed over', (lists, lines) => {
    expect(listLines(lists, 7)).toEqual(lines);
  });

  it.each([
    [20, []],
    [21, ['and 1 more list']],
    [22, ['and 2 more lists']],
  ])('of %i lists name twenty', (many, more) => {
    const lines = listLines(
      Array.from({ length: many }, () => of(1)),
      7,
    );
    expect(lines.slice(20)).toEqual([...more, 'Together: 7 images']);
  });
});

describe('L2: the address of a list', () => {
  const HEX = `0${'aB'.repeat(31)}9`;
  const addressed = (text: string): string => {
    try {
      const { url, sha256, file } = parseListAddress(text);
      return [url, sha256, file].join(' ');
    } catch (error) {
      if (!(error instanceof OciSaveError)) throw error;
      return `${error.code}: ${error.message}`;
    }
  };

  it.each(['', '?token=x'])('has the hash of its bytes, in any case, and is shown without %j', (query) => {
    const url = `https://x.example/a.txt${query}`;
    expect(addressed(`${url}#sha256=${HEX}`)).toBe(`${url} ${HEX.toLowerCase()} https://x.example/a.txt`);
    expect(addressed(`${url}#SHA256=${HEX}`)).toContain(HEX.toLowerCase());
  });

  it.each([
    ...['', '#', `#x-sha256=${HEX}`].map((hash) => [hash, 'needs the sha256 of its bytes, ']),
    ...[`#sha256=${HEX}0`, `#sha256=${HEX.slice(1)}`, `#sha256=g${HEX.slice(1)}`].map((hash) => [
      hash,
      'is named with a sha256 that is not 64 hexadecimal digits',
    ]),
  ])('is refused with the hash %j: it %s', (hash, words) => {
    expect(addressed(`https://x.example/a.txt${hash}`)).toContain(
      `usage: image-list: https://x.example/a.txt ${words}`,
    );
  });

  it.each([
    [`sha256=${HEX}`, 'an address cannot be read'],
    [`#sha256=${HEX}`, 'an address cannot be read'],
    [`https://me:secret@[x/#sha256=${HEX}`, 'an address cannot be read'],
    [`http://me:secret@x.example/a?b#sha256=${HEX}`, 'http://x.example/a is plain HTTP'],
  ])('is refused without a secret: %s', (text, words) => {
    expect(addressed(text)).toContain(`usage: image-list: ${words}`);
    expect(addressed(text)).not.toContain('secret');
  });

  it.each([
    ['https://me:secret@x.example/a?b=c#sha256=1', 'https://x.example/a#sha256=1'],
    ['https://x.example/a', 'https://x.example/a'],
    ['HTTP://me:secret@[x', 'an address'],
    ['lists/https://x', 'lists/https://x'],
    ['httpx.txt', 'httpx.txt'],
  ])('%s is shown as %s', (text, shownAs) => {
    expect(shownList(text)).toBe(shownAs);
  });
});

describe('L15: the title of a format', () => {
  it('is that of the table, and a general one for any other name', () => {
    expect([titleOf('plain'), titleOf('unknown')]).toEqual(['a plain list', 'a list']);
  });
});
