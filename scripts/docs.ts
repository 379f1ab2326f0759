import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { OUTPUTS } from '../src/action/outputs.ts';
import { CODE_MEANINGS, exitCodeOf, FAILURE_CLASSES, OciSaveError } from '../src/errors.ts';
import { lockSchema } from '../src/lock/schema.ts';
import { describeInputs, describeOptions } from '../src/options/index.ts';
import { asFlag, kebab, spellHint } from '../src/text/hint.ts';
import { partsListSchema } from '../src/archive/index.ts';
import { runReportSchema, USUAL_HINTS } from '../src/report/index.ts';

/**
 * Writes what the code's schemas say into the documents: action.yml, the README's tables of options, inputs and
 * outputs, the table of errors in docs/troubleshooting.md, and the JSON Schemas of the lock and the report. With `--check` it writes nothing and fails where a document says something else.
 */

function optionsTable(): string {
  const rows = [...describeOptions()].map(
    ([name, { description, kind, short, choices, argument, default: fallback }]) => {
      const flag =
        argument === true
          ? 'arguments'
          : `\`--${kebab(name)}\`${short === undefined ? '' : `, \`-${short}\``}`;
      const values = choices === undefined ? kind : choices.map((choice) => `\`${choice}\``).join(', ');
      return `| ${flag} | ${values} | ${fallback === '' ? '' : fallback} | ${description} |`;
    },
  );
  return ['| option | values | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function inputsTable(): string {
  const rows = [...describeInputs()].map(([name, { description, kind, choices, default: fallback }]) => {
    const values = choices === undefined ? kind : choices.map((choice) => `\`${choice}\``).join(', ');
    return `| \`${kebab(name)}\` | ${values} | ${fallback} | ${description} |`;
  });
  return ['| input | values | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function outputsTable(): string {
  const rows = Object.entries(OUTPUTS).map(([name, description]) => `| \`${name}\` | ${description} |`);
  return ['| output | meaning |', '|---|---|', ...rows].join('\n');
}

/** Every class and code of an error, with its exit code and what is to be done where the message says nothing else. */
function codesTable(): string {
  const rows = z
    .array(z.enum(['not-found', ...FAILURE_CLASSES, 'usage', 'list', 'machine', 'interrupted']))
    .parse(Object.keys(CODE_MEANINGS))
    .map((code) => {
      const failureClass = FAILURE_CLASSES.find((known) => known === code);
      const hint = failureClass === undefined ? '' : spellHint(USUAL_HINTS[failureClass], asFlag);
      const exit = exitCodeOf(new OciSaveError({ code, message: code }));
      return `| \`${code}\` | ${CODE_MEANINGS[code]} | ${exit} | ${hint} |`;
    });
  return ['| class or code | meaning | exit code | what to do |', '|---|---|---|---|', ...rows].join('\n');
}

/** A document with its tables as the code has them. */
async function withTables(file: string, tables: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(file, 'utf8');
  for (const [name, table] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [before, rest] = text.split(begin);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`${file} lacks ${begin} or ${end}`);
    text = `${before}${begin}\n${table}\n${end}${after}`;
  }
  return text;
}

const readme = (): Promise<string> =>
  withTables('README.md', { options: optionsTable(), inputs: inputsTable(), outputs: outputsTable() });

/**
 * The page about failures. Each message that its tables quote has to be in the code.
 * @throws Error for one that no file has
 */
async function troubleshooting(): Promise<string> {
  const text = await withTables('docs/troubleshooting.md', { codes: codesTable() });
  const names = (await readdir('src', { recursive: true })).filter((name) => name.endsWith('.ts'));
  const files = await Promise.all(names.map((name) => readFile(path.join('src', name), 'utf8')));
  const code = files.join('\n');
  const told = text.slice(text.indexOf('## What it says'));
  const missing = [...told.matchAll(/^\| `([^`\n]{1,200})` \|/gm)].flatMap(([, words = '']) =>
    code.includes(words) ? [] : [words],
  );
  if (missing.length > 0)
    throw new Error(`docs/troubleshooting.md has what no message says: ${missing.join('; ')}`);
  return text;
}

/** The action's metadata. A default that only a run can know stands in the description. */
function actionYml(): string {
  const inputs = [...describeInputs()].map(([name, meta]) => {
    const { description, choices, default: read, writtenDefault } = meta;
    const words = choices === undefined ? description : `${description} (${choices.join(', ')})`;
    const told = writtenDefault === '' && read !== '' ? `${words}; default: ${read}` : words;
    return [
      kebab(name),
      { description: told, required: false, ...(writtenDefault === '' ? {} : { default: writtenDefault }) },
    ] as const;
  });
  const outputs = Object.entries(OUTPUTS).map(([name, description]) => [name, { description }] as const);
  const action = {
    name: 'Save container images as an offline bundle',
    description:
      'Saves the images of a list, digest for digest, into a bundle that zot serves and docker, podman and containerd load',
    branding: { icon: 'archive', color: 'blue' },
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    runs: { using: 'node24', main: 'dist/index.js' },
  };
  const yaml = stringify(action, { lineWidth: 0, singleQuote: true });
  return `# Written by scripts/docs.ts from the schema of the options: change that one, and run 'npm run docs'.\n${yaml}`;
}

const schema = (source: z.ZodType): string =>
  `${JSON.stringify(z.toJSONSchema(source, { unrepresentable: 'any' }), null, 2)}\n`;

const documents: Record<string, string> = {
  'README.md': await readme(),
  'action.yml': actionYml(),
  'docs/troubleshooting.md': await troubleshooting(),
  'docs/lock.schema.json': schema(lockSchema),
  'docs/report.schema.json': schema(runReportSchema),
  'docs/parts.schema.json': schema(partsListSchema),
};

for (const [file, content] of Object.entries(documents)) {
  const current = await readFile(file, 'utf8').catch(() => '');
  if (current === content) continue;
  if (process.argv.includes('--check')) {
    console.error(`${file} is not what the code says: run 'npm run docs'`);
    process.exitCode = 1;
  } else {
    await writeFile(file, content);
    console.log(`wrote ${file}`);
  }
}
