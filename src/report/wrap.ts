/** Words in lines of at most `width` characters; a longer word has a line of its own, whole. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The same below a first word or mark: later lines stand `indent` characters in. */
export function wrapHanging(text: string, width: number, indent: number): string[] {
  return wrapWords(text, width - indent).map((line, index) =>
    index === 0 ? line : ' '.repeat(indent) + line,
  );
}
