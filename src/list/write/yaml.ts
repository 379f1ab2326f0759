import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { printableJson } from '../../text/plain-text.ts';
import { formatSource } from '../entry/source.ts';
import type { Form, WritableImage } from './form.ts';

/** Our own list, with the keys that the documentation shows. */
export const YAML: Form = {
  name: 'yaml',
  noun: 'a YAML list',
  format: 'list',
  whyNot: () => undefined,
  write: (images) =>
    images.length === 0 ? 'images: []\n' : `images:\n${images.flatMap(entryLines).join('\n')}\n`,
};

function entryLines({ source, platforms, storedAs }: WritableImage): string[] {
  const named = platforms === undefined || platforms === 'all' ? platforms : platforms.map(formatPlatform);
  return [
    `  - image: ${yamlText(formatSource(source))}`,
    ...(named === undefined
      ? []
      : [`    platforms: ${typeof named === 'string' ? named : yamlTexts(named)}`]),
    ...(storedAs.length === 0 ? [] : [`    as: ${yamlTexts(storedAs.map(formatReference))}`]),
  ];
}

function yamlTexts(texts: readonly string[]): string {
  return `[${texts.map(yamlText).join(', ')}]`;
}

/** A text as a scalar that every parser takes for text: in double quotes, where it is not the usual name or platform. */
export function yamlText(text: string): string {
  const isUsual = text.includes('/') && /^[A-Za-z0-9][\w./:@-]*[\w-]$/.test(text);
  return isUsual ? text : printableJson(text, 0);
}
