import { withoutCredentials } from '../oci/reference-quote.ts';
import { describeInputs } from '../options/index.ts';
import { kebab } from '../text/hint.ts';

const PREFIX = 'INPUT_';

/**
 * The action's inputs by camelCase name, as texts. The runner passes every input as a variable, also unknown ones: these
 * keep the name that was written, for a message that suggests the right one. Empty inputs are left out.
 *
 * @param read one input by its name in action.yml, as `getInput` of @actions/core
 */
export function readInputs(
  read: (name: string) => string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const known = [...describeInputs().keys()].map((name) => ({ name, written: kebab(name) }));
  const variables = new Set(known.map(({ written }) => PREFIX + written.toUpperCase()));
  const given = known.map(({ name, written }) => [name, read(written)] as const);
  const unknown = Object.entries(env)
    .filter(([variable]) => variable.startsWith(PREFIX) && !variables.has(variable))
    .map(([variable, value = '']) => [variable.slice(PREFIX.length).toLowerCase(), value.trim()] as const);
  return Object.fromEntries([...given, ...unknown].filter(([, value]) => value !== ''));
}

/** Takes secret inputs out of an environment: programs that libraries start inherit that of this process. */
export function forgetSecrets(env: Record<string, string | undefined>): void {
  for (const [name, { secret }] of describeInputs()) {
    if (secret === true) delete env[PREFIX + kebab(name).toUpperCase()];
  }
}

/**
 * `archive: tar`, `retries: 5 (default)`: what the inputs of a run are, with those that are not given. Without passwords
 * that stand before a host, which an image list may have by mistake.
 */
export function inputLines(given: Readonly<Record<string, string>>): string[] {
  return [...describeInputs()].flatMap(([name, { default: fallback, writtenDefault, secret }]) => {
    const value = given[name];
    if (value === undefined) return fallback === '' ? [] : [`${kebab(name)}: ${fallback} (default)`];
    if (secret === true) return [`${kebab(name)}: ***`];
    // The runner fills in what action.yml has for an input that is not given.
    const shown = value
      .split('\n')
      .map((line) => withoutCredentials(line))
      .join('\n');
    return [`${kebab(name)}: ${shown}${value === writtenDefault ? ' (default)' : ''}`];
  });
}
