/** Keys of the reference, the most explicit first: charts have a `name` beside the `image` that is only a label. */
export const IMAGE_KEYS = ['image', 'ref', 'source', 'name'];
export const PLATFORM_KEYS = ['platform', 'platforms'];
export const ARCHITECTURE_KEYS = ['arch', 'architecture'];
/** `names` is how `oci-save list --as json` writes them. */
export const NAME_KEYS = ['as', 'target', 'destination', 'names'];
export const TAG_KEYS = ['tag', 'tags'];
/** Where `oci-save list --as json` found an image; it says nothing of the image itself. */
const ORIGIN = 'origin';

/** Every key that an entry may have. */
export const ENTRY_KEYS: readonly string[] = [
  ...IMAGE_KEYS,
  ...PLATFORM_KEYS,
  ...ARCHITECTURE_KEYS,
  ...NAME_KEYS,
  ...TAG_KEYS,
  'digest',
  'credentials',
  ORIGIN,
];
