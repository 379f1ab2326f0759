import { describe, expect, it } from 'vitest';
import { parseList } from '../../../src/list/index.ts';
import { refOf } from '../../../src/resolve/index.ts';

const parse = (text: string, format = 'auto') =>
  parseList(new TextEncoder().encode(text), 'images.yaml', { format, defaultRegistry: 'docker.io' });
const faults = (text: string, format?: string): string[] =>
  parse(text, format).rejects.map(({ origin, reason, hint }) => `${origin.line}: ${reason}. ${hint ?? ''}`);

describe('found A2: an unknown key', () => {
  it('is an error at its line with the nearest key, and all of them are reported at once', () => {
    const yaml = [
      'images:',
      '  - image: quay.io/a/b:1',
      '    platfroms: [linux/arm64]',
      '  - quay.io/a/c:1',
      '  - image: quay.io/a/d:1',
      '    rename: x.example/d:1',
      '    tagz: ["1"]',
      'platforms: [linux/amd64]',
      'x-anchors: {any: thing}',
    ].join('\n');
    expect(faults(yaml).toSorted()).toEqual([
      "3: the key 'platfroms' is unknown. Did you mean 'platforms'?",
      "6: the key 'rename' is unknown. The key is 'as' here.",
      "7: the key 'tagz' is unknown. Did you mean 'tags'?",
      "8: the key 'platforms' is unknown. Write it in an entry, next to its image.",
    ]);
  });

  it.each([
    ['a sequence', '- image: quay.io/a/b:1\n  digset: x\n', /^2: the key 'digset' .*'digest'/],
    ['a document of its own', 'image: quay.io/a/b:1\nplatfrom: x\n', /^2: the key 'platfrom' .*'platform'/],
    ['JSON', '{"images": [\n{"ref": "quay.io/a/b:1",\n"targt": "x:1"}]}', /^3: the key 'targt' .*'target'/],
    ['JSON at its top', '{"images": ["quay.io/a/b:1"],\n"image-list": []}', /^2: the key 'image-list'/],
    ['an option of a line', 'quay.io/a/c:1\n--platfrom=linux/arm64 quay.io/a/b:1', /^2: .*'--platform'/],
    ['a login', '- image: quay.io/a/b:1\n  password: hunter2\n', /^2: .*'password'.*log in/],
    ['another letter case', '- Image: quay.io/a/b:1\n- quay.io/a/c:1\n', /^1: the key 'Image' .*'image'/],
  ])('is reported in %s', (_, text, words) => {
    expect(faults(text)).toEqual([expect.stringMatching(words)]);
  });

  it.each([
    ['imges:\n  - quay.io/a/b:1\n', "1: the key 'imges' is unknown. Did you mean 'images'?"],
    ['iamges:\n  - image: quay.io/a/b:1\n', "1: the key 'iamges' is unknown. Did you mean 'images'?"],
    ['imge: quay.io/a/b:1\n', "1: the key 'imge' is unknown. Did you mean 'image'?"],
    ['- imgae: quay.io/a/b:1\n', "1: the key 'imgae' is unknown. Did you mean 'image'?"],
  ])('does not change the format of the list: %j', (text, fault) => {
    expect(parse(text).format).toBe('list');
    expect(faults(text)).toEqual([fault]);
  });

  it('is reported where the user names the format', () => {
    expect(faults('imags: []\nplatform: x\n', 'list')).toEqual([
      expect.stringMatching(/^1: the key 'imags'/),
    ]);
  });

  it('is reported once where a merge key copies it into many entries', () => {
    const yaml = [
      'x-base: &base',
      '  platfroms: [linux/amd64]',
      'images:',
      '  - {<<: *base, image: "quay.io/a/b:1"}',
      '  - {<<: *base, image: "quay.io/a/c:1"}',
    ].join('\n');
    expect(faults(yaml)).toEqual(["2: the key 'platfroms' is unknown. Did you mean 'platforms'?"]);
  });
});

describe('a known key', () => {
  it('may come from an anchor or a merge key below an x- key', () => {
    const yaml = [
      'x-base: &base',
      '  platforms: [linux/arm64]',
      'images:',
      '  - {<<: *base, image: "quay.io/a/b:1"}',
    ].join('\n');
    const { requests, rejects } = parse(yaml);
    expect(rejects).toEqual([]);
    expect(requests[0]?.platforms).toEqual([{ os: 'linux', architecture: 'arm64' }]);
  });

  it('may be any key that oci-save list --as json writes', () => {
    const json = JSON.stringify([
      { ref: 'quay.io/a/b:1', names: ['x.example/b:2'], platforms: ['linux/arm64'], origin: 'images.txt:1' },
    ]);
    const { requests, rejects } = parse(json);
    expect(rejects).toEqual([]);
    expect(requests.map(({ source }) => refOf(source))).toEqual(['quay.io/a/b:1']);
    expect(requests[0]?.storedAs).toEqual([{ domain: 'x.example', path: 'b', tag: '2' }]);
  });

  it('may be a name beside the image, as in charts', () => {
    expect(parse('- name: web\n  image: quay.io/a/b:1\n')).toMatchObject({ rejects: [] });
  });
});
