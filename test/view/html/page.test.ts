import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOfLock } from '../../../src/lock/index.ts';
import { readme } from '../../../src/bundle/kit/readme.ts';
import { html } from '../../../src/view/html/template.ts';
import { renderHtml } from '../../../src/view/index.ts';
import { digest } from '../sample-report.ts';
import { image, leafOf, lockOf, wordsOf } from './sample-lock.ts';

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

/** The markup of each image, from its row on. */
const rowsOf = (page: string): string[] => page.split(/(?=<details\s+id="image-)/).slice(1);

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
    expect(words).toContain(`For importers ${digest('quay.io/b/b:2 leaf')}`);
    expect(words).toContain(digest('signature'));
    expect(words).toContain('Converted from a source without a digest');
    expect(words).toContain(`charts/x.tgz ${digest('x.tgz')} 2.0 KiB`);
    expect(words).toContain('config');
    expect(words).toContain(`layer 1 ${digest('base')} 10.0 MiB 3 images`);
    expect(words).not.toContain('1 images');
  });

  it('counts every blob once, and says what sharing saved', () => {
    const words = wordsOf(renderHtml(lock, 'oci-bundle'));
    expect(words).toContain('Images 3 Platforms 1 Blobs 13 Size 10.0 MiB each blob once');
    expect(words).toContain('Saved by sharing 20.0 MiB');
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

  it('needs nothing from outside; no script and no style but its own fit the hashes in its policy', () => {
    const page = renderHtml(lock, 'oci-bundle');
    expect(page).not.toMatch(
      /<(link|img|iframe)|https?:\/\/(?!\?)|url\((?!#hatch\))|@import|<script | style="| on\w+="/i,
    );
    const hashes = (name: string): string[] =>
      [...page.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g'))].map(
        ([, code = '']) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`,
      );
    expect([hashes('script').length, hashes('style').length]).toEqual([1, 2]);
    const [, policy = ''] = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page) ?? [];
    expect(policy.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; style-src ${hashes('style').join(' ')}; script-src ${hashes('script').join(' ')}; ` +
        `base-uri 'none'; form-action 'none'`,
    );
  });

  it('found I: shows an image under all its names, and that it is sparse, without opening it', () => {
    const rows = rowsOf(renderHtml(lock, 't')).map((row) => wordsOf(row.split('</summary>')[0] ?? ''));
    const row = rows.find((words) => words.includes('quay.io/b/b:2'));
    expect(row).toContain('quay.io/b/b:2 sparse referrers stored as site.example/b:2');
    expect(rows.filter((words) => words.includes('sparse'))).toHaveLength(1);
    expect(rows.filter((words) => words.includes('stored as'))).toHaveLength(1);
    // What cannot be pulled by its source's name is under a name by which it can.
    const renamed = image('docker.io/library/a:1', { names: ['site.example/a:1', 'site.example/x:1'] });
    const artifact = image('quay.io/chart:1', { platforms: [], leaves: [] });
    const page = renderHtml(lockOf([renamed, artifact]), 't');
    expect(wordsOf(rowsOf(page)[1]?.split('</summary>')[0] ?? '')).toContain(
      'site.example/a:1 saved from docker.io/library/a:1 stored as site.example/x:1',
    );
    expect(wordsOf(page)).toContain('site.example, 1 image');
    expect(wordsOf(page)).toContain('Images 1 Other artifacts 1 Platforms');
  });

  it('found I: has the digest of the lock, and nothing of the run that made it', () => {
    const page = renderHtml(lock, 't');
    expect(wordsOf(page)).toContain(`Lock ${digestOfLock(lock)}`);
    expect(page).not.toMatch(/\b20\d\d-\d\d-\d\d/);
  });

  it('V16: says the commands of the kit as README.txt does', () => {
    const words = wordsOf(renderHtml(lock, 't'));
    const page = readme(lock, []);
    const commands = [...words.matchAll(/sh kit\/(\w+)\.sh(?: containerd| [\w.]+:5000)?/g)];
    expect(commands.map(([, script]) => script)).toEqual([
      'verify',
      'serve',
      'load',
      'push',
      'mirrors',
      'update',
    ]);
    for (const [command] of commands) expect(page).toContain(command);
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
    const rows = rowsOf(page).map((row) => wordsOf(/<span class="ref">([^]*?)<\/span/.exec(row)?.[1] ?? ''));
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
    const [row = ''] = rowsOf(renderHtml(lockOf([image('a.io/a:1'), image('a.io/b:1')]), 't'));
    expect(wordsOf(row)).toContain('10.0 MiB: 4.0 KiB of its own, and 10.0 MiB that other images have, too');
    const [own = 0, shared = 0] = [...row.matchAll(/ width="([\d.]+)%"/g)].map(([, width]) => Number(width));
    expect(own + shared).toBeCloseTo(100, 0);
    expect(shared).toBeGreaterThan(99);
  });

  it('found I: finds an image by name, digest, platform and label', () => {
    const page = renderHtml(lock, 't');
    const found = [...page.matchAll(/data-find="([^"]*)"/g)].map(([, words = '']) => words);
    expect(found).toHaveLength(3);
    const [, , own = ''] = lock.images.map((one) => one.digest);
    expect(found.filter((words) => words.includes('site.example/b:2'))).toHaveLength(1);
    expect(found.filter((words) => words.includes('sparse'))).toHaveLength(1);
    expect(found.filter((words) => words.includes('converted'))).toHaveLength(1);
    expect(found.filter((words) => words.includes(own))).toHaveLength(1);
    expect(found.filter((words) => words.includes('linux/amd64'))).toHaveLength(3);
    // Without a script the fields are not there.
    for (const id of ['search', 'pulls']) expect(page).toMatch(new RegExp(`<form id="${id}"[^>]* hidden>`));
  });

  it('has the same markup whatever the words are that came from outside', () => {
    const tagsOf = (page: string): string[] =>
      (page.match(/<[^>]*>/g) ?? []).map((tag) => tag.replaceAll(/"[^"]*"/g, '""')).toSorted();
    const paged = (evil: string): string => {
      const own = leafOf('x');
      const type = `application/x${evil}`;
      const named = image(`quay.io/b/b:2${evil}`, {
        names: [`quay.io/b/b:2${evil}`, `site.example/b:2${evil}`],
        mediaType: type,
        rootMediaType: type,
        root: digest('leaf'),
        converted: { [`sha256:${evil}`]: digest('new') },
        platforms: [`linux/amd64${evil}`],
        leaves: [{ ...own, platform: `linux/amd64${evil}`, mediaType: type }],
        referrers: [
          { digest: digest('s'), mediaType: type, subject: digest('x'), artifactType: type, tag: `t${evil}` },
        ],
      });
      const artifact = image(`quay.io/b/chart:1${evil}`, { platforms: [] });
      const files = [{ path: `x${evil}`, digest: digest('f'), size: 1 }];
      return renderHtml(lockOf([named, artifact, image('shares/base:1')], files), `t${evil}`);
    };
    const benign = tagsOf(paged('x'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom(
            '"><script>alert(1)</script>',
            "' onload='x",
            '</title><svg onload=x>',
            '\u202e">',
            '-->',
          ),
        ),
        (evil) => {
          expect(tagsOf(paged(`${evil.replaceAll(/[:/@]/g, '')}x`))).toEqual(benign);
        },
      ),
      { numRuns: 50 },
    );
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
    expect(rowsOf(page)).toHaveLength(1000);
    expect(page.length).toBeLessThan(4_000_000);
  });

  it('leaves the digests of layers to the lock where they are tens of thousands', () => {
    const layers = Array.from({ length: 10 }, (_, index) => digest(`layer ${index}`));
    const leaves = Array.from({ length: 2500 }, () => ({ ...leafOf('x'), layers }));
    const images = ['a:1', 'b:1'].map((name) => image(`quay.io/x/${name}`, { leaves }));
    const page = renderHtml(lockOf(images), 't');
    expect(page.match(/10 layers: the digests are in oci-save.lock.json/g)).toHaveLength(5000);
    expect(page).not.toContain('<td>layer 1</td>');
  });

  it('is a page even of nothing', () => {
    expect(wordsOf(renderHtml(lockOf([]), 'empty'))).toContain('Images 0 Platforms 0 Blobs 0');
  });
});
