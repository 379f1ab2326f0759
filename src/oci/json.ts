/** No manifest and no config is nested deeper. What is written again, as a narrowed index, must not exhaust the stack. */
const MAX_DEPTH = 100;

/** What bytes hold: a value, or why they hold none, as an end of a sentence. */
export type JsonRead = { readonly value: unknown } | { readonly fault: string };

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Reads JSON that a publisher wrote. A byte order mark is a fault, since containerd, docker and zot refuse it. */
export function readJson(bytes: Uint8Array): JsonRead {
  if (BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte)) {
    return { fault: 'it begins with a byte order mark' };
  }
  const text = new TextDecoder().decode(bytes);
  if (isTooDeep(text)) return { fault: `its values are nested deeper than ${MAX_DEPTH} levels` };
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's own words quote the content.
    return { fault: 'it is not JSON' };
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
