import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListInputs, parseList, readLists } from '../../src/list/index.ts';
import { refOf } from '../../src/resolve/index.ts';
import { outputOf } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const options = {
  format: 'auto',
  defaultRegistry: 'docker.io',
  strictTags: false,
  onCandidate: 'report' as const,
};
const HEX = 'a'.repeat(64);

let temp: TempFolder;
beforeAll(async () => {
  temp = await tempFolder('lists');
});
afterAll(() => temp.close());

const parse = (text: string | Uint8Array) =>
  parseList(typeof text === 'string' ? new TextEncoder().encode(text) : text, 'images.txt', options);
const refs = (text: string | Uint8Array): string[] => parse(text).requests.map(({ source }) => refOf(source));
const bad = (text: string | Uint8Array): [number, string][] =>
  parse(text).rejects.map(({ origin, reason }) => [origin.line, reason]);

async function read(inputs: Partial<ListInputs>, files: Record<string, string | Uint8Array> = {}) {
  const folder = path.join(temp.path, String(Math.random()).slice(2));
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  const named = (inputs.files ?? []).map((file) => (file === '-' ? file : path.join(folder, file)));
  return readLists({ images: [], ...options, ...inputs, files: named });
}

describe('a list that is a pipe', () => {
  it('is led to standard input, and a folder is not', async () => {
    const pipe = path.join(temp.path, 'pipe.txt');
    await outputOf('mkfifo', [pipe]);
    const hintFor = async (file: string): Promise<unknown> =>
      readLists({ images: [], ...options, files: [file] }).catch((error: unknown) => error);
    expect(await hintFor(pipe)).toMatchObject({
      hint: 'A pipe is read from standard input: give - as --image-list.',
    });
    expect(await hintFor(temp.path)).toMatchObject({
      code: 'list',
      hint: expect.stringMatching(/^A folder is read where it is a bundle or a chart\./),
    });
  });
});

describe('a plain list', () => {
  it('has one reference per line; comments, quotes, list marks, blanks and line ends are ignored', () => {
    const text = `\uFEFF# group\r\n'busybox:1'\r\n\r\n  quay.io/a/b:2  # why\r- ghcr.io/a/c:3\n* docker://x.example/d:4\n##end`;
    expect(refs(text)).toEqual([
      'docker.io/library/busybox:1',
      'quay.io/a/b:2',
      'ghcr.io/a/c:3',
      'x.example/d:4',
    ]);
  });

  it.each([
    ['UTF-16 little endian', Buffer.from('\uFEFFquay.io/a/b:1\r\n', 'utf16le')],
    ['UTF-16 big endian', Buffer.from('\uFEFFquay.io/a/b:1\r\n', 'utf16le').swap16()],
    ['no-break and zero-width blanks at its ends', '\u00A0quay.io/a/b:1\u200B\n'],
  ])('is read with %s', (_, bytes) => {
    expect(refs(bytes)).toEqual(['quay.io/a/b:1']);
  });

  it('accepts platforms before an entry, and a pasted pull command', () => {
    const { requests } = parse(
      '--platform=linux/arm64,linux/amd64 quay.io/a/b:1\ndocker pull --platform linux/arm/v7 x:2',
    );
    expect(requests.map(({ platforms }) => platforms)).toEqual([
      [
        { os: 'linux', architecture: 'arm64' },
        { os: 'linux', architecture: 'amd64' },
      ],
      [{ os: 'linux', architecture: 'arm', variant: 'v7' }],
    ]);
  });

  it.each([
    ['a/b:1 => quay.io/c/d:2', 'quay.io', 'c/d', '2'],
    ['a/b:1=>c/d', 'docker.io', 'c/d', '1'],
    ['a/b:1 -> x.example/d:3', 'x.example', 'd', '3'],
    ['docker.io/a/b:1=x.example/d:3', 'x.example', 'd', '3'],
    ['docker.io/a/b:1,x.example/d:3', 'x.example', 'd', '3'],
  ])('stores an image under another name: %s', (line, domain, repository, tag) => {
    expect(parse(line).requests[0]?.storedAs).toEqual([{ domain, path: repository, tag }]);
  });

  it('accepts a digest or a platform as a second column', () => {
    expect(refs(`quay.io/a/b:1 sha256:${HEX}`)).toEqual([`quay.io/a/b:1@sha256:${HEX}`]);
    expect(parse('quay.io/a/b:1 linux/arm64').requests[0]?.platforms).toHaveLength(1);
  });

  it('accepts docker archives and OCI layouts as sources', () => {
    const { requests } = parse(
      'docker-archive:x/app.tar:acme/app:1 => acme/app:1\noci:layouts/x:name => y:1',
    );
    expect(requests.map(({ source }) => source)).toMatchObject([
      { transport: 'docker-archive', path: 'x/app.tar', reference: { path: 'acme/app', tag: '1' } },
      { transport: 'oci', path: 'layouts/x', name: 'name' },
    ]);
  });

  it('reports the line and the reason of every bad entry', () => {
    const text = [
      'quay.io/a/b:1',
      'Foo/BAR:1',
      'a b',
      'x:1+2',
      '-x',
      'a/../b:1',
      'a:',
      'null/x:1',
      'quay.io/x:1\u200By',
    ].join('\n');
    expect(bad(text).map(([line]) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bad('Foo/BAR:1\nquay.io/a/b:1')[0]?.[1]).toMatch(/lower case/);
    expect(bad('quay.io/a/b:1\nquay.io/x:1\u200By')[0]?.[1]).toMatch(/U\+200B/);
  });

  it('quotes no secret of a pasted command', () => {
    const text = 'quay.io/a/b:1\ncurl -u user:hunter2 https://x.example/hunter2';
    expect(JSON.stringify(parse(text).rejects)).not.toContain('hunter2');
    expect(bad(text)[0]?.[0]).toBe(2);
  });

  it('does not drop a line, and does not throw for any', () => {
    const line = fc.string({ maxLength: 40 }).filter((text) => !/[\r\n]/.test(text));
    const property = fc.check(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = ['quay.io/a/first:1', ...lines].join('\n');
        const { requests, rejects, candidates } = parseList(new TextEncoder().encode(text), 'x', {
          ...options,
          format: 'plain',
        });
        const reported = new Set([...requests, ...rejects, ...candidates].map(({ origin }) => origin.line));
        const blank = /^[\s\u00A0\u200B\uFEFF]*(#.*|\/\/.*)?$/u;
        const dropped = lines.filter((entry, at) => !blank.test(entry) && !reported.has(at + 2));
        // What is not text is refused as a whole, at its first line.
        return dropped.length === 0 || rejects.some(({ origin }) => origin.line === 1);
      }),
    );
    expect(property.counterexample).toBeNull();
  });

  it('may have 100,000 lines', () => {
    const text = Array.from({ length: 100_000 }, (_, at) => `quay.io/a/image-${at}:1`).join('\n');
    expect(parse(text).requests).toHaveLength(100_000);
  });
});

describe('a YAML or JSON list', () => {
  it('keeps scalars as they are written: a tag 1.10 is not a number', () => {
    const yaml =
      'images:\n  - image: quay.io/a/b\n    tags: [1.10, 007, 1e3]\n    platforms: [linux/amd64]\n    as: x.example/b\n';
    expect(refs(yaml)).toEqual(['quay.io/a/b:1.10', 'quay.io/a/b:007', 'quay.io/a/b:1e3']);
    expect(parse(yaml).requests[0]).toMatchObject({
      storedAs: [{ domain: 'x.example', path: 'b', tag: '1.10' }],
    });
  });

  it('may be JSON, and each entry has its line', () => {
    const { requests } = parse('[\n  "quay.io/a/b:1",\n  {"ref": "quay.io/a/c:2"}\n]');
    expect(requests.map(({ origin }) => origin.line)).toEqual([2, 3]);
  });

  it('is refused with a reason where it is an alias bomb, too deeply nested or a template', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replaceAll(
      /./g,
      (key) =>
        `${key}: &${key} [${Array(9)
          .fill(`*${String.fromCharCode(key.charCodeAt(0) - 1)}`)
          .join()}]\n`,
    )}images: *h\n`;
    expect(bad(bomb)).toHaveLength(1);
    expect(bad(`images: ${'['.repeat(5000)}`)).toHaveLength(1);
    expect(bad('images:\n  - image: {{ .Values.image }}\n')[0]?.[1]).toMatch(/template/);
  });
});

describe('a list in another format', () => {
  it.each([
    ['name: app\nmixins: [exec]\n', /Porter/],
    ['component: {name: x, resources: []}\n', /OCM/],
    ['{"name": "app", "invocationImages": []}', /CNAB/],
    ['{"bomFormat": "CycloneDX"}', /SBOM/],
    ['resource "docker_image" "app" {\n}\n', /Terraform or Nomad/],
  ])('is refused by its name: %j', (text, name) => {
    expect(bad(text)[0]?.[1]).toMatch(name);
  });
});

describe('readLists', () => {
  it('joins files, globs and inline references in a stable order, without duplicates', async () => {
    const files = { 'b.txt': 'busybox:1\nquay.io/a/b:1', 'a.txt': 'index.docker.io/library/busybox:1' };
    const list = await read({ files: ['*.txt'], images: ['ghcr.io/a/c:1', 'quay.io/a/b:1'] }, files);
    expect(list.requests.map(({ source }) => refOf(source))).toEqual([
      'docker.io/library/busybox:1',
      'quay.io/a/b:1',
      'ghcr.io/a/c:1',
    ]);
  });

  it('warns about a missing tag, and fails with file and line under strict-tags', async () => {
    expect((await read({ images: ['quay.io/a/b'] })).warnings).toHaveLength(1);
    await expect(read({ images: ['quay.io/a/b:latest'], strictTags: true })).rejects.toThrow(/images:1/);
  });

  it.each([
    [{ files: ['missing.txt'] }, {}, /missing\.txt/],
    [{ files: ['*.lst'] }, {}, /\*\.lst/],
    [{ files: ['empty.txt'] }, { 'empty.txt': '' }, /empty\.txt/],
    [{ files: ['only.txt'] }, { 'only.txt': '# nothing\n' }, /only\.txt/],
    [{ files: ['x.bin'] }, { 'x.bin': new Uint8Array([0x7f, 0x45, 0, 1]) }, /binary|NUL|byte/],
    [{ images: [] }, {}, /no image/],
    [
      { images: [`x:1@sha256:${HEX}`, `x:1@sha256:${'b'.repeat(64)}`] },
      {},
      /images:1[^]*images:2|images:2[^]*images:1/,
    ],
  ])('fails for %j', async (inputs, files, message) => {
    await expect(read(inputs, files)).rejects.toThrow(message);
  });

  it('suggests a format where the named one does not exist', async () => {
    await expect(read({ images: ['x:1'], format: 'plian' })).rejects.toMatchObject({
      code: 'usage',
      hint: "Did you mean 'plain'?",
    });
  });

  it('stops reading standard input after 16 MiB', async () => {
    const endless = (async function* () {
      for (;;) yield new Uint8Array(1024 * 1024).fill(97);
    })();
    await expect(read({ files: ['-'], stdin: endless })).rejects.toThrow(/16/);
  });
});
