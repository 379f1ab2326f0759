/** More variables than any Compose project has. */
const MAX_VARIABLES = 10_000;

const NAME = /^(?:export[ \t]+)?([A-Za-z_][\w.]{0,99})[ \t]*=[ \t]*/;

/**
 * Reads a file `.env` as Compose does (docs.docker.com, Syntax for env files): `NAME=value` a line, the last one of a
 * name wins. Quotes around a value go, and a comment after a blank. A line of another form says nothing of images, and
 * is passed over. A value that itself has a variable stays as it is.
 */
export function parseDotEnv(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const line of text.split(/\r\n|[\r\n]/)) {
    const trimmed = line.trim();
    const [head = '', name] = NAME.exec(trimmed.slice(0, 300)) ?? [];
    if (name === undefined || variables.size >= MAX_VARIABLES) continue;
    variables.set(name, valueIn(trimmed.slice(head.length)));
  }
  return variables;
}

function valueIn(text: string): string {
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, 1);
    if (end > 0) return text.slice(1, end);
  }
  return text.replace(/[ \t]#.*$/s, '').trim();
}
