import { Command } from 'commander';
import { listInputs } from '../../commands/index.ts';
import { OciSaveError } from '../../errors.ts';
import { LIST_FORMS, leftOutLines, listError, listLines } from '../../list/index.ts';
import type { OptionName } from '../../options/index.ts';
import { renderError } from '../../view/index.ts';
import { parseFlags } from '../credentials.ts';
import { addFlags, takeFlags } from '../flags.ts';
import type { Host, OutputFlags } from '../run.ts';
import { type Content, readContent } from './content.ts';
import { renderFaults, renderJson, renderTable, renderWarnings } from './render.ts';
import { unwrittenOf, writeEntries } from './entries.ts';

/** The options of a save that decide how lists are read. */
const OPTIONS: readonly OptionName[] = [
  'imageList',
  'listFormat',
  'vars',
  'defaultRegistry',
  'ignore',
  'imageRules',
  'onCandidate',
  'platforms',
  'naming',
  'strictTags',
  // For lists at addresses.
  'certsDir',
  'caFile',
  'insecureRegistries',
];

const FORMS = ['table', 'json', ...LIST_FORMS.map(({ name }) => name)];

const EXAMPLES = `
Examples:
  oci-save list images.txt
  oci-save list images.txt charts/values.yaml --json
  oci-save list oci-bundle --as plain
  oci-save list oci-bundle/oci-save.lock.json --as imageslock
  oci-save list oci-bundle.tar

Lists are read as a save reads them: what it would save, what it would not (candidates), and what it could not read
(rejects), each with file and line. Every form but the table can be given to a save again: nothing is left out, and a form
that cannot have an image ends with exit code 2.

Exit codes: 0 done, 2 a list that a save would refuse, or wrong use.
`;

/** `oci-save list`: the images of lists, locks, bundles and archives. Nothing is resolved, and no registry is contacted. */
export function listCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('list')
    .description('show the images of lists, locks, bundles and archives; no registry is contacted')
    .argument('[what...]', 'image lists, locks, bundles, archives; - for a list on standard input')
    .option('--as <form>', `how: ${FORMS.join(', ')}; --json is the same as json (default: table)`);
  return addFlags(command, OPTIONS)
    .addHelpText('after', EXAMPLES)
    .action(async (what: string[], { as = 'table', ...flags }: Record<string, unknown>) => {
      const { output, rest } = takeFlags(flags, host);
      const form = FORMS.find((known) => known === (output.json ? 'json' : as));
      if (form === undefined) {
        throw new OciSaveError({
          code: 'usage',
          message: `--as: '${String(as)}' is not one of ${FORMS.join(', ')}`,
        });
      }
      const options = await parseFlags(rest, {}, host.stdin);
      const content = await readContent([...what, ...options.imageList], listInputs(options, host), options);
      done(printContent(content, form, output, host));
    });
}

/** Prints the result to stdout and what people should know to stderr. Returns the exit code. */
function printContent(content: Content, form: string, output: OutputFlags, { stdout, stderr }: Host): number {
  const { problems } = content;
  const listForm = LIST_FORMS.find(({ name }) => name === form);
  const view = { color: output.color, width: stderr.columns };
  const tell = (text: string): void => void (text !== '' && stderr.write(`${text}\n`));
  if (!output.quiet) {
    const found = listLines(content.lists, content.images.length);
    tell([...found, ...leftOutLines(content.leftOut)].join('\n'));
  }
  tell(renderWarnings([...content.warnings, ...(listForm === undefined ? [] : unwrittenOf(content))], view));
  if (listForm !== undefined) {
    if (problems.length > 0) throw listError(problems);
    const text = writeEntries(content, listForm);
    // These are no part of a list.
    tell(renderFaults({ ...content, problems: [] }, view));
    stdout.write(text);
    return 0;
  }
  stdout.write(form === 'json' ? renderJson(content) : renderTable(content, stdout.columns));
  if (problems.length === 0) return 0;
  const error =
    form === 'json' || problems.length === 1 ? listError(problems) : refusedAbove(problems.length);
  tell(renderError(error, { ...view, verbose: output.verbose }));
  return 2;
}

/** The table has each of them. */
function refusedAbove(count: number): OciSaveError {
  return new OciSaveError({
    code: 'list',
    message: `${count} entries of the image lists cannot be used: the table shows what is wrong`,
    hint: 'A save would end here. Correct these lines, or take them out.',
  });
}
