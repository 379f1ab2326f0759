import { describeInputs } from '../options/index.ts';
import { asFlag, kebab, type Spelling } from '../text/hint.ts';

/** What a workflow has instead of a flag of the command. */
const INSTEAD: Readonly<Record<string, string>> = { verbose: 'debug logging', json: 'report.json' };

/** An option as a workflow's author writes it: `` `copier: direct` ``. What is not an input stays a flag of the command. */
export const asInput: Spelling = (named) => {
  const { option, value } = named;
  if (!describeInputs().has(option)) return INSTEAD[option] ?? asFlag(named);
  return `\`${kebab(option)}${value === undefined ? '' : `: ${value}`}\``;
};
