import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toolPath } from '../test/support/tools.ts';

/** A registry's program that serves one folder. */
export interface Server {
  readonly host: string;
  /** From its start to its first answer. */
  readonly seconds: number;
  /** The most memory that it has held (resident), in bytes. */
  memory(): number;
  stop(): Promise<void>;
}

export interface ServerKind {
  readonly name: string;
  /** As it is set up for a root that pushes fill, or over a bundle. */
  start(root: string, over: 'pushes' | 'bundle'): Promise<Server>;
}

export const SERVERS: readonly ServerKind[] = [
  {
    name: 'zot',
    start: (root, over) =>
      start(toolPath('zot'), root, (port) => ({
        distSpecVersion: '1.1.1',
        storage: { rootDirectory: root, gc: false, dedupe: over === 'pushes' },
        http: { address: '127.0.0.1', port: String(port), compat: ['docker2s2'] },
        log: { level: 'error' },
      })),
  },
  {
    name: 'docker-registry',
    start: (root) =>
      start(toolPath('docker-registry'), root, (port) => ({
        version: 0.1,
        log: { level: 'error', accesslog: { disabled: true } },
        storage: {
          filesystem: { rootdirectory: root },
          cache: { blobdescriptor: 'inmemory' },
          maintenance: { uploadpurging: { enabled: false } },
        },
        http: { addr: `127.0.0.1:${port}`, secret: 'bench' },
      })),
  },
];

async function start(program: string, root: string, config: (port: number) => unknown): Promise<Server> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-server-'));
  const file = path.join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config(port)));
  const began = performance.now();
  const child = spawn(program, ['serve', file], { cwd: folder, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const host = `127.0.0.1:${port}`;
  while (!(await answers(`http://${host}/v2/`))) {
    if (child.exitCode !== null) throw new Error(`${program} does not serve ${root}`);
  }
  const seconds = (performance.now() - began) / 1000;
  return {
    host,
    seconds,
    memory: () =>
      1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).status === 200;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
