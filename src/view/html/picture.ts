import type { Lock } from '../../lock/index.ts';
import { shortDigest } from '../../oci/digest.ts';
import { shownReference } from '../../oci/reference.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { type Block, familiesOf, type Family } from './families.ts';
import type { Sharing } from './sharing.ts';
import { html, type Markup } from './template.ts';

/** Pictures in the page: those that sharing saves most. */
const MAX_FAMILIES = 30;
/** Rows of open pictures: with more, the reader opens what is of interest. */
const MAX_OPEN_ROWS = 60;
/** Pixels; the style has the same height for the names beside them (`--row`). */
const ROW = 24;
const GAP = 3;
/** Percent of the width from which a block has room for words. */
const WORDS_FROM = 14;

/** Which images share layers with which: a picture for each set of images on the same base. */
export function sharingMarkup(lock: Lock, sharing: Sharing): Markup {
  const families = familiesOf(lock, sharing);
  const rest = lock.images.length - families.reduce((sum, { images }) => sum + images.length, 0);
  if (families.length === 0)
    return html`<h2 id="sharing">Shared layers</h2>
      <p>No two images here stand on the same base.</p>`;
  const shown = families.slice(0, MAX_FAMILIES);
  let drawn = 0;
  const isOpen = ({ rows }: Family): boolean => (drawn += rows.length) <= MAX_OPEN_ROWS;
  const most = Math.max(...shown.map(({ apart }) => apart));
  const left = families.slice(MAX_FAMILIES);
  const leftImages = left.reduce((sum, { images }) => sum + images.length, 0);
  return html`<h2 id="sharing">Shared layers</h2>
    <p>
      Images that begin with the same layers, of one platform each: what several rows have is one block over
      them, and stored once. Other images may share single blobs, too.
    </p>
    ${KEY}
    <div>${shown.map((family) => familyMarkup(family, lock, most, isOpen(family)))}</div>
    <p>
      ${left.length > 0 ? `${formatCount(leftImages, 'image')} on ${formatCount(left.length, 'base')} more are not drawn. ` : ''}${
        rest > 0
          ? `${formatCount(rest, 'image')} ${rest === 1 ? 'stands' : 'stand'} on a base that no other image has.`
          : ''
      }
    </p>`;
}

/** The patterns that all pictures and bars use, and what they mean. */
const KEY = html`<svg class="defs" width="0" height="0" aria-hidden="true">
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="ground" width="6" height="6" />
        <rect class="ink" width="2.5" height="6" />
      </pattern>
    </defs>
  </svg>
  <ul class="key">
    <li>${swatch('base')} of all rows beside it, stored once</li>
    <li>${swatch('elsewhere')} shared with images elsewhere</li>
    <li>${swatch('own')} of this image alone</li>
  </ul>`;

/** The sign of a kind of bytes. */
export function swatch(kind: Block['kind']): Markup {
  return html`<svg class="swatch" aria-hidden="true">
    <rect class="${kind}" width="100%" height="100%" />
  </svg>`;
}

function familyMarkup(family: Family, lock: Lock, most: number, isOpen: boolean): Markup {
  const { images, rows, once, apart } = family;
  const more = images.length - rows.length;
  return html`<details class="family" ${isOpen ? OPEN : undefined}>
    <summary>
      <span class="row"
        ><span>${titleOf(family, lock)}</span
        ><span class="soft">${formatBytes(once)}, ${formatBytes(apart - once)} saved</span
        ><svg class="bar" aria-hidden="true">
          <rect class="once" width="${percent(once, most)}%" height="100%" />
          <rect
            class="saved"
            x="${percent(once, most)}%"
            width="${percent(apart - once, most)}%"
            height="100%"
          /></svg
      ></span>
    </summary>
    <figure class="inside">
      <ol class="kin">
        ${rows.map(
          ({ image, bytes }) =>
            html`<li>
              <a href="#image-${image + 1}" title="${nameOf(image, lock)}">${lastOf(nameOf(image, lock))}</a
              ><span>${formatBytes(bytes)}</span>
            </li> `,
        )}
      </ol>
      ${drawing(family, lock)}
      ${more > 0 ? html`<figcaption>The ${rows.length} largest of ${images.length} images.</figcaption>` : undefined}
    </figure>
  </details>`;
}

const OPEN: Markup = html`open`;

function titleOf({ base, platform, images, named }: Family, lock: Lock): Markup {
  const others = images.length - (named === undefined ? 0 : 1);
  const count = formatCount(others, 'image');
  const on = platform === undefined ? '' : `, ${platform}`;
  const what = `${formatCount(base.layers, 'layer')}, ${formatBytes(base.bytes)}${on}`;
  return named === undefined
    ? html`<b>${count}</b> on <code>${shortDigest(base.digest)}</code> <span class="soft">(${what})</span>`
    : html`<b class="ref">${nameOf(named, lock)}</b> and <b>${count}</b> on it
        <span class="soft">(${what})</span>`;
}

function drawing(family: Family, lock: Lock): Markup {
  const { rows, blocks, images, base, once, apart } = family;
  const scale = Math.max(1, ...rows.map(({ bytes }) => bytes));
  const words = `${formatCount(images.length, 'image')} begin with the same ${formatCount(base.layers, 'layer')} of ${formatBytes(base.bytes)}. Their layers take ${formatBytes(once)} together, and ${formatBytes(apart)} if nothing were shared.`;
  return html`<svg class="drawing" role="img" height="${rows.length * ROW}">
    <title>${words}</title>
    ${blocks.map((block) => blockMarkup(block, scale, family, lock))}
  </svg>`;
}

function blockMarkup(block: Block, scale: number, { rows }: Family, lock: Lock): Markup {
  const { kind, row, start, bytes, layers } = block;
  const width = percent(bytes, scale);
  const height = block.rows * ROW - GAP;
  const place = html`x="${percent(start, scale)}%" y="${row * ROW + 1}" width="${width}%" height="${height}"`;
  const what = `${formatCount(layers, 'layer')}, ${formatBytes(bytes)}`;
  const title = `${what} ${whose(block, nameOf(rows[row]?.image ?? 0, lock))}`;
  const rect = html`<rect class="${kind}" ${place}><title>${title}</title></rect> `;
  // An inner svg cuts words off at its edge.
  return kind === 'base' && Number(width) >= WORDS_FROM
    ? html`${rect}<svg ${place} aria-hidden="true"><text x="6" y="15">${formatBytes(bytes)}</text></svg> `
    : rect;
}

function whose({ kind, rows }: Block, name: string): string {
  if (kind === 'base') return `once for ${formatCount(rows, 'image')}`;
  return kind === 'own' ? `of ${name} alone` : `of ${name}, shared with images elsewhere`;
}

/** A share in percent, with as many figures as a screen shows. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? String(Number(((part / whole) * 100).toFixed(2))) : '0';
}

function nameOf(image: number, lock: Lock): string {
  return shownReference(lock.images[image]?.ref ?? '');
}

/** What tells images apart in a narrow column: the last component and the tag. */
function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
