import type { ServerResponse } from 'node:http';

/** An answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array;
}

const DOCUMENTATION = 'https://docs.github.com/rest/releases/releases';

export function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, json: { message, documentation_url: DOCUMENTATION, status: String(status) } };
}

export const notFound = (): Answer => refused(404, 'Not Found');

/** One of the faults that a 422 tells. */
export interface Fault {
  readonly resource: string;
  readonly code: string;
  readonly field?: string;
  readonly message?: string;
}

/** 422, as GitHub words it. */
export function invalidAll(...errors: readonly Fault[]): Answer {
  return {
    status: 422,
    json: { message: 'Validation Failed', errors, documentation_url: DOCUMENTATION, status: '422' },
  };
}

export function invalid(resource: string, field: string, code: string, message?: string): Answer {
  return invalidAll({ resource, code, field, ...(message === undefined ? {} : { message }) });
}

export function sendAnswer(response: ServerResponse, { status, json, headers = {}, bytes }: Answer): void {
  const body = bytes ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)));
  const type = bytes === undefined ? 'application/json; charset=utf-8' : 'application/octet-stream';
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': type, 'content-length': String(body.length) }),
    ...headers,
  });
  response.end(body);
}
