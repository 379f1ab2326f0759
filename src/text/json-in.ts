/** The value that JSON has, as text or as its bytes; undefined where it is not JSON, or nothing is there. */
export function jsonIn(json: Uint8Array | string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(typeof json === 'string' ? json : new TextDecoder().decode(json));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
