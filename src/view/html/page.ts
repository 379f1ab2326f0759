import { artifactsIn, digestOfLock, type Lock } from '../../lock/index.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { imagesMarkup } from './images.ts';
import { kitMarkup } from './kit-commands.ts';
import { sharingMarkup } from './picture.ts';
import { pullMarkup } from './pulls.ts';
import { MAX_PRINTED, SCRIPT } from './script/script.ts';
import { type Sharing, sharingOf } from './sharing.ts';
import { bundleSizes } from './sizes.ts';
import { MEDIA_STYLE } from './style-media.ts';
import { STYLE } from './style.ts';
import { filesMarkup, sharedMarkup } from './tables.ts';
import { hashSource, html, type Markup } from './template.ts';

/** Nothing from outside, and no script or style but those whose hashes are here: even if the escaping fails. */
const POLICY = `default-src 'none'; style-src ${hashSource(STYLE)} ${hashSource(MEDIA_STYLE)}; script-src ${hashSource(SCRIPT)}; base-uri 'none'; form-action 'none'`;

/**
 * The page `report.html`, from the lock alone: the same lock gives the same bytes. It needs neither network nor script;
 * one script of its own adds a search, buttons and another address.
 */
export function renderHtml(lock: Lock, title: string): string {
  const sharing = sharingOf(lock);
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${STYLE} ${MEDIA_STYLE}
      </head>
      <body class="${lock.images.length > MAX_PRINTED ? 'many' : 'few'}">
        <header>
          <h1>${title}</h1>
          <p>${fidelityWords(lock)}</p>
          <p>Lock <code>${digestOfLock(lock)}</code></p>
          ${factsMarkup(lock, sharing)} ${lock.images.length > 0 ? NAVIGATION : undefined}
        </header>
        <main>
          ${kitMarkup()} ${pullMarkup(lock)} ${sharingMarkup(lock, sharing)} ${imagesMarkup(lock, sharing)}
          ${sharedMarkup(lock, sharing)} ${filesMarkup(lock)}
        </main>
        <footer>
          <p>
            Made by oci-save from the lock alone, so the same images give the same page; the list, the time
            and the tools of the run are in its report, a file that ends in .report.json. Open an image to see
            its digests and layers. A digest is the sha256 of a blob's bytes, and its hex digits are the
            blob's file name.
          </p>
        </footer>
        ${SCRIPT}
      </body>
    </html> `.markup
  }`;
}

const NAVIGATION = html`<nav>
  <a href="#use">How to use it</a> <a href="#pull">Pull</a> <a href="#sharing">Shared layers</a>
  <a href="#images">Images</a>
</nav>`;

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
  const { linked, copied } = bundleSizes(lock);
  const artifacts = artifactsIn(lock);
  const facts: [name: string, value: string, note?: string][] = [
    ['Images', String(lock.images.length - artifacts)],
    ...(artifacts === 0 ? [] : [['Other artifacts', String(artifacts)] satisfies [string, string]]),
    ['Platforms', String(platforms.size)],
    ['Blobs', String(Object.keys(lock.blobs).length)],
    ['Size', formatBytes(linked), 'each blob once, with hard links'],
    ['Size as copies', formatBytes(copied), 'without hard links, as on FAT, exFAT'],
    ['Saved by sharing', formatBytes(apart - together), 'layers that several images have'],
  ];
  return html`<dl class="facts">
    ${facts.map(
      ([name, value, note]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}${note === undefined ? undefined : html` <small>${note}</small>`}</dd>
        </div>`,
    )}
  </dl>`;
}
