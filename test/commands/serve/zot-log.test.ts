import { describe, expect, it } from 'vitest';
import { zotConfig } from '../../../src/commands/serve/zot-config.ts';
import { readZotLine } from '../../../src/commands/serve/zot-log.ts';

const REQUEST =
  '{"level":"info","component":"session","clientIP":"127.0.0.1:4","method":"GET","path":"/v2/a/manifests/1?ns=docker.io",' +
  '"statusCode":200,"latency":"0s","bodySize":587,"headers":{},"time":"2026-01-01T00:00:00Z","message":"HTTP API"}';

describe('a line of zot’s log', () => {
  it.each([
    [
      REQUEST,
      { kind: 'request', request: { method: 'GET', path: '/v2/a/manifests/1', status: 200, bytes: 587 } },
    ],
    ['{"level":"error","error":"EIO","message":"failed"}', { kind: 'error', message: 'failed: EIO' }],
    ['{"level":"fatal","message":"no root"}', { kind: 'error', message: 'no root' }],
    ['panic: runtime error', { kind: 'error', message: 'panic: runtime error' }],
    ['{"level":"warn","message":"skipping"}', { kind: 'other' }],
    ['', { kind: 'other' }],
  ])('is read: %s', (line, meaning) => {
    expect(readZotLine(line)).toEqual(meaning);
  });
});

it('a configuration has the address as zot joins it with the port, and the timeouts where they are known', () => {
  const http = (host: string, timeouts: boolean): unknown =>
    (JSON.parse(zotConfig({ root: '/r', host, port: 5000 }, timeouts)) as { http: unknown }).http;
  expect(http('::1', true)).toMatchObject({
    address: '[::1]',
    port: '5000',
    readTimeout: '0s',
    writeTimeout: '0s',
  });
  expect(http('0.0.0.0', false)).not.toHaveProperty('readTimeout');
});
