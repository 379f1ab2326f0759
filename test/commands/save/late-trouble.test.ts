import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { RemoteCache } from '../../../src/cache/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { startBadRegistry } from '../../support/bad-registry.ts';
import { one } from '../../support/fixtures/index.ts';
import { EMPTY_CACHE } from '../../support/remote-cache.ts';
import { tempFolder } from '../../support/temp.ts';

const failing = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });

it.each<[string, Partial<RemoteCache>, boolean, string]>([
  ['the cache meets a failing disk', { save: () => Promise.reject(failing) }, false, 'EIO: i/o error'],
  ['the folder of the report is gone by then', {}, true, 'ENOENT: no such file or directory'],
])('a result that stands is not failed by what comes after it: %s', async (_, cache, moves, why) => {
  await using registry = await startBadRegistry({ images: { 'app:1': one({ layerBytes: 200 }) } });
  await using temp = await tempFolder('late-trouble');
  const at = (name: string): string => path.join(temp.path, name);
  await mkdir(at('out'));
  const options = parseOptions({
    output: at('out/b'),
    images: `${registry.host}/app:1`,
    platforms: 'linux/amd64',
    cacheDir: at('store'),
    copier: 'direct',
    insecureRegistries: [registry.host],
  });
  const warnings: string[] = [];
  const { report } = await save(options, {
    env: {},
    remoteCache: {
      cache: { ...EMPTY_CACHE, ...cache },
      mode: 'read-write',
      withholdPrivate: false,
      repository: 'a/b',
      asked: true,
    },
    onResult: async () => {
      if (moves) await rename(at('out'), at('elsewhere'));
    },
    emit(event) {
      if (event.type === 'log' && event.level === 'warning') warnings.push(event.message);
    },
  });
  expect(report.outcome).toBe('done');
  expect(warnings.at(-1)).toContain(`the report does not say what was saved to the cache: ${why}`);
});
