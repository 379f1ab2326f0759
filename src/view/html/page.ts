import type { Lock, LockedImage } from '../../lock/index.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { imageMarkup } from './image.ts';
import { STYLE } from './style.ts';
import { filesMarkup, sharedMarkup } from './tables.ts';
import { html, type Markup } from './template.ts';
import { blobsOfImage, type Sharing, sharingOf } from './sharing.ts';

/**
 * The page `report.html`, from the lock alone: the same lock gives the same bytes, and it needs neither network nor
 * script. The policy in its head holds even if the escaping fails.
 */
export function renderHtml(lock: Lock, title: string): string {
  const sharing = sharingOf(lock);
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${STYLE}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p>Container images, digest for digest as their sources served them.</p>
          ${factsMarkup(lock, sharing)}
        </header>
        <main>${imagesMarkup(lock, sharing)} ${sharedMarkup(lock, sharing)} ${filesMarkup(lock)}</main>
        <footer>
          <p>
            Made by oci-save from the lock alone. Open an image to see its digests and layers. A digest is the
            sha256 of a blob's bytes, and its hex digits are the blob's file name.
          </p>
        </footer>
      </body>
    </html> `.markup
  }`;
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
  const sizes = lock.images.map((image) => sumOf(blobsOfImage(image, lock).values()));
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const platforms = [...new Set(lock.images.flatMap((image) => image.platforms))].toSorted();
  const groups = Map.groupBy(lock.images.entries(), ([, image]) => registryOf(image));
  return html`<h2>Images</h2>
    ${groups.size > 1 ? contentsMarkup([...groups]) : undefined}
    <div class="row head">
      <span>Reference</span><span class="soft">Digest</span><span class="soft">Platforms</span><span></span
      ><span class="right">Size</span>
    </div>
    ${[...groups].map(
      ([registry, entries], group) =>
        html`<section>
          <h3 id="group-${group + 1}">${registry}, ${formatCount(entries.length, 'image')}</h3>
          ${entries.map(([index, image]) => imageMarkup(image, index, { lock, sharing, size: sizes[index] ?? 0, largest, platforms }))}
        </section> `,
    )}`;
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

function registryOf({ ref, source }: LockedImage): string {
  return source === 'docker' ? (ref.split('/', 1)[0] ?? ref) : `from ${source}`;
}

function sumOf(sizes: Iterable<number>): number {
  return [...sizes].reduce((sum, size) => sum + size, 0);
}
