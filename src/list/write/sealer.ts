import type { Platform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { printableJson } from '../../text/plain-text.ts';
import { type Form, LOCAL_SOURCE, type WritableImage } from './form.ts';

/**
 * The images of a sealer image (`sealer.image.container.images`): an entry for each image and platform, and one without a
 * platform where the run chooses. `digest`, `names` and `allPlatforms` are our own: sealer leaves unknown keys alone.
 */
export const SEALER: Form = {
  name: 'sealer',
  noun: `a list of sealer's`,
  format: 'sealer-images',
  whyNot: ({ source }) => (source.transport === 'docker' ? undefined : LOCAL_SOURCE),
  write: (images) => `${printableJson(images.flatMap(entriesOf))}\n`,
};

function entriesOf({ source, platforms, storedAs }: WritableImage): object[] {
  if (source.transport !== 'docker') return [];
  const { digest, otherDigest, ...reference } = source.reference;
  const pin = digest ?? otherDigest;
  // sealer reads `name:tag@digest` as a tag.
  const isTagged = reference.tag !== undefined;
  const common = {
    image: formatReference(isTagged ? reference : source.reference),
    appName: '',
    ...(isTagged && pin !== undefined ? { digest: pin } : {}),
    ...(storedAs.length === 0 ? {} : { names: storedAs.map(formatReference) }),
  };
  if (platforms === undefined) return [common];
  if (platforms === 'all') return [{ ...common, allPlatforms: true }];
  return platforms.map((platform) => ({ ...common, platform: platformFields(platform) }));
}

function platformFields({ os, architecture, variant, osVersion }: Platform): object {
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
  };
}
