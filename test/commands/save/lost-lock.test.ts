import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { holderFile } from '../../../src/bundle/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { startBadRegistry } from '../../support/bad-registry.ts';
import { one } from '../../support/fixtures/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { namesIn } from '../../support/whole-bundle.ts';

it.each([
  ['bundle', { output: 'out/b' }, 'out/b'],
  ['archive', { output: 'none', archive: 'tar', archiveName: 'out/b' }, 'out/b'],
  ['archive', { output: 'out/b', archive: 'tar', archiveName: 'a' }, 'out/a'],
] as const)(
  'found B9: a run whose lock another one takes over publishes nothing: at stage %s, with %o',
  async (stage, given, locked) => {
    await using registry = await startBadRegistry({ images: { 'app:1': one({ layerBytes: 200 }) } });
    await using temp = await tempFolder('lost-lock');
    const at = (name: string): string => path.join(temp.path, name);
    await mkdir(at('out'));
    const { output } = given;
    const options = parseOptions({
      ...given,
      output: output === 'none' ? output : at(output),
      ...('archiveName' in given && output === 'none' ? { archiveName: at(given.archiveName) } : {}),
      images: `${registry.host}/app:1`,
      platforms: 'linux/amd64',
      cacheDir: at('store'),
      copier: 'direct',
      insecureRegistries: [registry.host],
    });
    const other = JSON.stringify({ host: 'another', pid: 1 });
    const { report } = await save(options, {
      env: {},
      emit(event) {
        if (event.type === 'stage' && event.stage === stage) writeFileSync(holderFile(at(locked)), other);
      },
    });
    expect(report.error?.message).toContain(`another run has taken over the lock of ${at(locked)}`);
    // It says itself that it failed.
    const names = await namesIn(at('out'));
    expect(names.filter((name) => !name.startsWith('.'))).toEqual(['b.report.json']);
  },
);
