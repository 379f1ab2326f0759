import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { exchange, type RequestEntry } from '../../src/serve/exchange.ts';
import type { RegistryTree } from '../../src/serve/tree/manifest.ts';
import { folderFiles } from '../../src/serve/tree/folder-files.ts';
import { call } from '../support/http.ts';
import { listen } from '../support/listen.ts';
import { errorCode } from './serving.ts';

it('a disk failure becomes a response without a path, and a log entry with it', async () => {
  const failure = Object.assign(new Error("EIO: i/o error, read '/srv/bundle'"), { code: 'EIO' });
  const tree: RegistryTree = {
    files: folderFiles('/srv/bundle'),
    readIndex: () => Promise.reject(failure),
    isSound: () => Promise.reject(failure),
  };
  const entries: RequestEntry[] = [];
  const server = createServer((request, response) => {
    void exchange(tree, request, response).then((entry) => entries.push(entry));
  });
  const { host, end } = await listen(server);
  const answer = await call(`http://${host}/v2/a/tags/list`);
  expect([answer.status, errorCode(answer)]).toEqual([500, 'UNKNOWN']);
  expect(answer.body.toString()).toContain('EIO');
  expect(answer.body.toString()).not.toContain('/srv');
  await end();
  expect(entries).toMatchObject([{ status: 500, problem: failure.message }]);
});
