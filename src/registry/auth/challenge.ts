/** One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1): scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const BLANKS = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
const TOKEN = /[\w!#$%&'*+.^`|~-]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
/** Some registries send unquoted addresses, against the grammar; only what ends a parameter ends them. */
const BARE = /[^\s,"]*/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;

interface Cursor {
  readonly text: string;
  position: number;
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.position;
  const match = pattern.exec(cursor.text);
  if (!match) return undefined;
  cursor.position = pattern.lastIndex;
  return match;
}

/** `name=value` at the cursor; nothing is taken where anything else is there. */
function takeParameter(cursor: Cursor): readonly [name: string, value: string] | undefined {
  const start = cursor.position;
  const name = take(cursor, TOKEN)?.[0];
  if (name !== undefined && take(cursor, EQUALS)) {
    const quoted = take(cursor, QUOTED)?.[1];
    if (quoted !== undefined) return [name.toLowerCase(), quoted.replace(/\\([^])/g, '$1')];
    return [name.toLowerCase(), take(cursor, BARE)?.[0] ?? ''];
  }
  cursor.position = start;
  return undefined;
}

function takeParameters(cursor: Cursor): Map<string, string> {
  const parameters = new Map<string, string>();
  take(cursor, BLANKS);
  // A token68 (`Negotiate YII=`) is one value without a name; Basic and Bearer do not have one.
  if (take(cursor, TOKEN68)) return parameters;
  for (;;) {
    const start = cursor.position;
    take(cursor, SEPARATORS);
    const parameter = takeParameter(cursor);
    if (!parameter) {
      cursor.position = start;
      return parameters;
    }
    const [name, value] = parameter;
    if (!parameters.has(name)) parameters.set(name, value);
  }
}

/**
 * All challenges of all WWW-Authenticate lines, in order. A comma separates challenges and parameters alike,
 * so a word after a comma belongs to the challenge before it only where `=` follows. What cannot be parsed ends
 * its line.
 */
export function parseChallenges(lines: readonly string[]): Challenge[] {
  return lines.flatMap((text) => {
    const cursor: Cursor = { text, position: 0 };
    const challenges: Challenge[] = [];
    for (;;) {
      take(cursor, SEPARATORS);
      const scheme = take(cursor, TOKEN)?.[0];
      if (scheme === undefined) return challenges;
      challenges.push({ scheme: scheme.toLowerCase(), parameters: takeParameters(cursor) });
    }
  });
}

/** The authorization that a registry asks for. */
export type Scheme =
  | { readonly type: 'basic' }
  | {
      readonly type: 'bearer';
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

/** The scheme to respond with: Bearer before Basic, in any order; undefined where neither is offered. */
export function chooseScheme(challenges: readonly Challenge[]): Scheme | undefined {
  for (const { scheme, parameters } of challenges) {
    const realm = parameters.get('realm');
    if (scheme !== 'bearer' || !realm) continue;
    return { type: 'bearer', realm, service: parameters.get('service'), scope: parameters.get('scope') };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { type: 'basic' } : undefined;
}

/** Whether a registry refuses a token for what it does not allow, and not for itself (RFC 6750, 3.1). */
export function lacksScope(challenges: readonly Challenge[]): boolean {
  return challenges.some(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters.get('error') === 'insufficient_scope',
  );
}
