import { Writable } from 'node:stream';

/** A stream that keeps what is written to it; with `columns` it passes for a terminal. */
export class Sink extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly rows = 50;
  #text = '';
  #taken = 0;
  writes = 0;

  constructor(columns?: number) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.#text += String(chunk);
    this.writes += 1;
    done();
  }

  get text(): string {
    return this.#text;
  }

  /** The lines since the last call. */
  takeLines(): string[] {
    const lines = this.#text.slice(this.#taken).split('\n').slice(0, -1);
    this.#taken = this.#text.length;
    return lines;
  }
}

/** What a person sees of a terminal's output: the few sequences that log-update uses, obeyed. */
export function screenOf(output: string): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  for (const [token, parameter = '', command = ''] of output.matchAll(
    /\u001b\[\??(\d*)([A-Za-z])|\n|[^\u001b\n]+/g,
  )) {
    const line = lines[row] ?? '';
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (command === '') {
      lines[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + token.length);
      column += token.length;
    } else if (command === 'A') row = Math.max(0, row - Number(parameter || 1));
    else if (command === 'B') row += Number(parameter || 1);
    else if (command === 'G') column = Number(parameter || 1) - 1;
    else if (command === 'K') lines[row] = parameter === '2' ? '' : line.slice(0, column);
    else if (command !== 'm' && command !== 'h' && command !== 'l') {
      throw new Error(`the screen knows no ${JSON.stringify(token)}`);
    }
    for (let missing = lines.length; missing <= row; missing += 1) lines.push('');
  }
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
