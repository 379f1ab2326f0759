import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { serveRegistry, type RequestEntry } from '../../src/serve/index.ts';
import { closable, type Closable } from '../support/closable.ts';
import { until } from '../support/deadline.ts';
import { call, type HttpAnswer, type HttpCall } from '../support/http.ts';
import { tempFolder } from '../support/temp.ts';
import { writeSample, type Sample } from './sample.ts';
import { Repository } from './tree.ts';

export interface Serving extends Closable {
  /** The folder above the root: what is in it, beside the root, may never be served. */
  readonly folder: string;
  readonly root: string;
  readonly address: string;
  readonly url: string;
  /** Every request that has ended. */
  readonly entries: readonly RequestEntry[];
  repository(name: string): Repository;
  ask(path: string, options?: HttpCall): Promise<HttpAnswer>;
  /** The first or a later request of a path, once it has ended. */
  ended(path: string, nth?: number): Promise<RequestEntry>;
}

/** Serves a tree in a folder of its own, empty at first. */
export async function serveTree(): Promise<Serving> {
  const temporary = await tempFolder('serve');
  const root = join(temporary.path, 'registry');
  await mkdir(root);
  const entries: RequestEntry[] = [];
  const registry = await serveRegistry({
    root,
    host: '127.0.0.1',
    port: 0,
    onRequest: (entry) => entries.push(entry),
  });
  const end = async (): Promise<void> => {
    await registry.close();
    await temporary.close();
  };
  const serving = closable(
    {
      folder: temporary.path,
      root,
      address: registry.address,
      url: registry.url,
      entries,
      repository: (name: string) => new Repository(root, name),
      ask: (path: string, options?: HttpCall) => call(registry.url + path, options),
      ended: (path: string, nth = 1) =>
        until(`request ${nth} of ${path}`, () => entries.filter((entry) => entry.path === path)[nth - 1]),
    },
    end,
  );
  return serving;
}

/** Serves the sample tree. */
export async function serveSample(): Promise<Serving & { readonly sample: Sample }> {
  const serving = await serveTree();
  return { ...serving, sample: await writeSample(serving.root) };
}

/** Sends bytes as they are, for paths that no client would send, and returns all that comes back. */
export async function sendRaw(address: string, bytes: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Not ended: Node's server gives up on a client that half-closes.
  socket.write(Buffer.from(bytes, 'latin1'));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
  return Buffer.concat(chunks).toString('latin1');
}

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string() })).min(1),
});

/** The first error's code in a registry's JSON error. */
export function errorCode(answer: HttpAnswer): string {
  return errorsSchema.parse(JSON.parse(answer.body.toString())).errors[0]?.code ?? '';
}
