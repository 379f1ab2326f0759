import { StringDecoder } from 'node:string_decoder';

export interface LineSplitter {
  readonly add: (chunk: Buffer) => void;
  /** What came after the last line end is a line, too. */
  readonly end: () => void;
}

/** Of a longer line only the end is told. */
const KEPT_CHARACTERS = 64 * 1024;

/**
 * Calls `onLine` for each line of a program's output, as it comes, and `onTooLong` where more than `maxBytes` come
 * without a line end.
 */
export function lineSplitter(
  onLine: (line: string) => void,
  { maxBytes, onTooLong }: { readonly maxBytes: number; readonly onTooLong: () => void },
): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let bytes = 0;
  return {
    add: (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = (lines.pop() ?? '').slice(-KEPT_CHARACTERS);
      bytes = lines.length === 0 ? bytes + chunk.length : 0;
      if (bytes > maxBytes) onTooLong();
      for (const line of lines) onLine(line);
    },
    end: () => {
      rest += decoder.end();
      if (rest !== '') onLine(rest);
    },
  };
}
