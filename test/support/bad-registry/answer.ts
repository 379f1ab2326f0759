/** An answer before anything goes wrong with it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(value)),
  };
}

/** distribution-spec's form of an error. */
export function errorAnswer(status: number, code: string, message: string): Answer {
  return jsonAnswer(status, { errors: [{ code, message }] });
}

export function htmlAnswer(status: number): Answer {
  const body = '<!DOCTYPE html><html><title>Sign in</title><p>Please sign in.</p></html>\n';
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: new TextEncoder().encode(body),
  };
}

/** The part that `Range: bytes=a-` or `bytes=a-b` asks for; the whole for any other form. */
export function ranged(answer: Answer, range: string | undefined): Answer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === undefined) return answer;
  const total = answer.body.length;
  const [from, to] = [Number(first), last ? Math.min(Number(last), total - 1) : total - 1];
  if (from >= total)
    return { status: 416, headers: { 'content-range': `bytes */${total}` }, body: new Uint8Array() };
  return {
    status: 206,
    headers: { ...answer.headers, 'content-range': `bytes ${from}-${to}/${total}` },
    body: answer.body.subarray(from, to + 1),
  };
}
