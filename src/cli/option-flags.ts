import { type Command, Option } from 'commander';
import { describeOptions } from '../options/index.ts';
import { kebab } from '../text/hint.ts';

const append = (value: string, earlier: unknown): string[] => [
  ...(Array.isArray(earlier) ? earlier.filter((text): text is string => typeof text === 'string') : []),
  value,
];

/** Adds the schema's options to a command, but for those left out. Values stay text: the schema reads them. */
export function addOptions(command: Command, leaveOut: readonly string[] = []): Command {
  return addWhere(command, (name) => !leaveOut.includes(name));
}

/** Adds those of the schema's options that are named. */
export function addOnly(command: Command, names: readonly string[]): Command {
  return addWhere(command, (name) => names.includes(name));
}

function addWhere(command: Command, wanted: (name: string) => boolean): Command {
  for (const [name, meta] of describeOptions()) {
    if (meta.argument === true || !wanted(name)) continue;
    const short = meta.short === undefined ? '' : `-${meta.short}, `;
    const value = meta.kind === 'boolean' ? '' : ` <${(meta.placeholder ?? 'word').toLowerCase()}>`;
    const fallback = meta.default === '' || meta.kind === 'boolean' ? '' : ` (default: ${meta.default})`;
    const option = new Option(`${short}--${kebab(name)}${value}`, meta.description + fallback);
    if (meta.choices) option.choices([...meta.choices]);
    if (meta.kind === 'list') option.argParser(append);
    command.addOption(option);
  }
  return command;
}
