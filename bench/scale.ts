import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { one } from '../test/support/fixtures/index.ts';
import { pushImage } from '../test/support/push.ts';
import { startDockerRegistry } from '../test/support/servers/index.ts';
import { measure } from './measure.ts';
import { markdown, megabytes, seconds } from './table.ts';

const CLI = path.resolve('dist/cli.js');
const SIZES = [100, 300, 1000];

/** Time and memory for lists of 100 to 1,000 synthetic images: they should grow as the list does. */
export async function scale(): Promise<string> {
  await using registry = await startDockerRegistry();
  const folder = await mkdtemp(path.join(tmpdir(), 'scale-'));
  const rows: string[][] = [];
  try {
    for (let at = 0; at < Math.max(...SIZES); at += 1) {
      await pushImage(
        registry.target,
        `scale/image-${at}`,
        one({ seed: `scale ${at}`, layerBytes: 1000 }),
        '1',
      );
    }
    for (const size of SIZES) {
      const place = path.join(folder, String(size));
      const lines = Array.from({ length: size }, (_, at) => `${registry.host}/scale/image-${at}:1\n`);
      await rm(place, { recursive: true, force: true });
      await import('node:fs/promises').then(({ mkdir }) => mkdir(place));
      await writeFile(path.join(place, 'images.txt'), lines.join(''));
      const command = `${process.execPath} ${CLI} save -f images.txt -p all -o bundle --cache-dir store --insecure-registries ${registry.host} --quiet`;
      const cold = await measure(command, place, {});
      const warm = await measure(command, place, {});
      rows.push([
        String(size),
        seconds(cold.seconds),
        ((cold.seconds * 1000) / size).toFixed(1),
        seconds(warm.seconds),
        ((warm.seconds * 1000) / size).toFixed(1),
        megabytes(cold.largest),
      ]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return markdown(['images', 'cold s', 'ms an image', 'warm s', 'ms an image', 'resident MB'], rows);
}
