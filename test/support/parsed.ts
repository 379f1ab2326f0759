import { parseList, referenceIn } from '../../src/list/index.ts';
import { formatPlatform } from '../../src/oci/platform.ts';
import { formatReference } from '../../src/oci/reference.ts';
import type { ImageRequest, ParsedList } from '../../src/list/request.ts';

export interface HowToParse {
  readonly file?: string;
  readonly format?: string;
  readonly defaultRegistry?: string;
}

/** A list's text, parsed as the run would parse the file. */
export function parsed(text: string | Uint8Array, how: HowToParse = {}): ParsedList {
  const { file = 'images.txt', format = 'auto', defaultRegistry = 'docker.io' } = how;
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return parseList(bytes, file, { format, defaultRegistry });
}

/** A request in one line: `3: linux/arm64 quay.io/a/b:1 => x.example/b:1`, without the parts that it does not have. */
export function shownRequest({ origin, source, platforms, storedAs }: ImageRequest): string {
  const where =
    source.transport === 'docker' ? '' : `${source.transport}:${'path' in source ? `${source.path} ` : ''}`;
  const reference = referenceIn(source);
  const name =
    'name' in source ? (source.name ?? '') : reference === undefined ? '' : formatReference(reference);
  const choice = platforms === undefined ? [] : platforms === 'all' ? ['all'] : platforms.map(formatPlatform);
  return [
    `${origin.line}:`,
    ...(choice.length === 0 ? [] : [choice.join(',')]),
    `${where}${name}`.trim(),
    ...storedAs.map((stored) => `=> ${formatReference(stored)}`),
  ].join(' ');
}

/** The requests of a list's text, each in one line. */
export function requestsOf(text: string | Uint8Array, how?: HowToParse): string[] {
  return parsed(text, how).requests.map(shownRequest);
}

/** The rejects of a list's text, each in one line: `3: 'quoted' reason (hint)`. */
export function rejectsOf(text: string | Uint8Array, how?: HowToParse): string[] {
  return parsed(text, how).rejects.map(
    ({ origin, text: quoted, reason, hint }) =>
      `${origin.line}: ${quoted === '' ? '' : `'${quoted}' `}${reason}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

/** The warnings of a list's text, each in one line. */
export function warningsOf(text: string, how?: HowToParse): string[] {
  return parsed(text, how).warnings.map(({ origin, message }) => `${origin.line}: ${message}`);
}
