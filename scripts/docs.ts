import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { lockSchema } from '../src/lock/schema.ts';
import { describeOptions, kebab } from '../src/options.ts';
import { runReportSchema } from '../src/report/index.ts';

/**
 * Writes what the code's schemas say into the documents: the README's table of options, and the JSON Schemas of the
 * lock and the report. With `--check` it writes nothing and fails where a document says something else.
 */

const BEGIN = '<!-- options: begin -->';
const END = '<!-- options: end -->';

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

async function readme(): Promise<string> {
  const text = await readFile('README.md', 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md lacks ${BEGIN} or ${END}`);
  return `${before}${BEGIN}\n${optionsTable()}\n${END}${after}`;
}

const schema = (source: z.ZodType): string =>
  `${JSON.stringify(z.toJSONSchema(source, { unrepresentable: 'any' }), null, 2)}\n`;

const documents: Record<string, string> = {
  'README.md': await readme(),
  'docs/lock.schema.json': schema(lockSchema),
  'docs/report.schema.json': schema(runReportSchema),
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
