import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serveRegistry } from '../../src/serve/index.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { hasZot, startZot } from '../support/servers/index.ts';
import { tempFolder } from '../support/temp.ts';
import { observe, observeAll, observeListing } from './observe.ts';
import { listingsOf, rulesOf } from './rules.ts';
import { writeSample } from './sample.ts';

/** zot is in no package registry: without one the table is put to our own server, and that is counted. */
function startServer(root: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  if (hasZot()) return startZot({ root });
  noteNotOnZot();
  return serveRegistry({ root, host: '127.0.0.1', port: 0 });
}

it('the rules that the built-in registry follows are those of zot', async () => {
  await using folder = await tempFolder('rules');
  const root = join(folder.path, 'registry');
  const sample = await writeSample(root);
  const server = await startServer(root);
  try {
    const rules = rulesOf(sample);
    expect(await observeAll(rules, (rule) => observe(server.url, rule))).toEqual(rules);
    const listings = listingsOf(sample);
    expect(await observeAll(listings, (listing) => observeListing(server.url, listing))).toEqual(listings);
  } finally {
    await server.close();
  }
});
