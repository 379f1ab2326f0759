import type { Lock, LockedImage } from '../../lock/index.ts';
import { byNumber } from '../../text/by-text.ts';
import { formatCount } from '../../text/bytes.ts';
import { type ImageContext, imageMarkup, mainName } from './image.ts';
import { legendMarkup } from './labels.ts';
import { swatch } from './picture.ts';
import { SEARCH_FIELDS } from './script/script.ts';
import { type Sharing, sizeOf } from './sharing.ts';
import { html, type Markup } from './template.ts';

/** Rows of blobs in the page: beyond that, as with thousands of images, the lock is the place to look them up. */
const MAX_BLOB_ROWS = 50_000;

/** All images, by registry and name; each opens to everything that the lock has about it. */
export function imagesMarkup(lock: Lock, sharing: Sharing): Markup {
  const sizes = lock.images.map((image) => sizeOf(image, lock, sharing));
  const largest = sizes.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const platforms = [...new Set(lock.images.flatMap((image) => image.platforms))].toSorted();
  const common: Omit<ImageContext, 'size' | 'registry'> = {
    lock,
    sharing,
    largest,
    platforms,
    hasBlobs: blobRows(lock) <= MAX_BLOB_ROWS,
  };
  const sorted = [...lock.images.entries()].toSorted(([, a], [, b]) => byName(mainName(a), mainName(b)));
  const groups = Map.groupBy(sorted, ([, image]) => registryOf(image));
  return html`<h2 id="images">Images</h2>
    ${groups.size > 1 ? contentsMarkup([...groups]) : undefined} ${legendMarkup(lock)} ${SEARCH_FIELDS}
    <div class="row head" aria-hidden="true">
      <span>Reference</span><span class="soft">Digest</span><span class="soft">Platforms</span
      ><span class="kinds">${swatch('own')} own ${swatch('elsewhere')} shared</span
      ><span class="right">Size</span>
    </div>
    ${[...groups].map(
      ([registry, entries], group) =>
        html`<section>
          <h3 id="group-${group + 1}">${registry}, ${formatCount(entries.length, 'image')}</h3>
          ${entries.map(([index, image]) =>
            imageMarkup(image, index, { ...common, size: sizes[index] ?? NO_SIZE, registry }),
          )}
        </section> `,
    )}`;
}

const NO_SIZE = { bytes: 0, own: 0 };

function blobRows({ images }: Lock): number {
  let rows = 0;
  for (const { leaves } of images) for (const { layers } of leaves) rows += layers.length + 1;
  return rows;
}

/** By name, then by tag, each as people count: all tags of one name are together. */
function byName(a: string, b: string): number {
  const [left, leftTag] = splitTag(a);
  const [right, rightTag] = splitTag(b);
  return byNumber(left, right) || byNumber(leftTag, rightTag);
}

/** What stands before the tag or digest of a reference, and the rest: a port's colon comes before a slash. */
function splitTag(ref: string): readonly [name: string, rest: string] {
  const colon = ref.indexOf(':', ref.lastIndexOf('/') + 1);
  return colon < 0 ? [ref, ''] : [ref.slice(0, colon), ref.slice(colon + 1)];
}

/** Links to the registries of a long list. */
function contentsMarkup(
  groups: readonly (readonly [registry: string, entries: readonly unknown[]])[],
): Markup {
  return html`<p class="contents">
    ${groups.map(
      ([registry, entries], group) =>
        html`<span><a href="#group-${group + 1}">${registry}</a> ${entries.length}</span> `,
    )}
  </p>`;
}

function registryOf(image: LockedImage): string {
  const name = mainName(image);
  return image.source === 'docker' ? (name.split('/', 1)[0] ?? name) : `from ${image.source}`;
}
