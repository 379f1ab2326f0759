import { OciSaveError } from '../errors.ts';
import { type Digest, isDigest, shortDigest } from '../oci/digest.ts';
import { parsePlatform } from '../oci/platform.ts';
import { shownReference } from '../oci/reference.ts';
import { plainText, printableJson } from '../text/plain-text.ts';
import { renderImageList } from '../view/index.ts';

/** One image as a list, a lock or a bundle names it. */
export interface Listed {
  readonly ref: string;
  readonly names: readonly string[];
  /** Undefined in a list: nothing is resolved. */
  readonly digest: Digest | undefined;
  readonly platforms: readonly string[];
  /** `file:line`, of a list. */
  readonly origin: string | undefined;
  /** How many signatures and other referrers are saved with it; absent where none is, and in a list. */
  readonly referrers?: number | undefined;
}

/**
 * The images in one of the forms, with a line end after the last line.
 * @throws OciSaveError `usage` where the plain form would be read differently
 */
export function renderListed(
  images: readonly Listed[],
  form: 'table' | 'json' | 'plain' | 'sealer',
  width: number | undefined,
): string {
  switch (form) {
    case 'table':
      return renderTable(images, width);
    case 'json':
      return `${printableJson(images)}\n`;
    case 'plain':
      return images.map(plainLine).join('');
    case 'sealer':
      return `${printableJson(images.flatMap(sealerEntries))}\n`;
  }
}

function renderTable(images: readonly Listed[], width: number | undefined): string {
  const rows = images.map(({ ref, names, digest, platforms, origin, referrers }) => {
    const shown = shownReference(ref);
    return {
      ref: plainText(shown),
      names: names.filter((name) => name !== ref && name !== shown).map(plainText),
      digest: digest === undefined ? pinOf(ref) : shortDigest(digest),
      platforms: plainText(platforms.join(',')),
      origin: plainText(origin ?? ''),
      referrers: referrers === undefined ? '' : String(referrers),
    };
  });
  return `${renderImageList(rows, width)}\n`;
}

/** The digest in a reference, which nothing has resolved. */
function pinOf(ref: string): string {
  const pin = ref.slice(ref.lastIndexOf('@') + 1);
  return isDigest(pin) ? shortDigest(pin) : '';
}

/** A line that can be read again as a plain list. */
function plainLine({ ref, names, digest }: Listed): string {
  const pinned = digest === undefined || ref.includes('@') ? ref : `${ref}@${digest}`;
  const other = names.find((name) => name !== ref);
  return `${plainWord(pinned)}${other === undefined ? '' : ` => ${plainWord(other)}`}\n`;
}

/** Blanks and invisible characters would end a line's entry or start another one. */
function plainWord(text: string): string {
  if (!/[\p{C}\p{Z}]/u.test(text)) return text;
  throw new OciSaveError({
    code: 'usage',
    message: `'${plainText(text)}' cannot be written to a plain list: it contains a blank or an invisible character`,
    hint: 'Use --as json, or give the source another path.',
  });
}

/** sealer's `sealer.image.container.images`: one entry per image and platform. */
function sealerEntries({ ref, platforms }: Listed): { image: string; appName: string; platform: object }[] {
  return platforms
    .filter((platform) => platform !== 'all')
    .map((text) => {
      const { os, architecture, variant } = parsePlatform(text);
      return {
        image: ref,
        appName: '',
        platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
      };
    });
}
