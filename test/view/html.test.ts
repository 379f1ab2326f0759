import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOfLock, type Lock, type LockedImage } from '../../src/lock/index.ts';
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
    .replace(/<script>.*<\/script>/s, '')
    .replaceAll(/<\/?i\b[^>]*>/g, '')
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
        referrers: [
          {
            digest: digest('signature'),
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            subject: digest('quay.io/b/b:2'),
          },
        ],
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

  it('needs nothing from outside, and runs its filter alone: no other script fits the hash in its policy', () => {
    const page = renderHtml(lock, 'oci-bundle');
    expect(page).not.toMatch(/<(link|img|iframe)|https?:|url\(|@import|<script /i);
    const scripts = [...page.matchAll(/<script>([^]*?)<\/script>/g)].map(([, code = '']) => code);
    expect(scripts).toHaveLength(1);
    const hash = createHash('sha256').update(scripts.join('')).digest('base64');
    const [, policy = ''] = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page) ?? [];
    expect(policy.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`,
    );
  });

  it('found I: shows an image under all its names, and that it is narrowed, without opening it', () => {
    const rows = [...renderHtml(lock, 't').matchAll(/<summary>([^]*?)<\/summary>/g)].map(([row]) =>
      wordsOf(row),
    );
    const row = rows.find((words) => words.includes('quay.io/b/b:2'));
    expect(row).toContain('quay.io/b/b:2 narrowed stored as site.example/b:2');
    expect(rows.filter((words) => words.includes('narrowed'))).toHaveLength(1);
    expect(rows.filter((words) => words.includes('stored as'))).toHaveLength(1);
  });

  it('found I: has the digest of the lock, and nothing of the run that made it', () => {
    const page = renderHtml(lock, 't');
    expect(wordsOf(page)).toContain(`Lock ${digestOfLock(lock)}`);
    expect(page).not.toMatch(/\b20\d\d-\d\d-\d\d/);
  });

  it('found I: says how to check, serve, pull, push and load, and offers artifacts to no importer', () => {
    const words = wordsOf(renderHtml(lock, 't'));
    for (const command of [
      'sha256sum -c SHA256SUMS',
      'oci-save serve .',
      'podman pull --tls-verify=false 127.0.0.1:5000/docker.io/library/a:1',
      'podman load -i bundle.tar',
      'ctr -n k8s.io images import bundle.tar',
    ])
      expect(words).toContain(command);
    const chart = wordsOf(renderHtml(lockOf([image('ghcr.io/a/chart:1', { platforms: [] })]), 't'));
    expect(chart).not.toContain('podman load');
    expect(wordsOf(renderHtml(lockOf([]), 't'))).not.toContain('podman pull');
  });

  it('found I: sorts images as people count', () => {
    const refs = [
      'quay.io/a:10',
      'quay.io/a:9',
      'quay.io/a:1',
      'docker.io/z:2',
      'quay.io/a10:1',
      'quay.io/a9:1',
    ];
    const page = renderHtml(lockOf(refs.map((ref) => image(ref))), 't');
    const rows = [...page.matchAll(/<span class="ref">([^]*?)<\/span/g)].map(([, row = '']) => wordsOf(row));
    expect(rows).toEqual([
      'docker.io/z:2',
      'quay.io/a:1',
      'quay.io/a:9',
      'quay.io/a:10',
      'quay.io/a9:1',
      'quay.io/a10:1',
    ]);
  });

  it('found I: says the registry in the title of its images, and of each what tells it apart', () => {
    const page = renderHtml(lock, 't');
    expect(page).toContain('<i class="host">quay.io/</i>b/b:2');
    expect(page).toContain('<span class="ref">local/c:3</span>');
  });

  it('found I: shows a pinned image as name:tag wherever it names it', () => {
    const pinned = `quay.io/a/b:1@${digest('pin')}`;
    const words = wordsOf(
      renderHtml(lockOf([image(pinned, { names: ['quay.io/a/b:1'] }), image('a.io/c:1')]), 't'),
    );
    expect(words).toContain('quay.io/a/b:1');
    expect(words).not.toContain(pinned);
  });

  it('found I: does not call an image as served that had to be converted', () => {
    expect(wordsOf(renderHtml(lock, 't'))).toContain(
      'served them, but for 1 image that had to be converted.',
    );
    expect(wordsOf(renderHtml(lockOf([image('a.io/a:1')]), 't'))).toContain('served them.');
  });

  it('found I: draws each image beside the largest: what is its own, and what others have, too', () => {
    const page = renderHtml(lockOf([image('a.io/a:1'), image('a.io/b:1')]), 't');
    const [bar = ''] = /<span class="bar"[^]*?<\/span>/.exec(page) ?? [];
    expect(bar).toContain('4.0 KiB of its own, 10.0 MiB shared');
    const [own = 0, shared = 0] = [...bar.matchAll(/width:([\d.]+)%/g)].map(([, width]) => Number(width));
    expect(own + shared).toBeCloseTo(100, 0);
    expect(shared).toBeGreaterThan(99);
  });

  it('found I: finds an image by name, digest, platform, and by being narrowed', () => {
    const page = renderHtml(lock, 't');
    const found = [...page.matchAll(/data-find="([^"]*)"/g)].map(([, words = '']) => words);
    expect(found).toHaveLength(3);
    const [, , own = ''] = lock.images.map((one) => one.digest);
    expect(found.filter((words) => words.includes('site.example/b:2'))).toHaveLength(1);
    expect(found.filter((words) => words.includes('narrowed'))).toHaveLength(1);
    expect(found.filter((words) => words.includes(own))).toHaveLength(1);
    expect(found.filter((words) => words.includes('linux/amd64'))).toHaveLength(3);
    // Without a script the field is not there.
    expect(page).toContain('<p id="filter" hidden>');
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
