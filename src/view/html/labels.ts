import { isSparse, type Lock, type LockedImage } from '../../lock/index.ts';
import { isSignatureType } from '../../oci/referrer.ts';
import { formatCount } from '../../text/bytes.ts';
import { html, type Markup } from './template.ts';

/** What is said of an image in a word, and what the word means. */
interface Label {
  readonly word: string;
  readonly isWarning?: true;
  readonly test: (image: LockedImage) => boolean;
  readonly meaning: string;
}

/** All that follows from the lock. It has no types of layers: which images are encrypted stands in kit/images.tsv. */
const LABELS: readonly Label[] = [
  {
    word: 'sparse',
    isWarning: true,
    test: isSparse,
    meaning:
      'Not all platforms of its index are here. The registry serves the index with the digest of its source, and ' +
      'answers 404 for the platforms that are absent. Importers get what is here under another digest, which the ' +
      'image has as “For importers”.',
  },
  {
    word: 'narrowed',
    isWarning: true,
    test: ({ index }) => index === 'narrow',
    meaning:
      'Its index was made anew, as was asked for, and lists what is here alone: its digest is not that of its ' +
      'source, and signatures of the original index do not fit it.',
  },
  {
    word: 'converted',
    isWarning: true,
    test: ({ converted }) => converted !== undefined,
    meaning:
      'Its manifests were converted, or its source has no digests: it has a digest that no registry had before.',
  },
  {
    word: 'artifact',
    test: ({ platforms, leaves }) => platforms.length === 0 && leaves.length > 0,
    meaning:
      'No container image but a chart, a policy or the like: runtimes do not take it, and load.sh passes over it. ' +
      'Registries serve it, and skopeo, oras and helm read it there.',
  },
  {
    word: 'attestations',
    test: ({ leaves }) => leaves.some(({ attests }) => attests !== undefined),
    meaning: 'BuildKit’s provenance and SBOM stand in its index, and travel with it.',
  },
  {
    word: 'signatures',
    test: ({ referrers }) => referrers.some(isSignature),
    meaning:
      'Signatures of it are here and were not checked: cosign and notation find them in the registry. Importers do ' +
      'not take them.',
  },
  {
    word: 'referrers',
    test: ({ referrers }) => referrers.some((referrer) => !isSignature(referrer)),
    meaning:
      'SBOMs, attestations or the like that refer to it are here: oras discover lists them in the registry. ' +
      'Importers do not take them.',
  },
];

function isSignature({ artifactType, tag }: LockedImage['referrers'][number]): boolean {
  return tag?.endsWith('.sig') === true || (artifactType !== undefined && isSignatureType(artifactType));
}

/** The words by which an image is found. */
export function labelWords(image: LockedImage): string[] {
  return LABELS.filter(({ test }) => test(image)).map(({ word }) => word);
}

/** The labels of an image, beside its name. */
export function labelsMarkup(image: LockedImage): Markup {
  return html`${LABELS.filter(({ test }) => test(image)).map(badge)}`;
}

/** What the labels that occur in a bundle mean, and how many images have each. */
export function legendMarkup({ images }: Lock): Markup | undefined {
  const used = LABELS.map((label) => ({ label, count: images.filter(label.test).length })).filter(
    ({ count }) => count > 0,
  );
  if (used.length === 0) return undefined;
  return html`<details class="legend">
    <summary>What the labels mean: ${used.map(({ label }) => badge(label))}</summary>
    <dl class="inside">
      ${used.map(
        ({ label, count }) =>
          html`<dt>${badge(label)} ${formatCount(count, 'image')}</dt>
            <dd>${label.meaning}</dd>`,
      )}
      <dt>encrypted</dt>
      <dd>The lock does not say which layers are encrypted: kit/images.tsv has such images as “opaque”.</dd>
    </dl>
  </details>`;
}

function badge({ word, isWarning }: Label): Markup {
  return isWarning
    ? html` <span class="badge warn">${word}</span>`
    : html` <span class="badge">${word}</span>`;
}
