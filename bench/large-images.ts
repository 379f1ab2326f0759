import { buildImage, filledLayer } from '../test/support/fixtures/index.ts';
import type { Image } from '../test/support/image.ts';
import { MB } from './table.ts';

/**
 * Images with layers as large as those of language runtimes, over one base: beside them the small ones of the corpus
 * show what each request costs, these what the bytes cost.
 */
export function largeImages(): { readonly name: string; readonly tag: string; readonly image: Image }[] {
  const base = filledLayer('large base', 92 * MB);
  return [96, 68, 33].map((size) => ({
    name: `large-${size}`,
    tag: '1',
    image: buildImage({ layers: [base, filledLayer(`large ${size}`, size * MB)] }),
  }));
}
