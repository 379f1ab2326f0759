import {
  serveBundle,
  type ServeBundleOptions,
  type ServeIo,
  type ServeReport,
} from '../../../src/commands/index.ts';
import type { SaveEvent } from '../../../src/events.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { closable, type Closable } from '../../support/closable.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { hasZot } from '../../support/servers/index.ts';
import { toolPath } from '../../support/tools.ts';

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
