import { shownReference } from '../oci/reference.ts';
import { byNumber, byText } from '../text/by-text.ts';
import { plainText } from '../text/plain-text.ts';
import type { ReportedOrigin } from './failure.ts';

/** An image as people find it: where lists name it, and its name. */
export interface Place {
  readonly origins: readonly ReportedOrigin[];
  /** Without the digest that it is pinned by, where it has a tag. */
  readonly ref: string;
}

export function placeOf({ ref, origins }: Place): Place {
  return { origins, ref: shownReference(ref) };
}

/** Orders images as their lists name them: copies run at once, and what is said of them comes in any order. */
export function byPlace(a: Place, b: Place): number {
  const [one, other] = [a.origins[0], b.origins[0]];
  const files = byText(one?.file ?? '', other?.file ?? '');
  return files || (one?.line ?? 0) - (other?.line ?? 0) || byNumber(a.ref, b.ref);
}

/** `images.txt:3, base.txt:9: quay.io/a/b:1`: so begins everything that is said of an image. Printable. */
export function placeWords({ origins, ref }: Place): string {
  const name = plainText(ref);
  return origins.length === 0 ? name : `${originWords(origins)}: ${name}`;
}

/** `images.txt:3, base.txt:9, more.txt:1 and 4 more` */
export function originWords(origins: readonly ReportedOrigin[]): string {
  return fewOf(origins, ({ file, line }) => `${plainText(file)}:${line}`);
}

/** `a, b, c and 4 more` */
export function fewOf<T>(all: readonly T[], words: (one: T) => string, most = 3): string {
  const more = all.length - most;
  return all.slice(0, most).map(words).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
