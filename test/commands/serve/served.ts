import path from 'node:path';
import {
  serveBundle,
  type ServeBundleOptions,
  type ServeIo,
  type ServeReport,
} from '../../../src/commands/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import type { SaveEvent } from '../../../src/events.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { startBadRegistry } from '../../support/bad-registry.ts';
import { closable, type Closable } from '../../support/closable.ts';
import { att, d2, idx, one } from '../../support/fixtures/index.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { hasZot } from '../../support/servers/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { toolPath } from '../../support/tools.ts';

export interface Saved extends Closable {
  /** A path below the folder in which the bundles are: `app`, `app.tar`, `parts.tar.001`. */
  at(...names: readonly string[]): string;
}

/** Bundles of four images, with their archives: `app` of both views, `parts` in parts, `oci` and `zot` of one view. */
export async function saveBundles(names: readonly string[]): Promise<Saved> {
  const temp = await tempFolder('served');
  const layer = { layerBytes: 600_000 };
  await using source = await startBadRegistry({
    images: { 'one:1': one(layer), 'idx:1': idx(layer), 'att:1': att(layer), 'd2:1': d2() },
  });
  const settings: Readonly<Record<string, object>> = {
    app: {},
    parts: { splitSize: '300KiB' },
    oci: { layout: 'oci' },
    zot: { layout: 'zot' },
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

export interface Serving extends Closable {
  readonly report: ServeReport;
  readonly events: readonly SaveEvent[];
  readonly requests: readonly Parameters<ServeIo['onRequest']>[0][];
}

type Options = Partial<ServeBundleOptions> & { readonly env?: ServeIo['env'] };

/** Serves a bundle until it is closed. By default with the zot of the tests, or where there is none with our own, counted. */
export async function serving(bundle: string, { env = {}, ...options }: Options = {}): Promise<Serving> {
  const onZot = options.builtIn !== true && options.zot === undefined && env['ZOT_BIN'] === undefined;
  if (onZot && !hasZot()) noteNotOnZot();
  const zot = onZot && hasZot() && !/\.tar(\.\d+)?$/.test(bundle) ? toolPath('zot') : '';
  const controller = new AbortController();
  const events: SaveEvent[] = [];
  const requests: Parameters<ServeIo['onRequest']>[0][] = [];
  const { promise, resolve } = Promise.withResolvers<ServeReport>();
  const ended = serveBundle(
    { bundle, host: '127.0.0.1', port: 0, zot, builtIn: false, check: true, ...options },
    {
      env,
      emit: (event) => void events.push(event),
      signal: controller.signal,
      onServing: resolve,
      onRequest: (request) => void requests.push(request),
    },
  );
  const report = await Promise.race([
    promise,
    ended.then((damage) => {
      throw new Error(`it ended: ${JSON.stringify(damage?.damaged)}`);
    }),
  ]);
  return closable({ report, events, requests }, async () => {
    controller.abort(new OciSaveError({ code: 'interrupted', message: 'stopped' }));
    await ended;
  });
}
