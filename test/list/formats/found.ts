import { expect } from 'vitest';
import { parseList } from '../../../src/list/index.ts';
import { refOf } from '../../../src/resolve/index.ts';

/** What a list says, as tests of formats compare it: each with its line. */
export interface Found {
  readonly requests: readonly (readonly [line: number, ref: string])[];
  readonly candidates: readonly (readonly [line: number, text: string, why: string])[];
  readonly rejects: readonly (readonly [line: number, reason: string])[];
  readonly ignored: readonly string[];
  readonly warnings: readonly (readonly [line: number, message: string])[];
}

/** Parses a text by recognition, and expects the format that it must be recognised as. */
export function found(text: string, file: string, format: string): Found {
  const list = parseList(new TextEncoder().encode(text), file, {
    format: 'auto',
    defaultRegistry: 'docker.io',
  });
  expect(list.format).toBe(format);
  return {
    requests: list.requests.map(({ origin, source }) => [origin.line, refOf(source)]),
    candidates: list.candidates.map(({ origin, text: written, why }) => [origin.line, written, why]),
    rejects: list.rejects.map(({ origin, reason }) => [origin.line, reason]),
    ignored: list.ignored,
    warnings: list.warnings.map(({ origin, message }) => [origin.line, message]),
  };
}
