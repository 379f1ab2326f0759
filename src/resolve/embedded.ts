import { OciSaveError } from '../errors.ts';
import { type Descriptor, embeddedIn } from '../oci/descriptor.ts';
import { shortDigest } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';

/**
 * Stores the content that descriptors embed, so that it is asked for nowhere: registries need not have it.
 * @throws OciSaveError `unsupported` where it is not what they describe: readers that take it would get other content
 */
export async function keepEmbedded(
  descriptors: readonly Descriptor[],
  store: Pick<Store, 'put'>,
): Promise<void> {
  for (const descriptor of descriptors) {
    const bytes = embeddedIn(descriptor);
    if (bytes === 'wrong') {
      const message = `what it embeds as ${shortDigest(descriptor.digest)} is not that blob`;
      throw new OciSaveError({ code: 'unsupported', message });
    }
    if (bytes !== undefined) await store.put(bytes);
  }
}
