import { Command } from 'commander';
import { OciSaveError } from '../errors.ts';
import { plainText } from '../text/plain-text.ts';
import { findRegistryRoot, serveRegistry } from '../serve/index.ts';
import type { Host } from './run.ts';
import { watchSignals } from '../runtime/index.ts';

const EXAMPLES = `
Examples:
  oci-save serve oci-bundle
  oci-save serve oci-bundle --listen 0.0.0.0:5000

It only answers pulls, over plain HTTP: to look at a bundle, for a test, for a small site. Use zot on the same folder for
everything else.
`;

/** `oci-save serve`: the built-in pull-only registry over a bundle, until it is interrupted. */
export function serveCommand(host: Host, done: (exitCode: number) => void): Command {
  return new Command('serve')
    .description('serve a bundle as a registry, for pulls')
    .argument('<bundle>', 'a bundle, or a folder with one layout per repository')
    .option('--listen <address>', 'host:port; port 0 selects a free port', '127.0.0.1:5000')
    .option('--quiet', 'no line for each request')
    .addHelpText('after', EXAMPLES)
    .action(async (bundle: string, flags: { listen: string; quiet?: boolean }) => {
      const { name, port } = parseListen(flags.listen);
      const root = await findRegistryRoot(bundle);
      const interruption = watchSignals(host, {
        onForced: (text) => void host.stderr.write(`error: ${text}\n`),
      });
      const registry = await serveRegistry({
        root,
        host: name,
        port,
        onRequest: ({ method, path, status, bytes, problem }) => {
          if (flags.quiet !== true)
            host.stderr.write(plainText(`${status} ${method} ${path} ${bytes}`) + '\n');
          if (problem !== undefined) host.stderr.write(`error: ${plainText(problem)}\n`);
        },
      });
      host.stdout.write(`${registry.address}\n`);
      host.stderr.write(`serving ${plainText(root)} at ${registry.url} for pulls; end it with Ctrl-C\n`);
      await new Promise<void>((resolve) => {
        interruption.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await registry.close();
      interruption.stop();
      done(0);
    });
}

function parseListen(text: string): { name: string; port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) {
    throw new OciSaveError({
      code: 'usage',
      message: `--listen: '${text}' is not an address`,
      hint: 'Write host:port, for example 127.0.0.1:5000 or [::1]:5000.',
    });
  }
  return { name: (match[1] ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'), port };
}
