import { type Command, Option } from 'commander';
import { describeOptions, type OptionName } from '../options/index.ts';
import { kebab } from '../text/hint.ts';
import { type Host, type OutputFlags, wantsColor } from './run.ts';

/** Adds options of the schema, all without `names`, and the output flags. Values stay text: the schema parses them. */
export function addFlags(command: Command, names?: readonly OptionName[]): Command {
  const wanted: ReadonlySet<string> | undefined = names && new Set(names);
  for (const [name, meta] of describeOptions()) {
    if (meta.argument === true || wanted?.has(name) === false) continue;
    const short = meta.short === undefined ? '' : `-${meta.short}, `;
    const value = meta.kind === 'boolean' ? '' : ` <${(meta.placeholder ?? 'word').toLowerCase()}>`;
    const fallback = meta.default === '' || meta.kind === 'boolean' ? '' : ` (default: ${meta.default})`;
    const option = new Option(`${short}--${kebab(name)}${value}`, meta.description + fallback);
    if (meta.choices) option.choices([...meta.choices]);
    if (meta.kind === 'list') option.argParser(append);
    command.addOption(option);
  }
  return command
    .option('--json', 'for machines: only the result on stdout')
    .option('--quiet', 'only warnings and errors')
    .option('--verbose', 'print more')
    .option('--no-color', 'no colours');
}

/** For an option that may be given more than once. */
export const append = (value: string, earlier: unknown): string[] => [
  ...(Array.isArray(earlier) ? earlier.filter((text): text is string => typeof text === 'string') : []),
  value,
];

/** Splits a command's flags into the output flags and the rest. */
export function takeFlags(
  flags: Readonly<Record<string, unknown>>,
  host: Host,
): { output: OutputFlags; rest: Record<string, unknown> } {
  const { json, quiet, verbose, color, ...rest } = flags;
  return {
    output: {
      json: json === true,
      quiet: quiet === true,
      verbose: verbose === true,
      color: wantsColor(host, color !== false),
    },
    rest,
  };
}
