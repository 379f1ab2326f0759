import { Command } from 'commander';
import { printableJson } from '../../text/plain-text.ts';
import { listStore } from '../../store/index.ts';
import { addStoreFlags, takeStoreFlags } from './flags.ts';
import type { Host } from '../run.ts';
import { describeBlobs, describeStore, renderStore } from './stored.ts';

const EXAMPLES = `
Examples:
  oci-save cache list
  oci-save cache list --verbose
  oci-save cache list --json --cache-dir /srv/oci-save

A blob that a bundle links costs no space of its own, so it does not count towards the limit; once the bundle is
gone it does.
`;

/** `oci-save cache list`: what the store holds, by age. Nothing is hashed and nothing changed. */
export function cacheListCommand(host: Host, done: (exitCode: number) => void): Command {
  return addStoreFlags(new Command('list'), 'limited')
    .description('show what is kept, by age; --verbose shows every blob')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Record<string, unknown>) => {
      const { folder, maxBytes, output } = takeStoreFlags(flags, 'list', host);
      const content = await listStore(folder);
      const store = describeStore(content, { folder, maxBytes, now: Date.now() });
      const entries = output.verbose ? describeBlobs(content) : undefined;
      const { stdout } = host;
      if (output.json) stdout.write(`${printableJson({ ...store, entries })}\n`);
      else stdout.write(renderStore(store, entries, stdout.columns));
      done(0);
    });
}
