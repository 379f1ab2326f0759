import type { Leaf, Lock, LockedImage } from '../../lock/index.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import { formatBytes } from '../../text/bytes.ts';
import { html, type Markup, tableMarkup } from './template.ts';
import type { Sharing } from './sharing.ts';

export interface ImageContext {
  readonly lock: Lock;
  readonly sharing: Sharing;
  /** Bytes of the image, and of the largest one: its bar is drawn to that scale. */
  readonly size: number;
  readonly largest: number;
  /** Of all images of the bundle, sorted. */
  readonly platforms: readonly string[];
}

/** One image: a row that opens to everything that the lock has about it. */
export function imageMarkup(image: LockedImage, index: number, context: ImageContext): Markup {
  const { size, largest } = context;
  const percent = largest === 0 ? 0 : Math.round((size / largest) * 100);
  return html`<details id="image-${index + 1}">
    <summary>
      <span class="row"
        ><span class="ref">${image.ref}</span><code class="soft">${shortDigest(image.digest)}</code
        ><span class="soft">${platformText(image)}</span
        ><span class="bar"><i style="width:${percent}%"></i></span
        ><span class="right">${formatBytes(size)}</span></span
      >
    </summary>
    <div class="inside">
      <dl>
        ${facts(image, context).map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
      ${image.leaves.map((leaf) => leafMarkup(leaf, image, context))}
    </div>
  </details> `;
}

function platformText({ platforms, leaves }: LockedImage): string {
  if (platforms.length > 0) return platforms.join(', ');
  return leaves.length > 0 ? 'artifact' : '';
}

function facts(image: LockedImage, { platforms }: ImageContext): [name: string, value: Markup][] {
  const code = (text: string): Markup => html`<code>${text}</code>`;
  const lines = (texts: readonly string[]): Markup =>
    html`${texts.map((text) => html`<div>${code(text)}</div>`)}`;
  // An artifact has no platform.
  const missing =
    image.platforms.length === 0 ? [] : platforms.filter((one) => !image.platforms.includes(one));
  const converted = Object.entries(image.converted ?? {}).map(([from, to]) => `${from} → ${to}`);
  return [
    ['Stored as', lines(image.names)],
    ['Digest', code(image.digest)],
    ['Media type', code(image.mediaType)],
    ...optional(
      'Narrowed to',
      image.root === image.digest
        ? undefined
        : html`${code(image.root)} <span class="soft">for readers that take no sparse index</span>`,
    ),
    ...optional(
      'Converted',
      image.converted === undefined
        ? undefined
        : converted.length > 0
          ? lines(converted)
          : html`from a source without a digest`,
    ),
    ...optional(
      'Not for',
      missing.length === 0
        ? undefined
        : html`${missing.join(', ')} <span class="soft">other images here have it</span>`,
    ),
    ...optional('Image ID', image.imageId === undefined ? undefined : code(image.imageId)),
    ['Source', html`${image.source}`],
    ...optional('Referrers', image.referrers.length === 0 ? undefined : lines(image.referrers)),
  ];
}

function optional(name: string, value: Markup | undefined): [name: string, value: Markup][] {
  return value === undefined ? [] : [[name, value]];
}

function leafMarkup(leaf: Leaf, image: LockedImage, context: ImageContext): Markup {
  return html`<h4>${leafTitle(leaf, image)} <code>${leaf.digest}</code></h4>
    ${tableMarkup(['Blob', 'Digest', 'Size', 'Shared'], 2, [
      blobRow('config', leaf.config, context),
      ...leaf.layers.map((layer, index) => blobRow(`layer ${index + 1}`, layer, context)),
    ])} `;
}

function leafTitle({ platform, attests }: Leaf, image: LockedImage): string {
  if (attests === undefined) return platform ?? 'artifact';
  const subject = image.leaves.find(({ digest }) => digest === attests);
  return `attestation of ${subject?.platform ?? shortDigest(attests)}`;
}

function blobRow(name: string, digest: Digest, { lock, sharing }: ImageContext): Markup {
  const size = lock.blobs[digest];
  const users = sharing.users.get(digest)?.length ?? 0;
  return html`<tr>
    <td>${name}</td>
    <td><code>${digest}</code></td>
    <td class="right">${size === undefined ? 'unknown' : formatBytes(size)}</td>
    <td class="right">${users > 1 ? html`<span class="badge">${users} images</span>` : undefined}</td>
  </tr> `;
}
