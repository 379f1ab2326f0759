import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPlaces } from '../../../src/commands/save/check-places.ts';
import { placesOf } from '../../../src/commands/save/places.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { tempFolder } from '../../support/temp.ts';

/** Why places are refused; undefined where they are not. `AT` in a path is a folder of the test's own. */
async function refusal(
  given: Readonly<Record<string, string>>,
  store = 'AT/store',
): Promise<string | undefined> {
  await using temp = await tempFolder('places');
  const at = (text: string): string => text.replace('AT', temp.path);
  await mkdir(at('AT/real'));
  await symlink('real', at('AT/link'));
  const options = parseOptions({
    images: 'x:1',
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, at(value)])),
  });
  try {
    await checkPlaces(placesOf(options, {}), at(store));
    return undefined;
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    expect(error.hint).toBeDefined();
    return `${error.code}: ${error.message.replaceAll(temp.path, 'AT').replaceAll(process.cwd(), 'CWD')}`;
  }
}

describe('found H2: a run is refused', () => {
  it.each([
    ['.', 'CWD'],
    ['', undefined],
    ['..', path.dirname(process.cwd())],
    ['/', '/'],
    [path.join('..', path.basename(process.cwd())), 'CWD'],
  ])('whose output %j would replace the folder in which it runs', async (output, named) => {
    expect(await refusal({ output })).toBe(
      named && `usage: the output ${named} has in it the folder in which this command runs`,
    );
  });

  it.each([
    ['AT/bundle', 'AT/bundle/store'],
    ['AT/store', 'AT/store'],
    ['AT/real', 'AT/link/cache/store'],
  ])('whose output %s has its store %s in it', async (output, store) => {
    expect(await refusal({ output }, store)).toBe(`usage: the store ${store} lies in the output ${output}`);
  });

  it.each<[Record<string, string>, string | undefined]>([
    [{ output: 'AT/store/blobs' }, 'AT/store/blobs'],
    [{ output: 'AT/store/blobs/sha256/x' }, 'AT/store/blobs/sha256/x'],
    [{ output: 'AT/store/runs/x' }, 'AT/store/runs/x'],
    [
      { output: 'none', archive: 'tar', archiveName: 'AT/store/blobs/sha256/x' },
      'AT/store/blobs/sha256/x.tar',
    ],
    [{ output: 'AT/store/bundle' }, undefined],
    [{ output: 'AT/store/blobs-of-mine' }, undefined],
  ])('whose results would lie among the files of its store: %j', async (given, named) => {
    expect(await refusal(given)).toBe(
      named && `usage: ${named} lies among the store's own files in AT/store`,
    );
  });

  it.each([
    ['AT/bundle/x', 'AT/bundle/x.tar'],
    ['AT/bundle/a/../x', 'AT/bundle/x.tar'],
    ['AT/bundle', undefined],
    ['AT/bundle-2', undefined],
  ])('whose archive %s lies in its output', async (archiveName, named) => {
    const given = { output: 'AT/bundle', archive: 'tar', archiveName };
    expect(await refusal(given)).toBe(named && `usage: the archive ${named} lies in the output AT/bundle`);
  });
});
