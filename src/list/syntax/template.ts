/** `key: |`, `- >-`, `key: !tag |2` at the end of a line. */
const BLOCK_HEADER = /[:-][ \t]+(?:[!&]\S+[ \t]+)*[|>][+-]?\d?[+-]?[ \t]*(?:#.*)?$/;

/**
 * The line of a template's first action (`{{`, `{%`) outside quotes and block scalars, from 1. YAML's reader takes
 * `image: {{ .Values.image }}` for two nested mappings. `${{` is GitHub's, and plain text to YAML.
 */
export function templateLine(text: string): number | undefined {
  if (!/\{\{|\{%/.test(text)) return undefined;
  let blockIndent: number | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const indent = line.length - line.trimStart().length;
    if (line.trim() !== '' && blockIndent !== undefined && indent <= blockIndent) blockIndent = undefined;
    if (blockIndent !== undefined || line.trimStart().startsWith('#')) continue;
    if (/(?<!\$)\{\{|\{%/.test(unquoted(line.slice(0, 10_000)))) return at + 1;
    if (BLOCK_HEADER.test(line.slice(-200))) blockIndent = indent;
  }
  return undefined;
}

function unquoted(line: string): string {
  return line.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'/g, '').replace(/\s#.*$/, '');
}
