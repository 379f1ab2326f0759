import { z } from 'zod';
import { jsonIn } from '../../text/json-in.ts';
import type { RequestEntry } from '../../serve/index.ts';

/** What a line of zot's log says. */
export type ZotLine =
  /** A request that has ended. */
  | { readonly kind: 'request'; readonly request: Pick<RequestEntry, 'method' | 'path' | 'status' | 'bytes'> }
  | { readonly kind: 'error'; readonly message: string }
  /** It listens on a port that the system chose. */
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'other' };

const lineSchema = z.looseObject({
  level: z.string(),
  message: z.string().default(''),
  error: z.string().optional(),
  port: z.int().positive().optional(),
});
const requestSchema = z.looseObject({
  message: z.literal('HTTP API'),
  method: z.string(),
  path: z.string(),
  statusCode: z.int(),
  bodySize: z.int().default(0),
});

const ERRORS = new Set(['error', 'fatal', 'panic']);

/** Reads a line of zot's log, which is JSON; what is not JSON, as a panic of Go, is an error. */
export function readZotLine(line: string): ZotLine {
  const json = jsonIn(line);
  const request = requestSchema.safeParse(json).data;
  if (request !== undefined) {
    const { method, path, statusCode, bodySize } = request;
    const [place = ''] = path.split('?');
    return { kind: 'request', request: { method, path: place, status: statusCode, bytes: bodySize } };
  }
  const parsed = lineSchema.safeParse(json).data;
  if (parsed === undefined) return line.trim() === '' ? { kind: 'other' } : { kind: 'error', message: line };
  const { level, message, error, port } = parsed;
  if (ERRORS.has(level))
    return { kind: 'error', message: error === undefined ? message : `${message}: ${error}` };
  if (port !== undefined && /kernel chosen port/.test(message)) return { kind: 'port', port };
  return { kind: 'other' };
}
