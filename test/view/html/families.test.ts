import { describe, expect, it } from 'vitest';
import type { Lock } from '../../../src/lock/index.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { familiesOf, type Family } from '../../../src/view/html/families.ts';
import { sharingOf } from '../../../src/view/html/sharing.ts';
import { renderHtml } from '../../../src/view/index.ts';
import { digest } from '../sample-report.ts';
import { image, leafOf, lockOf, wordsOf } from './sample-lock.ts';

/** A lock of images with these layers, each of 100 bytes; `a b` has the layers a and b, `a|b` two platforms. */
function layered(images: Readonly<Record<string, string>>): Lock {
  const made = Object.entries(images).map(([name, text]) => {
    const leaves = text.split('|').map((layers, index) => ({
      ...leafOf(`${name} ${index}`),
      platform: ['linux/amd64', 'linux/arm64'][index],
      layers: layers.split(' ').map((layer): Digest => digest(layer)),
    }));
    return image(`quay.io/x/${name}:1`, { leaves });
  });
  const lock = lockOf(made);
  return { ...lock, blobs: Object.fromEntries(Object.keys(lock.blobs).map((blob) => [blob, 100])) };
}

const families = (lock: Lock): Family[] => familiesOf(lock, sharingOf(lock));

/** `row kind start+bytes`, over how many rows. */
const drawn = ({ blocks }: Family): string[] =>
  blocks.map(({ kind, row, rows, start, bytes }) => `${row}+${rows} ${kind} ${start}+${bytes}`);

describe('which images share layers with which', () => {
  it('V16: puts images on the same base together, and names the image that is the base', () => {
    const lock = layered({ app: 'base x y', base: 'base', other: 'base z', apart: 'p q' });
    const [family, ...more] = families(lock);
    expect(more).toEqual([]);
    expect(family).toMatchObject({
      images: [0, 1, 2],
      named: 1,
      once: 400,
      apart: 600,
      platform: 'linux/amd64',
    });
    expect(family?.base).toEqual({ digest: digest('base'), layers: 1, bytes: 100 });
    const words = wordsOf(renderHtml(lock, 't'));
    expect(words).toContain(
      'quay.io/x/base:1 and 2 images on it (1 layer, 100 B, linux/amd64) 400 B, 200 B saved',
    );
    expect(words).toContain('1 image stands on a base that no other image has.');
  });

  it('V16: draws what neighbours share as one block over their rows, then what each has alone', () => {
    const [family] = families(layered({ a: 'base java a', b: 'base b', c: 'base java c' }));
    expect(family?.rows.map(({ image: index }) => index)).toEqual([0, 2, 1]);
    expect(family && drawn(family)).toEqual([
      '0+3 base 0+100',
      '0+2 base 100+100',
      '0+1 own 200+100',
      '1+1 own 200+100',
      '2+1 own 100+100',
    ]);
  });

  it('V16: tells layers that images elsewhere have from those of one image', () => {
    const [family] = families(layered({ a: 'base a empty', b: 'base b', c: 'other empty' }));
    expect(family && drawn(family)).toContain('0+1 elsewhere 100+100');
  });

  it('V16: takes the platform by which an image shares most, counts a repeated layer once', () => {
    const [family, ...more] = families(layered({ a: 'own|base a a', b: 'base b', c: 'base c' }));
    expect(more).toEqual([]);
    expect(family?.images).toEqual([0, 1, 2]);
    expect(family?.rows.map(({ bytes }) => bytes)).toEqual([200, 200, 200]);
  });

  it('V16: draws equal images, and the largest 24 of many', () => {
    const equal = families(layered({ a: 'base x', b: 'base x' }))[0];
    expect(equal && drawn(equal)).toEqual(['0+2 base 0+200']);
    const many = layered(
      Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`i${at}`, `base l${at}`])),
    );
    const [family] = families(many);
    expect([family?.images.length, family?.rows.length]).toEqual([100, 24]);
    expect(wordsOf(renderHtml(many, 't'))).toContain('The 24 largest of 100 images.');
  });

  it('V16: is read aloud: a picture has its facts as words, and each row a link to its image', () => {
    const page = renderHtml(layered({ a: 'base a', b: 'base b' }), 't');
    const [picture = ''] = /<svg class="drawing" role="img"[^]*?<\/svg>/.exec(page) ?? [];
    expect(picture).toContain(
      '2 images begin with the same 1 layer of 100 B. Their layers take 300 B together, and 400 B if nothing were shared.',
    );
    expect(page).toMatch(/<a href="#image-1" title="quay.io\/x\/a:1">a:1<\/a/);
    // Told apart without colour: a block over rows, a hatched one, a filled one.
    for (const kind of ['base', 'elsewhere', 'own']) expect(page).toContain(`<rect class="${kind}"`);
  });

  it('V16: says so where nothing is shared', () => {
    expect(wordsOf(renderHtml(layered({ a: 'x', b: 'y' }), 't'))).toContain(
      'No two images here stand on the same base.',
    );
  });

  it('a lock of one long chain of images, each on the one before, is drawn', () => {
    const names = Array.from({ length: 100 }, (_, at) => `l${at}`);
    const lock = layered(
      Object.fromEntries(names.map((name, at) => [name, names.slice(0, at + 1).join(' ')])),
    );
    expect(families(lock)[0]?.rows).toHaveLength(24);
  });
});
