import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';

/** A blob whose bytes are gone, or are others than its digest says. Where it can be had again, the work is repeated. */
export class DamagedBlobError extends OciSaveError {
  readonly digest: Digest;

  /**
   * @param where what lacks the blob, for people: its file
   * @param why what is wrong with it
   */
  constructor(digest: Digest, where: string, why: string) {
    super({
      code: 'digest',
      message: `${where} is damaged: ${why}`,
      hint: 'Nothing is made of wrong data. Save it again, or copy it again from where it was whole.',
    });
    this.digest = digest;
  }
}

/** The blob that an error is about, itself or as the cause of another one; undefined where it is about none. */
export function damagedBlobOf(error: unknown): Digest | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DamagedBlobError) return cause.digest;
  }
  return undefined;
}

/** The words for a file whose bytes are others than its name says. */
export function hashesOtherwise(digest: Digest): string {
  return `it does not hash to ${shortDigest(digest)}`;
}
