/** An instruction of a Dockerfile. */
export interface Instruction {
  /** Of its first line. */
  readonly line: number;
  /** In capitals; `SYNTAX` for the directive in a comment. */
  readonly word: string;
  /** All after the word, its lines joined; without the text of here-documents. */
  readonly rest: string;
}

/** A directive, which only counts before everything else (docs.docker.com/reference/dockerfile, parser directives). */
const DIRECTIVE = /^#\s*(syntax|escape)\s*=\s*(\S+)\s*$/i;

/** The instructions of a Dockerfile in their order. */
export function readInstructions(text: string): Instruction[] {
  const lines = text.split('\n');
  const instructions: Instruction[] = [];
  const ends = endsOf(lines);
  let escape = '\\';
  let at = 0;
  for (; at < lines.length; at += 1) {
    const [, name, value = ''] = DIRECTIVE.exec((lines[at] ?? '').slice(0, 1000)) ?? [];
    if (name === undefined) break;
    if (name.toLowerCase() === 'escape') escape = value;
    else instructions.push({ line: at + 1, word: 'SYNTAX', rest: value });
  }
  while (at < lines.length) {
    const line = at + 1;
    const parts: string[] = [];
    // Comments and empty lines inside of an instruction do not end it.
    for (let continues = true; continues && at < lines.length; at += 1) {
      const part = (lines[at] ?? '').trim();
      if (parts.length > 0 && isEmpty(part)) continue;
      continues = !isEmpty(part) && part.endsWith(escape);
      parts.push(continues ? part.slice(0, -escape.length) : part);
    }
    const [, word, rest = ''] = /^(?:ONBUILD\s+)?([A-Z]+)\s+(.*)$/is.exec(parts.join(' ')) ?? [];
    if (word === undefined) continue;
    instructions.push({ line, word: word.toUpperCase(), rest: rest.trim() });
    at = afterDocuments(ends, at, rest);
  }
  return instructions;
}

function isEmpty(line: string): boolean {
  return line === '' || line.startsWith('#');
}

/** Lines of one word, which can end a here-document: their places, and how many of them have been passed. */
type Ends = ReadonlyMap<string, { readonly lines: number[]; passed: number }>;

function endsOf(lines: readonly string[]): Ends {
  const ends = new Map<string, { readonly lines: number[]; passed: number }>();
  for (const [at, line] of lines.entries()) {
    const word = line.length > 100 ? undefined : /^\t*([A-Za-z_]\w*)$/.exec(line)?.[1];
    if (word === undefined) continue;
    const known = ends.get(word);
    if (known === undefined) ends.set(word, { lines: [at], passed: 0 });
    else known.lines.push(at);
  }
  return ends;
}

/** Where the here-documents of an instruction end: their lines are no instructions. */
function afterDocuments(ends: Ends, from: number, rest: string): number {
  let at = from;
  for (const [, word = ''] of rest.slice(0, 4096).matchAll(/<<-?["']?([A-Za-z_]\w*)/g)) {
    const places = ends.get(word);
    if (places === undefined) continue;
    while ((places.lines[places.passed] ?? Infinity) < at) places.passed += 1;
    const end = places.lines[places.passed];
    if (end !== undefined) at = end + 1;
  }
  return at;
}
