import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { unpackBundle } from '../../../src/commands/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { idx, one } from '../../support/fixtures/index.ts';
import { pushImage } from '../../support/push.ts';
import { startDockerRegistry } from '../../support/servers/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { pushBundleTo } from '../../commands/push-to.ts';
import { lockIn } from './updating.ts';

const small = { layerBytes: 3000 };

it('V17: a joined bundle is saved again from its registry as the same lock, and can be pushed', async () => {
  await using registry = await startDockerRegistry();
  await using temp = await tempFolder('joined');
  const at = (name: string): string => path.join(temp.path, name);
  const saved = async (settings: Parameters<typeof parseOptions>[0]): Promise<void> => {
    const options = parseOptions({
      cacheDir: at('store'),
      copier: 'direct',
      insecureRegistries: [registry.host],
      ...settings,
    });
    expect((await save(options, { env: {}, emit: () => {} })).report.failed).toEqual([]);
  };
  const images = ['team/app:1', 'team/list:1'].map((name) => `${registry.host}/${name}`);
  await pushImage(registry.target, 'team/list', idx(small), '1');
  await pushImage(registry.target, 'team/app', one(small), '1');
  await saved({ images, platforms: 'linux/amd64', output: at('site') });
  await pushImage(registry.target, 'team/app', one({ seed: 'later', ...small }), '1');
  await saved({ images: images.slice(0, 1), platforms: 'linux/amd64', output: at('new'), archive: 'tar' });
  const joined = await unpackBundle(
    { archive: [at('new.tar')], output: '', site: { how: 'join', folder: at('site') } },
    { emit: () => {}, signal: undefined, stdin: (async function* () {})() },
  );
  expect(joined).toMatchObject({ outcome: 'done', images: 3, joined: { added: [], moved: [images[0]] } });
  await saved({ imageList: [at('site')], output: at('again'), cacheDir: at('other-store') });
  const lock = 'oci-save.lock.json';
  expect(await readFile(path.join(at('again'), lock), 'utf8')).toBe(
    await readFile(path.join(at('site'), lock), 'utf8'),
  );
  await using target = await startDockerRegistry();
  expect(await pushBundleTo(at('site'), target.host)).toMatchObject({ outcome: 'done' });
  const names = (await lockIn(at('site'))).images.flatMap((image) => image.names);
  expect(names.some((name) => name.includes(':digest-'))).toBe(true);
});
