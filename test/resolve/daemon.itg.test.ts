import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createManifestReader } from '../../src/image/index.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { resolveConverted } from '../../src/resolve/local/convert.ts';
import { storedImage } from '../../src/resolve/local/storage.ts';
import { openStore } from '../../src/store/index.ts';
import { save } from '../../src/commands/save/save.ts';
import { parseOptions } from '../../src/options/index.ts';
import {
  createSkopeoEnvironment,
  findSkopeo,
  inspectRaw,
  isDaemonElsewhere,
} from '../../src/skopeo/index.ts';
import { tempFolder } from '../support/temp.ts';
import { systemTrust } from '../support/trust.ts';

describe('what Docker’s daemon sends', () => {
  it('S3: stands in the folder of the run while it comes, where a run that is killed is cleaned up', async () => {
    await using temp = await tempFolder('daemon');
    const folder = path.join(temp.path, 'run');
    await mkdir(folder);
    const socket = path.join(temp.path, 'docker.sock');
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-tar' });
      response.write('the beginning of an image');
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const ended = new AbortController();
    try {
      const env = { PATH: process.env['PATH'], DOCKER_HOST: `unix://${socket}` };
      const environment = await createSkopeoEnvironment(folder, env, await systemTrust());
      const skopeo = await findSkopeo({ kind: 'auto' }, process.env);
      const local = { source: 'docker-daemon:app:1', storage: 'docker-daemon' } as const;
      const inspected = inspectRaw({ skopeo, environment, folder, local, signal: ended.signal });
      const files = async (): Promise<string[]> => readdir(folder, { recursive: true });
      await expect
        .poll(files, { timeout: 20_000 })
        .toContainEqual(expect.stringMatching(/^skopeo\/tmp\/docker-tar/));
      ended.abort(new Error('it is enough'));
      await expect(inspected).rejects.toThrow('it is enough');
    } finally {
      ended.abort();
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('S3: a Docker daemon that takes the connection', () => {
  it.each([
    ['and never answers', false],
    ['and sends a byte now and then', true],
  ])('%s is given up, and skopeo with it', async (_, drips) => {
    await using temp = await tempFolder('silent');
    const socket = path.join(temp.path, 'docker.sock');
    const closed = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      request.on('close', closed.resolve);
      if (!drips) return;
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      const store = await openStore(path.join(temp.path, 'store'));
      const env = { PATH: process.env['PATH'], DOCKER_HOST: `unix://${socket}` };
      const environment = await createSkopeoEnvironment(store.runFolder, env, await systemTrust());
      const tools = { skopeo: await findSkopeo({ kind: 'auto' }, process.env), environment };
      const image = parseReference('docker.io/library/app:1');
      const source = { transport: 'docker-daemon', image } as const;
      const wanted = {
        ref: 'docker-daemon:app:1',
        source,
        origins: [],
        platforms: 'all',
        names: [],
      } as const;
      const resolved = resolveConverted({ ...wanted, pin: undefined }, storedImage(source), tools, {
        store,
        manifests: createManifestReader(store),
        onMissingPlatform: 'fail',
        index: 'auto',
        format: 'keep',
        retries: 0,
        patienceMilliseconds: 1000,
      });
      await expect(resolved).rejects.toMatchObject({
        code: 'local',
        message: 'nothing came for 1 s, and skopeo was ended',
      });
      await closed.promise;
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('S8: offline asks no Docker daemon through a network', () => {
  it.each([
    ['', false],
    ['unix:///var/run/docker.sock', false],
    ['npipe:////./pipe/docker_engine', false],
    ['tcp://127.0.0.1:2375', false],
    ['tcp://localhost:2375', false],
    ['tcp://[::1]:2376', false],
    ['tcp://10.1.2.3:2375', true],
    ['tcp://localhost.example:2375', true],
    ['https://docker.example', true],
    ['ssh://user@host', true],
  ])('of DOCKER_HOST=%j: %s', async (host, isElsewhere) => {
    await using temp = await tempFolder('host');
    const environment = await createSkopeoEnvironment(temp.path, { DOCKER_HOST: host }, await systemTrust());
    expect(isDaemonElsewhere(environment)).toBe(isElsewhere);
  });

  it.each(['app:1', 'docker-daemon:app:1'])('and says so of %s', async (image) => {
    await using temp = await tempFolder('elsewhere');
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = z.object({ port: z.int() }).parse(server.address());
      // To this very machine, by an address that is not loopback's own name: it would be answered.
      const env = { PATH: process.env['PATH'], HOME: temp.path, DOCKER_HOST: `tcp://0.0.0.0:${port}` };
      const options = parseOptions({
        images: [image],
        output: path.join(temp.path, 'out'),
        cacheDir: path.join(temp.path, 'store'),
        source: 'docker-daemon',
        offline: true,
        platforms: 'linux/amd64',
      });
      const { report } = await save(options, { env, emit: () => {} });
      expect(report.failed).toMatchObject([
        { message: expect.stringContaining('DOCKER_HOST leads to another machine') },
      ]);
      expect(asked).toBe(0);
    } finally {
      server.close();
    }
  });
});
