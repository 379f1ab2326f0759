import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, nameOf } from '../../oci/reference.ts';
import { ID_ANNOTATION, NAMES_ANNOTATION, PLATFORMS_ANNOTATION } from '../formats/package/images-lock.ts';
import { type Form, LOCAL_SOURCE, type WritableImage } from './form.ts';
import { yamlText } from './yaml.ts';

/**
 * The ImagesLock of imgpkg and kbld: images by digest, the tag in kbld's annotation. It has no field for platforms and
 * stored names: they are annotations of our own, which other readers leave alone.
 */
export const IMAGES_LOCK: Form = {
  name: 'imageslock',
  noun: 'an ImagesLock',
  format: 'imgpkg',
  whyNot({ source }) {
    if (source.transport !== 'docker') return LOCAL_SOURCE;
    const { digest, otherDigest } = source.reference;
    return (digest ?? otherDigest) === undefined
      ? 'it has no digest, which this form needs: oci-save lock finds the digests of a list'
      : undefined;
  },
  write: (images) =>
    [
      'apiVersion: imgpkg.carvel.dev/v1alpha1',
      'kind: ImagesLock',
      images.length === 0 ? 'images: []' : 'images:',
      ...images.flatMap(entryLines),
      '',
    ].join('\n'),
};

function entryLines({ source, platforms, storedAs }: WritableImage): string[] {
  if (source.transport !== 'docker') return [];
  const { reference } = source;
  const { tag } = reference;
  const named =
    platforms === undefined || platforms === 'all' ? platforms : platforms.map(formatPlatform).join(',');
  const annotations: [string, string | undefined][] = [
    [ID_ANNOTATION, tag === undefined ? undefined : `${nameOf(reference)}:${tag}`],
    [PLATFORMS_ANNOTATION, named],
    [NAMES_ANNOTATION, storedAs.length === 0 ? undefined : storedAs.map(formatReference).join(',')],
  ];
  const lines = annotations.flatMap(([key, value]) =>
    value === undefined ? [] : [`    ${key}: ${yamlText(value)}`],
  );
  return [
    `- image: ${yamlText(formatReference({ ...reference, tag: undefined }))}`,
    ...(lines.length === 0 ? [] : ['  annotations:', ...lines]),
  ];
}
