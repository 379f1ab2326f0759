import { digestOfLock, type Lock, type LockedImage } from '../../lock/index.ts';
import { byNumber } from '../../text/by-text.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { FILTER_FIELD, FILTER_SCRIPT } from './filter.ts';
import { imageMarkup } from './image.ts';
import { STYLE } from './style.ts';
import { filesMarkup, sharedMarkup } from './tables.ts';
import { html, type Markup } from './template.ts';
import { usesMarkup } from './uses.ts';
import { type Sharing, sharingOf, sizeOf } from './sharing.ts';

/**
 * The page `report.html`, from the lock alone: the same lock gives the same bytes. It needs neither network nor script;
 * one script of its own adds a filter. The policy in its head holds even if the escaping fails.
 */
export function renderHtml(lock: Lock, title: string): string {
  const sharing = sharingOf(lock);
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src ${FILTER_SCRIPT.source}"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${STYLE}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p>${fidelityWords(lock)}</p>
          <p>Lock <code>${digestOfLock(lock)}</code></p>
          ${factsMarkup(lock, sharing)}
        </header>
        <main>
          ${usesMarkup(lock)} ${imagesMarkup(lock, sharing)} ${sharedMarkup(lock, sharing)}
          ${filesMarkup(lock)}
        </main>
        <footer>
          <p>
            Made by oci-save from the lock alone, so the same images give the same page; the list, the time
            and the tools of the run are in its report, a file that ends in .report.json. Open an image to see
            its digests and layers. A digest is the sha256 of a blob's bytes, and its hex digits are the
            blob's file name.
          </p>
        </footer>
        ${FILTER_SCRIPT.markup}
      </body>
    </html> `.markup
  }`;
}

function fidelityWords({ images }: Lock): string {
  const converted = images.filter((image) => image.converted !== undefined).length;
  const but = converted === 0 ? '' : `, but for ${formatCount(converted, 'image')} that had to be converted`;
  return `Container images, digest for digest as their sources served them${but}.`;
}

/** The page in every bundle and release. */
export function renderBundlePage(lock: Lock): string {
  return renderHtml(lock, 'Image bundle');
}

function factsMarkup(lock: Lock, { apart, together }: Sharing): Markup {
  const platforms = new Set(lock.images.flatMap(({ platforms }) => platforms));
  const sizes = Object.values(lock.blobs);
  const facts: [name: string, value: string][] = [
    ['Images', String(lock.images.length)],
    ['Platforms', String(platforms.size)],
    ['Blobs', String(sizes.length)],
    ['Unique size', formatBytes(sizes.reduce((sum, size) => sum + size, 0))],
    ['Saved by sharing', formatBytes(apart - together)],
  ];
  return html`<dl class="facts">
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function imagesMarkup(lock: Lock, sharing: Sharing): Markup {
  const sizes = lock.images.map((image) => sizeOf(image, lock, sharing));
  const largest = sizes.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const platforms = [...new Set(lock.images.flatMap((image) => image.platforms))].toSorted();
  const sorted = [...lock.images.entries()].toSorted(([, a], [, b]) => byName(a.ref, b.ref));
  const groups = Map.groupBy(sorted, ([, image]) => registryOf(image));
  const rowOf = ([index, image]: readonly [number, LockedImage], registry: string): Markup =>
    imageMarkup(image, index, { lock, sharing, size: sizes[index] ?? NO_SIZE, largest, platforms, registry });
  return html`<h2>Images</h2>
    ${groups.size > 1 ? contentsMarkup([...groups]) : undefined} ${FILTER_FIELD}
    <div class="row head">
      <span>Reference</span><span class="soft">Digest</span><span class="soft">Platforms</span
      ><span class="key"><i></i> own <b></b> shared</span><span class="right">Size</span>
    </div>
    ${[...groups].map(
      ([registry, entries], group) =>
        html`<section>
          <h3 id="group-${group + 1}">${registry}, ${formatCount(entries.length, 'image')}</h3>
          ${entries.map((entry) => rowOf(entry, registry))}
        </section> `,
    )}`;
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

const NO_SIZE = { bytes: 0, own: 0 };

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

function registryOf({ ref, source }: LockedImage): string {
  return source === 'docker' ? (ref.split('/', 1)[0] ?? ref) : `from ${source}`;
}
