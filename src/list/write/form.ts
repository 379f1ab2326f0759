import type { ImageRequest } from '../request.ts';

/** What a written list keeps of a request. */
export type WritableImage = Pick<ImageRequest, 'source' | 'platforms' | 'storedAs'>;

/** A form in which images are written, and from which they can be read again. */
export interface Form {
  /** As `oci-save list --as` names it. */
  readonly name: string;
  /** As a sentence names it: `a plain list`. */
  readonly noun: string;
  /** The format of lists that reads it. */
  readonly format: string;
  /** Why an image cannot be written in this form; undefined where it can. */
  readonly whyNot: (image: WritableImage) => string | undefined;
  /** All of the text, with a line end after the last line. */
  readonly write: (images: readonly WritableImage[]) => string;
}

export const LOCAL_SOURCE = 'it comes from a file, and this form only names images of registries';
