import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { formatSource } from '../entry/source.ts';
import type { Form, WritableImage } from './form.ts';

/** One image per line: `--platform=linux/amd64,linux/arm64 source => name, name`. */
export const PLAIN: Form = {
  name: 'plain',
  noun: 'a plain list',
  format: 'plain',
  // Blanks and invisible characters would end the entry of a line or start another one.
  whyNot: ({ source }) =>
    /[\p{C}\p{Z}]/u.test(formatSource(source)) ? 'it contains a blank or an invisible character' : undefined,
  write: (images) => images.map((image) => `${plainLine(image)}\n`).join(''),
};

/** An entry as a line of a plain list. */
export function plainLine({ source, platforms, storedAs }: WritableImage): string {
  const named =
    platforms === undefined || platforms === 'all' ? platforms : platforms.map(formatPlatform).join(',');
  return [
    ...(named === undefined ? [] : [`--platform=${named}`]),
    formatSource(source),
    ...(storedAs.length === 0 ? [] : ['=>', storedAs.map(formatReference).join(', ')]),
  ].join(' ');
}
