import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { OUTPUTS } from '../src/action/outputs.ts';
import { lockSchema } from '../src/lock/schema.ts';
import { describeInputs, describeOptions } from '../src/options/index.ts';
import { kebab } from '../src/text/hint.ts';
import { partsListSchema } from '../src/archive/index.ts';
import { runReportSchema } from '../src/report/index.ts';

/**
 * Writes what the code's schemas say into the documents: action.yml, the README's tables of options, inputs and
 * outputs, and the JSON Schemas of the lock and the report. With `--check` it writes nothing and fails where a document says something else.
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

async function readme(): Promise<string> {
  let text = await readFile('README.md', 'utf8');
  const tables = { options: optionsTable(), inputs: inputsTable(), outputs: outputsTable() };
  for (const [name, table] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [before, rest] = text.split(begin);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`README.md lacks ${begin} or ${end}`);
    text = `${before}${begin}\n${table}\n${end}${after}`;
  }
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
