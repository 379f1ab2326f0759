import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { computeTar, foreignArchiveFiles, type TarEntry } from '../../src/archive/index.ts';
import { isOurTarStart } from '../../src/archive/tar-header.ts';
import { outputOf } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeEach(async () => {
  temp = await tempFolder('start');
});
afterEach(() => temp.close());

async function bytesOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of computeTar(entries).read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const file = (name: string, content: string): TarEntry => ({
  kind: 'bytes',
  path: name,
  bytes: new TextEncoder().encode(content),
});
const LAYOUT = '{"imageLayoutVersion":"1.0.0"}\n';

/** The same header with another time. */
function withTime(tar: Buffer, seconds: number): Buffer {
  const bytes = Buffer.from(tar);
  bytes.write(seconds.toString(8).padStart(11, '0'), 136, 'latin1');
  bytes.fill(' ', 148, 156);
  const sum = bytes.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

describe('the start of a tar', () => {
  it.each([
    ['of the views oci and zot, and of oci alone', [file('oci-layout', LAYOUT)]],
    ['of the view zot alone', [file('_restore_complete', '1')]],
    ['of a root for zot', [{ kind: 'folder', path: 'registry' }]],
  ] satisfies [string, TarEntry[]][])(
    'is known %s, whole or cut, with the time of 1970 or of 1980',
    async (_, entries) => {
      const tar = await bytesOf([...entries, file('index.json', '{}')]);
      for (const seconds of [0, Date.UTC(1980, 1, 1) / 1000]) {
        const timed = withTime(tar, seconds);
        for (const length of [512, 520, 1024, timed.length])
          expect(isOurTarStart(timed.subarray(0, length))).toBe(true);
      }
      expect(isOurTarStart(withTime(tar, 1))).toBe(false);
      expect(isOurTarStart(tar.subarray(0, 511))).toBe(false);
    },
  );

  it.each([
    ['with another first file', [file('thesis.txt', 'mine')]],
    ['with a layout of another tool', [file('oci-layout', '{"imageLayoutVersion": "1.0.0"}')]],
  ] satisfies [string, TarEntry[]][])('is somebody else’s %s', async (_, entries) => {
    expect(isOurTarStart(await bytesOf(entries))).toBe(false);
  });

  it('is not ours where tar itself packed the same files', async () => {
    await mkdir(path.join(temp.path, 'layout'));
    await writeFile(path.join(temp.path, 'layout/oci-layout'), LAYOUT);
    const tar = path.join(temp.path, 'site.tar');
    await outputOf('tar', ['-cf', tar, '-C', path.join(temp.path, 'layout'), 'oci-layout']);
    const foreign = await foreignArchiveFiles(temp.path, { base: 'site', suffix: 'tar' });
    expect(foreign).toEqual([{ place: tar, what: 'is not an archive of oci-save' }]);
  });
});
