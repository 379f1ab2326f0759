import wrapAnsi from 'wrap-ansi';

/** Words in lines of at most `width` terminal columns; a longer word has a line of its own, whole. */
export function wrapWords(text: string, width: number): string[] {
  return Number.isFinite(width) ? wrapAnsi(text, Math.max(1, width)).split('\n') : [text];
}

/** The same after a first word or mark: later lines are indented by `indent` columns. */
export function wrapHanging(text: string, width: number, indent: number): string[] {
  return wrapWords(text, width - indent).map((line, index) =>
    index === 0 ? line : ' '.repeat(indent) + line,
  );
}

/** Lines of text, each wrapped at its words where a terminal tells its width; what follows is indented as the line is. */
export function wrapLines(lines: readonly string[], width: number | undefined): string {
  if (width === undefined) return lines.join('\n');
  return lines
    .flatMap((line) => {
      const indent = line.length - line.trimStart().length;
      return wrapHanging(line.trimStart(), width - indent, 2).map((part) => ' '.repeat(indent) + part);
    })
    .join('\n');
}
