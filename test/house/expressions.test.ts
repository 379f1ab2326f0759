import { glob, readFile } from 'node:fs/promises';
import vm from 'node:vm';
import fc from 'fast-check';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';

/** Expressions that take a time that is the square of the text's length, and to how many characters it is cut before. */
const CUT: Record<string, number> = {
  // The end of a line of YAML.
  'src/list/syntax/document.ts BLOCK_HEADER': 200,
  // A message made of skopeo's words, of which there are 600 characters.
  'src/resolve/local/archive-failure.ts FAULTS': 4096,
  // The last line that skopeo wrote.
  'src/skopeo/failure.ts QUERY': 8192,
};

interface Found {
  /** Its file, and the constant that it belongs to, or its line. */
  readonly name: string;
  readonly expression: RegExp;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value;

function expressionsIn(file: string, source: string): Found[] {
  const found: Found[] = [];
  const visit = (value: unknown, place: string | undefined): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, place);
    if (!isNode(value)) return;
    const { pattern, flags } = (value['regex'] ?? {}) as { pattern?: string; flags?: string };
    if (pattern !== undefined) {
      const line = source.slice(0, value.start).split('\n').length;
      found.push({ name: `${file} ${place ?? line}`, expression: new RegExp(pattern, flags) });
    }
    const { name } = (value.type === 'VariableDeclarator' ? value['id'] : {}) as { name?: string };
    const isConstant = name !== undefined && /^[A-Z]/.test(name);
    for (const child of Object.values(value)) visit(child, isConstant ? name : place);
  };
  visit(parseAst(source, { lang: 'ts' }), undefined);
  return found;
}

async function expressionsOfSources(): Promise<Found[]> {
  const files = await Array.fromAsync(glob('src/**/*.ts'));
  const each = files.toSorted().map(async (file) => expressionsIn(file, await readFile(file, 'utf8')));
  return (await Promise.all(each)).flat().filter(({ expression }) => /[*+]|\{\d+,\}/.test(expression.source));
}

const MAX_UNITS = 120;

/** The beginnings and pieces of what an expression looks for: it takes longest for many of them in a row. */
function unitsOf({ source, flags }: RegExp): string[] {
  // fast-check makes no texts for these.
  const plain = source
    .replace(/\(\?<?[!=](?:[^()]|\([^()]*\))*\)/g, '')
    .replace(/\\b|\\[1-9]/g, '')
    .replaceAll('\\0', '\\x00');
  const texts = fc.sample(
    fc.stringMatching(new RegExp(plain, flags.replace(/[giy]/g, '')), { size: 'xsmall' }),
    { numRuns: 10, seed: 5 },
  );
  const lengths = Array.from({ length: 40 }, (_, at) => at + 1);
  return [
    ...new Set([
      ...texts,
      ...texts.flatMap((text) => text.slice(0, 40).split('')),
      ...lengths.flatMap((length) => texts.map((text) => text.slice(0, length))),
      ...texts.flatMap((text) => lengths.map((at) => text.slice(at, at + 2))),
    ]),
  ]
    .filter((unit) => unit !== '')
    .slice(0, MAX_UNITS);
}

/** What stands before and after them. No end is one that the expressions look for. */
const FRAMES: readonly ((row: string, unit: string) => string)[] = [
  (row) => `${row}\u0001`,
  (row) => `a${row} !`,
  (row) => `${row}/x`,
  (row, unit) => `${row}\n${unit}`,
  // The last character alone.
  (row, unit) => `${unit}${unit.slice(-1).repeat(row.length)}\u0001`,
];

/** False if it takes longer than a text needs of which each character is read some hundred times. */
function isReadAtOnce(expression: RegExp, text: string): boolean {
  try {
    vm.runInNewContext(`expression[Symbol.replace](text, '')`, { expression, text }, { timeout: 5000 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      return false;
    throw error;
  }
}

/** What an expression is slow for. Only what seems slow in a short text is tried in a long one. */
function slowFor({ name, expression }: Found): string | undefined {
  for (const unit of unitsOf(expression)) {
    for (const frame of FRAMES) {
      const textOf = (length: number): string => frame(unit.repeat(Math.ceil(length / unit.length)), unit);
      const begin = performance.now();
      textOf(8192).replace(expression, '');
      if (performance.now() - begin < 2) continue;
      const text = textOf(CUT[name] ?? 512 * 1024);
      if (!isReadAtOnce(expression, text)) return JSON.stringify(text.slice(0, 60));
    }
  }
  return undefined;
}

const EXPRESSIONS = await expressionsOfSources();

describe('found B5: in a time that grows with the text alone is read what is looked for by', () => {
  it.each(EXPRESSIONS.map((found) => [found.name, found.expression.source, found] as const))(
    '%s: %s',
    (_, _source, found) => {
      expect(slowFor(found)).toBe(undefined);
    },
  );
});
