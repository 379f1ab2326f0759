import { describe, expect, it } from 'vitest';
import { type Candidate, type ListInputs, parseList, readLists } from '../../../src/list/index.ts';
import { refOf } from '../../../src/resolve/index.ts';

const parse = (text: string) =>
  parseList(new TextEncoder().encode(text), 'images.yaml', { format: 'auto', defaultRegistry: 'docker.io' });
const refs = (text: string): string[] => parse(text).requests.map(({ source }) => refOf(source));

describe('found L1: a YAML list', () => {
  it.each([
    ['of plain strings', 'images:\n  - quay.io/a/b:1\n  - quay.io/a/c:2\n'],
    ['of plain strings as JSON', '["quay.io/a/b:1", "quay.io/a/c:2"]'],
    ['of strings in a flow', 'images: [quay.io/a/b:1, quay.io/a/c:2]\n'],
    ['with a block of lines', 'images: |\n  quay.io/a/b:1\n  # why\n  quay.io/a/c:2\n'],
  ])('%s is read', (_, text) => {
    const { format, rejects } = parse(text);
    expect(refs(text)).toEqual(['quay.io/a/b:1', 'quay.io/a/c:2']);
    expect([format, rejects]).toEqual(['list', []]);
  });
});

describe('found L1: candidates', () => {
  const candidates: Candidate[] = [
    { text: 'quay.io/a/maybe:1', origin: { file: 'values.yaml', line: 7 }, why: 'a key ends in image' },
    { text: 'No/Reference', origin: { file: 'values.yaml', line: 9 }, why: 'a key ends in image' },
  ];
  const read = (onCandidate: ListInputs['onCandidate'], offered = candidates) =>
    readLists({
      images: ['quay.io/a/b:1'],
      files: [],
      format: 'auto',
      defaultRegistry: 'docker.io',
      strictTags: false,
      onCandidate,
      lists: [
        {
          file: 'values.yaml',
          format: 'helm-values',
          requests: [],
          tagRequests: [],
          logins: [],
          ignoreRules: [],
          usedVariables: [],
          candidates: offered,
          rejects: [],
          ignored: [],
          warnings: [],
        },
      ],
    });

  it('are taken by accept, and those that are no references are errors', async () => {
    const [good] = candidates;
    const { requests } = await read('accept', good === undefined ? [] : [good]);
    expect(requests.map(({ source }) => refOf(source))).toEqual(['quay.io/a/b:1', 'quay.io/a/maybe:1']);
    await expect(read('accept')).rejects.toThrow(/values\.yaml:9: 'No\/Reference' is not an image reference/);
  });

  it('are errors under error, with their lines and the way out', async () => {
    const failed = read('error');
    await expect(failed).rejects.toMatchObject({ code: 'list' });
    await expect(failed).rejects.toThrow(/values\.yaml:7: 'quay\.io\/a\/maybe:1' is probably an image/);
    await expect(failed).rejects.toMatchObject({
      hint: 'Save it with --on-candidate accept, or have it listed with --on-candidate report.',
    });
  });
});

describe('found L5: an entry', () => {
  const reasonOf = (text: string): string | undefined => parse(text).rejects[0]?.reason;
  it.each([
    ['- {image: "x:1", ref: "y:1"}', /both 'image' and 'ref'/],
    ['- {ref: "x:1", source: "y:1"}', /both 'ref' and 'source'/],
    ['- {image: "x:1", platform: linux/amd64, arch: arm64}', /platform and its architecture disagree/],
    ['- {image: "x:1", platform: all, arch: arm64}', /platform and its architecture disagree/],
  ])('%s contradicts itself', (text, words) => {
    expect(reasonOf(text)).toMatch(words);
  });

  it.each([
    ['- {image: "x:1", platform: linux/arm64, arch: arm64}', [{ os: 'linux', architecture: 'arm64' }]],
    ['- {image: "x:1", platform: linux/arm64, arch: aarch64}', [{ os: 'linux', architecture: 'arm64' }]],
    ['- {image: "x:1", platform: windows, architecture: amd64}', [{ os: 'windows', architecture: 'amd64' }]],
    ['- {image: "x:1", arch: [amd64, arm64]}', [{ architecture: 'amd64' }, { architecture: 'arm64' }]],
  ])('%s has its platform', (text, platforms) => {
    expect(parse(text).requests[0]?.platforms).toMatchObject(platforms);
  });
});
