import { Command } from 'commander';
import { OciSaveError } from '../errors.ts';
import { readContent } from './content.ts';
import type { Host } from './face.ts';
import { type Listed, renderListed } from './listed.ts';

const FORMS = ['table', 'json', 'plain', 'sealer'] as const;
type Form = (typeof FORMS)[number];

const EXAMPLES = `
Examples:
  oci-save list images.txt
  oci-save list oci-bundle --as plain
  oci-save list oci-bundle/oci-save.lock.json --as json
`;

/** `oci-save list`: what a list, a lock or a bundle names. Nothing is resolved, and no registry is asked. */
export function listCommand(host: Host, done: (exitCode: number) => void): Command {
  return new Command('list')
    .description('show what a list, a lock or a bundle holds; no registry is asked')
    .argument('<what>', 'an image list, a lock, or a bundle; - for a list on standard input')
    .option('--as <form>', `how: ${FORMS.join(', ')}`, 'table')
    .option('--json', 'the same as --as json')
    .addHelpText('after', EXAMPLES)
    .action(async (what: string, flags: { as: string; json?: boolean }) => {
      const form = FORMS.find((known) => known === (flags.json === true ? 'json' : flags.as));
      if (form === undefined) {
        throw new OciSaveError({
          code: 'usage',
          message: `--as: '${flags.as}' is not one of ${FORMS.join(', ')}`,
        });
      }
      const listed: readonly Listed[] = await readContent(what, host);
      host.stdout.write(renderListed(listed, form satisfies Form, host.stdout.columns));
      done(0);
    });
}
