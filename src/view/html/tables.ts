import type { Lock } from '../../lock/index.ts';
import { shownReference } from '../../oci/reference.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { html, type Markup, tableMarkup } from './template.ts';
import type { Sharing } from './sharing.ts';

/** Shared blobs that are listed, those that save most first. */
const MAX_SHARED = 50;
const MAX_USERS = 4;

/** The blobs that several images share, and these images. */
export function sharedMarkup(lock: Lock, { users }: Sharing): Markup | undefined {
  const shared = [...users]
    .filter(([, images]) => images.length > 1)
    .map(([digest, images]) => ({ digest, images, size: lock.blobs[digest] ?? 0 }))
    .toSorted(
      (a, b) =>
        b.size * (b.images.length - 1) - a.size * (a.images.length - 1) || (a.digest < b.digest ? -1 : 1),
    );
  if (shared.length === 0) return undefined;
  const more = shared.length - MAX_SHARED;
  return html`<h2>Shared blobs</h2>
    <p>
      ${formatCount(shared.length, 'blob')} in more than one image, stored
      once${more > 0 ? `; the ${MAX_SHARED} that save most` : ''}.
    </p>
    ${tableMarkup(
      ['Digest', 'Images', 'Size', 'Saved'],
      2,
      shared.slice(0, MAX_SHARED).map(
        ({ digest, images, size }) =>
          html`<tr>
            <td><code>${digest}</code></td>
            <td>${usersMarkup(images, lock)}</td>
            <td class="right">${formatBytes(size)}</td>
            <td class="right">${formatBytes(size * (images.length - 1))}</td>
          </tr> `,
      ),
    )}`;
}

function usersMarkup(images: readonly number[], lock: Lock): Markup {
  const more = images.length - MAX_USERS;
  return html`${images.slice(0, MAX_USERS).map(
    (index) =>
      html`<div>
        <a class="ref" href="#image-${index + 1}">${shownReference(lock.images[index]?.ref ?? '')}</a>
      </div>`,
  )}${more > 0 ? html`<div>and ${more} more</div>` : undefined}`;
}

/** The plain files in the bundle. */
export function filesMarkup({ files }: Lock): Markup | undefined {
  if (files.length === 0) return undefined;
  return html`<h2>Files</h2>
    ${tableMarkup(
      ['Path', 'Digest', 'Size'],
      2,
      files.map(
        ({ path, digest, size }) =>
          html`<tr>
            <td class="ref">${path}</td>
            <td><code>${digest}</code></td>
            <td class="right">${formatBytes(size)}</td>
          </tr> `,
      ),
    )}`;
}
