import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { closable, type Closable } from './closable.ts';
import { CLI } from './oci-save.ts';
import { noteNotOnZot } from './not-on-zot.ts';
import { hasZot, startZot } from './servers/index.ts';

export interface ServedBundle extends Closable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

/** Serves a bundle by the real zot, or where there is none by `oci-save serve`, and counts that. */
export async function serveBundle(bundle: string): Promise<ServedBundle> {
  if (hasZot()) return startZot({ root: path.join(bundle, 'registry') });
  noteNotOnZot();
  return serveBuiltIn(bundle);
}

/** Serves a bundle by `oci-save serve`. */
export async function serveBuiltIn(bundle: string): Promise<ServedBundle> {
  const child = spawn(
    process.execPath,
    [CLI, 'serve', bundle, '--built-in', '--listen', '127.0.0.1:0', '--quiet'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const host = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', (code) => reject(new Error(`oci-save serve ended with ${code}`)));
  });
  return closable({ host }, async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
}
