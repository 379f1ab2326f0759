import { isSparse, type Leaf, type Lock, type LockedImage, type LockedReferrer } from '../../lock/index.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import { shownReference } from '../../oci/reference.ts';
import { formatBytes, formatCount } from '../../text/bytes.ts';
import { labelsMarkup, labelWords } from './labels.ts';
import { percent } from './picture.ts';
import { namesMarkup } from './pulls.ts';
import type { ImageSize, Sharing } from './sharing.ts';
import { html, type Markup, tableMarkup } from './template.ts';

export interface ImageContext {
  readonly lock: Lock;
  readonly sharing: Sharing;
  readonly size: ImageSize;
  /** Bytes of the largest image: all bars are drawn to that scale. */
  readonly largest: number;
  /** Of all images of the bundle, sorted. */
  readonly platforms: readonly string[];
  /** The registry under whose title the image is. */
  readonly registry: string;
  /** Whether the page lists the blobs of each image. */
  readonly hasBlobs: boolean;
}

/** What it can be pulled by: the source's name where it has it here, else its first one. */
export function mainName({ ref, names: [first, ...more] }: LockedImage): string {
  const source = shownReference(ref);
  return first === undefined || [first, ...more].some((name) => name === ref || name === source)
    ? source
    : first;
}

/** One image: a row that opens to everything that the lock has about it. */
export function imageMarkup(image: LockedImage, index: number, context: ImageContext): Markup {
  const { size, registry } = context;
  const main = mainName(image);
  const source = shownReference(image.ref);
  const others = image.names.filter((name) => name !== image.ref && name !== source && name !== main);
  return html`<details
    id="image-${index + 1}"
    data-find="${wordsOf(image)}"
    data-size="${size.bytes} ${size.own}"
  >
    <summary>
      <span class="row"
        ><span
          ><span class="ref">${refMarkup(main, registry)}</span
          >${labelsMarkup(image)}${main === source ? undefined : html`<span class="name">saved from <span class="ref">${source}</span></span>`}${others
            .slice(0, MAX_NAMES)
            .map((name) => html`<span class="name">stored as <span class="ref">${name}</span></span>`)}${more(
            others.length - MAX_NAMES,
          )}</span
        ><code class="soft">${shortDigest(image.digest)}</code
        ><span class="soft">${platformText(image)}</span>${barMarkup(context)}<span class="right"
          >${formatBytes(size.bytes)}<span class="own-bytes">${formatBytes(size.own)} own</span></span
        ></span
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

/** The title above has the registry: what tells images apart stands out. */
function refMarkup(ref: string, registry: string): Markup {
  const host = `${registry}/`;
  if (!ref.startsWith(host)) return html`${ref}`;
  return html`<i class="host">${host}</i>${ref.slice(host.length)}`;
}

/** Stored names that a row shows. */
const MAX_NAMES = 3;

function more(count: number): Markup | undefined {
  return count > 0 ? html`<span class="name">and ${count} more names</span>` : undefined;
}

/** Bytes that only this image has, then those that it shares, beside the largest image. */
function barMarkup({ size: { bytes, own }, largest }: ImageContext): Markup {
  return html`<svg class="bar" aria-hidden="true">
    <rect class="own" width="${percent(own, largest)}%" />
    <rect class="elsewhere" x="${percent(own, largest)}%" width="${percent(bytes - own, largest)}%" />
  </svg>`;
}

function platformText({ platforms, leaves }: LockedImage): string {
  if (platforms.length > 0) return platforms.join(', ');
  return leaves.length > 0 ? 'artifact' : '';
}

function facts(image: LockedImage, { platforms, size }: ImageContext): [name: string, value: Markup][] {
  const code = (text: string): Markup => html`<code>${text}</code>`;
  const lines = (texts: readonly string[]): Markup =>
    html`${texts.map((text) => html`<div>${code(text)}</div>`)}`;
  // An artifact has no platform.
  const missing =
    image.platforms.length === 0 ? [] : platforms.filter((one) => !image.platforms.includes(one));
  const converted = Object.entries(image.converted ?? {}).map(([from, to]) => `${from} → ${to}`);
  return [
    ['Pull', namesMarkup(image)],
    ['Digest', code(image.digest)],
    ['Media type', code(image.mediaType)],
    [
      'Size',
      html`${formatBytes(size.bytes)}: ${formatBytes(size.own)} of its own, and
      ${formatBytes(size.bytes - size.own)} that other images have, too`,
    ],
    ...optional('For importers', isSparse(image) ? code(image.root) : undefined),
    ...optional('Narrowed to', image.index === 'narrow' ? code(image.root) : undefined),
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
        : html`${missing.join(', ')} <span class="soft">(other images here have it)</span>`,
    ),
    ...optional('Image ID', image.imageId === undefined ? undefined : code(image.imageId)),
    ['Source', html`${image.source}`],
    ...optional(
      'Referrers',
      image.referrers.length === 0 ? undefined : html`${image.referrers.map(referrerMarkup)}`,
    ),
  ];
}

function referrerMarkup({ digest, artifactType, tag }: LockedReferrer): Markup {
  return html`<div>
    <code>${digest}</code>
    <span class="soft">${artifactType ?? ''} ${tag === undefined ? '' : `tag ${tag}`}</span>
  </div> `;
}

function optional(name: string, value: Markup | undefined): [name: string, value: Markup][] {
  return value === undefined ? [] : [[name, value]];
}

function leafMarkup(leaf: Leaf, image: LockedImage, context: ImageContext): Markup {
  const title = html`<h4>${leafTitle(leaf, image)} <code>${leaf.digest}</code></h4> `;
  if (!context.hasBlobs)
    return html`${title}
      <p>${formatCount(leaf.layers.length, 'layer')}: the digests are in oci-save.lock.json.</p> `;
  return html`${title}
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

/** What an image is found by. */
function wordsOf(image: LockedImage): string {
  const { ref, names, digest, platforms } = image;
  return [...new Set([ref, ...names, digest, ...platforms, ...labelWords(image)])].join(' ').toLowerCase();
}
