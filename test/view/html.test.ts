import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lock, LockedImage } from '../../src/lock/index.ts';
import { html } from '../../src/view/html/template.ts';
import { renderHtml } from '../../src/view/index.ts';
import { digest } from './sample-report.ts';

function leafOf(ref: string): LockedImage['leaves'][number] {
  return {
    digest: digest(`${ref} leaf`),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platform: 'linux/amd64',
    config: digest(`${ref} config`),
    layers: [digest('base'), digest(`${ref} layer`)],
  };
}

function image(ref: string, parts: Partial<LockedImage> = {}): LockedImage {
  return {
    ref,
    names: [ref],
    source: 'docker',
    digest: digest(`${ref} index`),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    root: digest(`${ref} index`),
    rootMediaType: 'application/vnd.oci.image.index.v1+json',
    platforms: ['linux/amd64'],
    leaves: [leafOf(ref)],
    referrers: [],
    ...parts,
  };
}

function lockOf(images: readonly LockedImage[], files: Lock['files'] = []): Lock {
  const named = images.flatMap(({ digest: own, leaves }) => [
    own,
    ...leaves.flatMap((leaf) => [leaf.digest, leaf.config, ...leaf.layers]),
  ]);
  const blobs = Object.fromEntries(
    named.map((blob) => [blob, blob === digest('base') ? 10 * 1024 * 1024 : 1024]),
  );
  return { version: 1, images: [...images], files, blobs };
}

/** The page's words, as a reader sees them. */
function wordsOf(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

describe('html', () => {
  it('escapes what is put in, and not its own markup twice', () => {
    const evil = `<script>alert("x" & 'y')</script>`;
    expect(html`<p title="${evil}">${html`<b>${1}</b>`}${[html`<i></i>`]}${undefined}</p>`.markup).toBe(
      '<p title="&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;"><b>1</b><i></i></p>',
    );
  });

  it('lets no text become a tag, leave an attribute or turn the line round', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.markup).not.toMatch(/[<>"']|[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });
});

describe('report.html', () => {
  const lock = lockOf(
    [
      image('docker.io/library/a:1'),
      image('quay.io/b/b:2', {
        names: ['quay.io/b/b:2', 'site.example/b:2'],
        root: digest('quay.io/b/b:2 leaf'),
        referrers: [digest('signature')],
      }),
      image('local/c:3', { source: 'docker-archive', converted: {}, imageId: digest('id') }),
    ],
    [{ path: 'charts/x.tgz', digest: digest('x.tgz'), size: 2048 }],
  );

  it('shows images, names, digests, platforms, layers, sizes and files', () => {
    const words = wordsOf(renderHtml(lock, 'oci-bundle'));
    for (const { ref, names, digest: own, leaves } of lock.images) {
      const blobs = leaves.flatMap((leaf) => [leaf.digest, leaf.config, ...leaf.layers]);
      for (const word of [ref, ...names, own, ...blobs]) expect(words).toContain(word);
    }
    expect(words).toContain('Narrowed to sha256:');
    expect(words).toContain(digest('signature'));
    expect(words).toContain('Converted from a source without a digest');
    expect(words).toContain(`charts/x.tgz ${digest('x.tgz')} 2.0 KiB`);
    expect(words).toContain('config');
    expect(words).toContain(`layer 1 ${digest('base')} 10.0 MiB 3 images`);
    expect(words).not.toContain('1 images');
  });

  it('counts every blob once, and says what sharing saved', () => {
    const words = wordsOf(renderHtml(lock, 'oci-bundle'));
    expect(words).toContain('Images 3 Platforms 1 Blobs 13 Unique size 10.0 MiB Saved by sharing 20.0 MiB');
    expect(words).toContain('1 blob in more than one image, stored once.');
    expect(words).toContain('10.0 MiB 20.0 MiB');
  });

  it('groups images by registry and links to each group', () => {
    const page = renderHtml(lock, 'oci-bundle');
    const words = wordsOf(page);
    for (const group of ['docker.io, 1 image', 'quay.io, 1 image', 'from docker-archive, 1 image']) {
      expect(words).toContain(group);
    }
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id = '']) => id);
    expect(targets.length).toBeGreaterThan(3);
    for (const id of targets) expect(page).toContain(`id="${id}"`);
  });

  it('is the same for the same lock', () => {
    expect(renderHtml(lock, 'oci-bundle')).toBe(renderHtml(structuredClone(lock), 'oci-bundle'));
  });

  it('needs nothing from outside, and runs nothing', () => {
    const page = renderHtml(lock, 'oci-bundle');
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<(script|link|img|iframe)|https?:|url\(|@import/i);
  });

  it('escapes every word that came from outside', () => {
    const evil = `"><img src=x onerror='alert(1)'>`;
    const page = renderHtml(
      lockOf(
        [
          image(evil, {
            names: [evil],
            mediaType: evil,
            platforms: [evil],
            diffIds: [evil],
            converted: { [evil]: digest('new') },
            leaves: [{ ...leafOf('x'), platform: evil }],
          }),
          image('shares/base:1'),
        ],
        [{ path: evil, digest: digest('f'), size: 1 }],
      ),
      evil,
    );
    expect(page).not.toContain('<img');
    expect(page.split('&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;').length).toBeGreaterThan(8);
  });

  it('names an attestation by what it attests to, and a blob without a size', () => {
    const one = image('a.io/a:1');
    const leaf = leafOf('a.io/a:1');
    const attestation = {
      ...leaf,
      digest: digest('att'),
      platform: undefined,
      attests: leaf.digest,
      layers: [digest('unheard')],
    };
    const words = wordsOf(
      renderHtml({ ...lockOf([one]), images: [{ ...one, leaves: [leaf, attestation] }] }, 't'),
    );
    expect(words).toContain('attestation of linux/amd64');
    expect(words).toContain(`${digest('unheard')} unknown`);
  });

  it('carries a thousand images', () => {
    const images = Array.from({ length: 1000 }, (_, index) => image(`docker.io/library/a:${index}`));
    const page = renderHtml(lockOf(images), 'oci-bundle');
    expect(page.match(/<details /g)).toHaveLength(1000);
    expect(page.length).toBeLessThan(4_000_000);
  });

  it('is a page even of nothing', () => {
    expect(wordsOf(renderHtml(lockOf([]), 'empty'))).toContain('Images 0 Platforms 0 Blobs 0');
  });
});
