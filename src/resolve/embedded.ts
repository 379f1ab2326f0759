import { type Descriptor, embeddedIn } from '../oci/descriptor.ts';
import { shortDigest } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';

/**
 * Stores the content that descriptors embed, so that it is asked for nowhere: registries need not have it. What is
 * embedded wrongly is noted, and the source is asked for the right bytes.
 */
export async function keepEmbedded(
  descriptors: readonly Descriptor[],
  store: Pick<Store, 'put'>,
  note: (message: string) => void,
): Promise<void> {
  for (const descriptor of descriptors) {
    const bytes = embeddedIn(descriptor);
    if (bytes === 'wrong') note(`what it embeds as ${shortDigest(descriptor.digest)} is not that blob`);
    else if (bytes !== undefined) await store.put(bytes);
  }
}
