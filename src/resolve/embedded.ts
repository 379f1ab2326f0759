import { OciSaveError } from '../errors.ts';
import { type Descriptor, embeddedIn } from '../oci/descriptor.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';

/**
 * Stores the content that descriptors embed, so that it is asked for nowhere: registries need not have it.
 * @param from the manifest that has the descriptors: who may not have it may not have what it embeds
 * @throws OciSaveError `unsupported` where it is not what they describe: readers that take it would get other content
 */
export async function keepEmbedded(
  descriptors: readonly Descriptor[],
  from: Digest,
  store: Pick<Store, 'put'>,
): Promise<void> {
  for (const descriptor of descriptors) {
    const bytes = embeddedIn(descriptor);
    if (bytes === 'wrong') {
      const message = `what it embeds as ${shortDigest(descriptor.digest)} is not that blob`;
      throw new OciSaveError({ code: 'unsupported', message });
    }
    if (bytes !== undefined) await store.put(bytes, from);
  }
}
