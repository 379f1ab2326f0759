import { type Digest, shortDigest } from '../oci/digest.ts';
import { parsePlatform } from '../oci/platform.ts';
import { renderColumns } from '../report/index.ts';

/** One image as a list, a lock or a bundle names it. */
export interface Listed {
  readonly ref: string;
  readonly names: readonly string[];
  /** Undefined in a list: nothing is resolved. */
  readonly digest: Digest | undefined;
  readonly platforms: readonly string[];
  /** `file:line`, of a list. */
  readonly origin: string | undefined;
}

/** The images in one of the forms, with a line end after the last line. */
export function renderListed(
  images: readonly Listed[],
  form: 'table' | 'json' | 'plain' | 'sealer',
  width: number | undefined,
): string {
  switch (form) {
    case 'table':
      return renderTable(images, width);
    case 'json':
      return `${JSON.stringify(images, null, 2)}\n`;
    case 'plain':
      return images.map(plainLine).join('');
    case 'sealer':
      return `${JSON.stringify(images.flatMap(sealerEntries), null, 2)}\n`;
  }
}

function renderTable(images: readonly Listed[], width: number | undefined): string {
  const rows = images.map(({ ref, names, digest, platforms, origin }) => [
    ref,
    names.filter((name) => name !== ref).join(' '),
    digest === undefined ? '' : shortDigest(digest),
    platforms.join(','),
    origin ?? '',
  ]);
  return `${renderColumns(['IMAGE', 'STORED AS', 'DIGEST', 'PLATFORMS', 'FROM'], rows, width)}\n`;
}

/** A line that our own plain list reads again. */
function plainLine({ ref, names, digest }: Listed): string {
  const pinned = digest === undefined || ref.includes('@') ? ref : `${ref}@${digest}`;
  const other = names.find((name) => name !== ref);
  return `${pinned}${other === undefined ? '' : ` => ${other}`}\n`;
}

/** sealer's `sealer.image.container.images`: one entry an image and platform. */
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
