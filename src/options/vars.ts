import { OciSaveError } from '../errors.ts';

/** A variable of the option `vars`. */
export interface Variable {
  readonly name: string;
  /** Undefined where it is named alone: the environment has its value. */
  readonly value: string | undefined;
}

/**
 * Reads `vars`: `NAME=VALUE`, or `NAME` for the environment's variable of that name. No message shows a value: it may be
 * a password.
 * @throws OciSaveError `usage` for what has neither form, and for a name with two values
 */
export function parseVars(texts: readonly string[]): Variable[] {
  const known = new Map<string, Variable>();
  for (const [at, text] of texts.entries()) {
    const [, name, value] = /^([A-Za-z_][\w.]{0,99})(?:=(.*))?$/s.exec(text) ?? [];
    if (name === undefined) {
      throw new OciSaveError({
        code: 'usage',
        message: `vars: entry ${at + 1} is not NAME=VALUE`,
        hint: 'A value has no comma; a variable of the environment, named by NAME alone, may have any.',
      });
    }
    const earlier = known.get(name);
    if (earlier !== undefined && earlier.value !== value) {
      throw new OciSaveError({ code: 'usage', message: `vars: ${name} has two values` });
    }
    known.set(name, { name, value });
  }
  return [...known.values()];
}

/**
 * The values of variables, by name.
 * @throws OciSaveError `usage` for a variable that the environment lacks
 */
export function valuesOf(
  vars: readonly Variable[],
  env: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  return new Map(
    vars.map(({ name, value }) => {
      const found = value ?? env[name];
      if (found !== undefined) return [name, found];
      throw new OciSaveError({
        code: 'usage',
        message: `vars: the environment has no variable ${name}`,
        hint: `Write ${name}=VALUE, or set it before.`,
      });
    }),
  );
}
