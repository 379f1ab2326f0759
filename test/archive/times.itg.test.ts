import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { computeTar } from '../../src/archive/index.ts';
import { outputOf } from '../support/program.ts';
import { tempFolder } from '../support/temp.ts';

it('found G4: unpacked files have a time that FAT and zip can hold, in every time zone', async () => {
  await using temp = await tempFolder('times');
  const archive = path.join(temp.path, 'a.tar');
  const bytes = new TextEncoder().encode('{}');
  await writeFile(archive, computeTar([{ kind: 'bytes', path: 'index.json', bytes }]).read());
  await outputOf('tar', ['-xf', archive, '-C', temp.path]);
  const file = path.join(temp.path, 'index.json');
  expect(await outputOf('date', ['-u', '-r', file, '+%FT%TZ'])).toBe('1980-02-01T00:00:00Z\n');
  // The zone that is the farthest to the west: there it is a day earlier.
  const local = await outputOf('date', ['-r', file, '+%F'], { env: { TZ: 'Etc/GMT+12' } });
  expect(local).toBe('1980-01-31\n');
});
