import { startProxy } from '../test/support/servers/proxy.ts';
import type { Order, Traffic } from './line.ts';

const proxy = await startProxy(process.argv[2] ?? '');
let before = 0;

function traffic(): Traffic {
  const requests = proxy.requests();
  return {
    requests: requests.length,
    heads: requests.filter(({ method }) => method === 'HEAD').length,
    bytes: requests.reduce((sum, { bytes }) => sum + bytes, 0),
    connections: proxy.connections() - before,
  };
}

process.on('message', ({ set }: { set?: Order }) => {
  if (set === undefined) return void process.send?.(traffic());
  Object.assign(proxy.line, set);
  proxy.clear();
  before = proxy.connections();
  process.send?.('set');
});
process.on('disconnect', () => process.exit());
process.send?.(proxy.host);
