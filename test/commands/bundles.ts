import path from 'node:path';
import { save } from '../../src/commands/save/save.ts';
import { parseOptions } from '../../src/options/index.ts';
import { startBadRegistry } from '../support/bad-registry.ts';
import { closable, type Closable } from '../support/closable.ts';
import { att, d2, idx, one } from '../support/fixtures/index.ts';
import { tempFolder } from '../support/temp.ts';

export interface Saved extends Closable {
  /** A path below the folder in which the bundles are: `app`, `app.tar`, `parts.tar.001`. */
  at(...names: readonly string[]): string;
}

/**
 * Bundles of four images, with their archives: `app` of both views, `parts` in parts, `oci` and `zot` of one view, `devices`
 * with a repository that Windows takes for a device.
 */
export async function saveBundles(names: readonly string[]): Promise<Saved> {
  const temp = await tempFolder('made');
  const layer = { layerBytes: 600_000 };
  await using source = await startBadRegistry({
    images: { 'one:1': one(layer), 'idx:1': idx(layer), 'att:1': att(layer), 'd2:1': d2() },
  });
  const settings: Readonly<Record<string, object>> = {
    app: {},
    parts: { splitSize: '300KiB' },
    oci: { layout: 'oci' },
    zot: { layout: 'zot' },
    devices: { naming: ['docker.io/acme/=con.example/'] },
  };
  for (const name of names) {
    const options = parseOptions({
      images: [
        `${source.host}/one:1 => docker.io/library/one:1.0`,
        `${source.host}/idx:1 => quay.io/acme/idx:3`,
        `${source.host}/att:1 => registry.example:5000/team/att:2`,
        `${source.host}/d2:1 => docker.io/acme/d2:2`,
      ],
      platforms: 'all',
      output: path.join(temp.path, name),
      archive: 'tar',
      cacheDir: path.join(temp.path, 'store'),
      copier: 'direct',
      insecureRegistries: [source.host],
      ...settings[name],
    });
    const { report } = await save(options, { env: {}, emit: () => {} });
    if (report.outcome !== 'done') throw new Error(JSON.stringify(report.failed));
  }
  return closable({ at: (...below: readonly string[]) => path.join(temp.path, ...below) }, temp.close);
}
