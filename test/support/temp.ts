import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closable, type Closable } from './closable.ts';
import { outputOf } from './program.ts';
import { asRoot } from './tools.ts';

export interface TempFolder extends Closable {
  readonly path: string;
}

/** A folder of one's own, gone when closed. Names are short, since sockets in it have at most 107 bytes. */
export async function tempFolder(name = 'x'): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `os-${name}-`));
  return closable({ path }, () => rm(path, { recursive: true, force: true, maxRetries: 3 }));
}

/** As `tempFolder`, for container runtimes: what they unpack has folders that only root may change. */
export async function runtimeFolder(name: string): Promise<TempFolder> {
  const { path } = await tempFolder(name);
  return closable({ path }, async () => void (await outputOf(...asRoot('rm', ['-rf', path]))));
}
