/** The value of JSON, as text or as bytes; undefined where it is not JSON, or is undefined. */
export function jsonIn(json: Uint8Array | string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(typeof json === 'string' ? json : new TextDecoder().decode(json));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
