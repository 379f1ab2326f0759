import { describe, expect, it } from 'vitest';
import { describeOptions, parseOptions } from '../../../src/options/index.ts';
import { kebab } from '../../../src/text/hint.ts';

describe('options', () => {
  it('have defaults, so that a list alone is enough', () => {
    expect(parseOptions({ imageList: 'images.txt' })).toMatchObject({
      imageList: ['images.txt'],
      platforms: undefined,
      naming: [],
      layout: ['oci', 'zot'],
      copier: 'skopeo',
      archive: 'none',
      retries: 5,
    });
  });

  it('come as text from a command line or a workflow, or typed', () => {
    const typed = { imageList: ['a', 'b'], strictTags: true, retries: 3, layout: ['zot'] };
    const text = {
      imageList: 'a\n# a comment\nb # another',
      strictTags: 'true',
      retries: '3',
      layout: 'zot',
    };
    expect(parseOptions(text)).toEqual(parseOptions(typed));
  });

  it('take lists by line and by comma, from repeated flags too, and empty values as absent', () => {
    expect(parseOptions({ images: ['a,b', ' c \n\n'] }).images).toEqual(['a', 'b', 'c']);
    expect(parseOptions({ archive: '', retries: '', strictTags: '', platforms: '' })).toEqual(
      parseOptions({}),
    );
  });

  it('keep the commas of an entry that begins with an option', () => {
    expect(parseOptions({ images: '--platform=linux/amd64,linux/arm64 x' }).images).toHaveLength(1);
  });

  it('L4: refuse a comma behind an arrow, where it may begin a further name or another image', () => {
    for (const images of ['a:1 => b:1, c:1', 'x\na:1 -> b:1,c:1', ['x', 'a:1 => b:1, c:1, d:1 => e:1']]) {
      expect(() => parseOptions({ images })).toThrow(
        /^images: 'c:1': behind an arrow a comma may begin a further name or another image: write one image a line/,
      );
    }
    const clear = ['x, a:1 => b:1', 'a:1 => b:1, c:1 => d:1', '--platform=linux/amd64 a:1 => b:1, c:1'];
    expect(clear.flatMap((images) => parseOptions({ images }).images)).toEqual([
      'x',
      'a:1 => b:1',
      'a:1 => b:1',
      'c:1 => d:1',
      '--platform=linux/amd64 a:1 => b:1, c:1',
    ]);
  });

  it.each([
    [{ imageLists: 'x' }, /there is no option 'image-lists'; did you mean 'image-list'\?/],
    [{ zzz: 'x' }, /there is no option 'zzz'$/],
    [{ archive: 'zip' }, /archive: 'zip' is not one of none, tar/],
    [{ strictTags: 'yes' }, /strict-tags: must be true or false/],
    [{ retries: '-1' }, /retries: must be a whole number from 0 to 50/],
    [{ retries: '1e9' }, /retries: must be a whole number/],
    [{ layout: 'oci,docker' }, /layout: 'docker' is not a view/],
    [{ naming: 'keep' }, /naming: 'keep' is not a rule/],
    [{ platforms: 'linux/amd64/v8/x' }, /is not a valid platform/],
    [{ platforms: 'all,linux/amd64' }, /'all' cannot be combined/],
    [{ output: 'none' }, /nothing would be written/],
  ])('refuse %j, naming the option', (given, message) => {
    expect(() => parseOptions(given)).toThrow(message);
  });

  it('report every fault at once', () => {
    expect(() => parseOptions({ archive: 'zip', retries: 'x', foo: 1 })).toThrow(/archive[^]*retries[^]*foo/);
  });

  it('are described, each of them, for help and documents', () => {
    const described = describeOptions();
    expect([...described.keys()].map(kebab)).toContain('insecure-registries');
    for (const { description } of described.values()) expect(description).not.toBe('');
  });
});
