import { describe, expect, it } from 'vitest';
import { splitOptions } from '../../src/api/options.ts';
import { saveImages, type SaveImagesOptions } from '../../src/api.ts';
import { failureOf } from '../support/failure.ts';

/** What a caller without types may pass. */
const untyped = (value: unknown): SaveImagesOptions => value as SaveImagesOptions;

describe('options of the API', () => {
  it('have the proposal’s tree as their mode, unless layout and naming say otherwise', () => {
    const expected = { layout: 'zot', naming: 'strip-library' };
    expect(splitOptions({}).engine).toEqual(expected);
    expect(splitOptions({ mode: 'oci', layout: undefined }).engine).toEqual(expected);
    expect(splitOptions({ layout: ['oci', 'zot'], retries: 1 }).engine).toEqual({
      layout: ['oci', 'zot'],
      naming: 'strip-library',
      retries: 1,
    });
  });

  it.each([
    [{ mode: 'registry' }, 'unsupported', /mode 'registry'/],
    [{ mode: 'zot' }, 'usage', /mode: 'zot'/],
    [{ output: 'elsewhere' }, 'usage', /'output' is an argument/],
    [{ images: ['x'] }, 'usage', /'images' is an argument/],
    [{ platforms: 'all' }, 'usage', /'platforms' is an argument/],
    [{ copyer: 'direct' }, 'usage', /no option 'copyer'; did you mean 'copier'/],
    [{ retries: 'many' }, 'usage', /retries: must be a whole number/],
  ])('refuse %j', async (given, code, message) => {
    const error = await failureOf(saveImages(['busybox:1'], 'out', '', untyped(given)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('want a folder, at least one image and a platform that is one', async () => {
    expect(await failureOf(saveImages(['busybox:1'], '', ''))).toMatchObject({ code: 'usage' });
    expect(await failureOf(saveImages([], 'out', ''))).toMatchObject({ code: 'list' });
    expect(await failureOf(saveImages(['busybox:1'], 'out', 'linux/'))).toMatchObject({ code: 'usage' });
  });
});
