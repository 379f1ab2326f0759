import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { busybox, dockerArchive } from '../fixtures/index.ts';
import { tempFolder } from '../temp.ts';
import { startDockerd } from './dockerd.ts';

it('a private Docker daemon loads an image, and lists it by its name and ID', async () => {
  await using dockerd = await startDockerd();
  await using temp = await tempFolder('load');
  const archive = `${temp.path}/busybox.tar`;
  await writeFile(archive, dockerArchive([busybox()]));
  expect(await dockerd.docker('load', '-i', archive)).toContain('busybox');
  expect(await dockerd.images()).toEqual([
    { name: expect.stringContaining('busybox'), id: expect.stringMatching(/^sha256:/) },
  ]);
});
