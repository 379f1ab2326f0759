import { describe, expect, it } from 'vitest';
import { servingWords } from '../../src/cli/serve-words.ts';
import type { ServeReport } from '../../src/commands/index.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const report = (images: ServeReport['images'], server: ServeReport['server'] = 'zot'): ServeReport => ({
  version: 1,
  tool: { name: 'oci-save', version: '0' },
  content: 'my bundle',
  server,
  ...(server === 'zot' ? { program: '/usr/bin/zot' } : {}),
  address: '127.0.0.1:5000',
  url: 'http://127.0.0.1:5000',
  images,
});
const place = { hasKit: true, isOpen: false, shown: '127.0.0.1:5000' };

describe('what serve prints', () => {
  it('has each name as it is pulled, commands for an image, and no line of its own beyond 80 columns', () => {
    const words = servingWords(
      report([
        { name: 'acme.example/chart:1', digest: digest('a'), kind: 'artifact' },
        { name: 'docker.io/library/one:1.0', digest: digest('b'), kind: 'image' },
        { name: `docker.io/library/one:sha256-${'c'.repeat(64)}.sig`, digest: digest('c') },
      ]),
      place,
    );
    expect(words.slice(0, 5)).toEqual([
      'Serving 2 names at http://127.0.0.1:5000 with zot, for pulls alone:',
      '',
      '  sha256:aaaaaaaaaaaa  127.0.0.1:5000/acme.example/chart:1  (artifact)',
      '  sha256:bbbbbbbbbbbb  127.0.0.1:5000/docker.io/library/one:1.0',
      '  and 1 tag of signatures and the like',
    ]);
    expect(words).toContain('  docker pull 127.0.0.1:5000/docker.io/library/one:1.0');
    expect(words).toContain('  sh kit/mirrors.sh 127.0.0.1:5000');
    expect(words.filter((line) => line.length > 80 && !line.includes('skopeo'))).toEqual([]);
  });

  it('stops after twenty names, and says where all of them are', () => {
    const many = Array.from({ length: 25 }, (_, at) => ({
      name: `docker.io/a/x${at}:1`,
      digest: digest('d'),
    }));
    const words = servingWords(report(many), place);
    expect(words.filter((line) => line.startsWith('  sha256:'))).toHaveLength(20);
    expect(words).toContain("  and 5 more: oci-save list 'my bundle', or serve --json");
  });

  it('has the mirror of containerd where there is no kit, as of an archive, and the word for docker when it is open', () => {
    const images = [{ name: 'quay.io/acme/x:1', digest: digest('e') }];
    const words = servingWords(report(images, 'built-in'), {
      hasKit: false,
      isOpen: true,
      shown: 'site:5000',
    });
    expect(words[0]).toBe('Serving 1 name at http://site:5000 with the built-in registry, for pulls alone:');
    expect(words).toContain('  [host."http://site:5000/v2/quay.io"]');
    expect(words).toContain('This is plain HTTP: docker wants "site:5000" in its insecure-registries.');
  });

  it('shows no character of a name that moves a cursor', () => {
    const words = servingWords(report([{ name: 'docker.io/a\u001b[2Jx:1', digest: digest('f') }]), place);
    expect(words.join('')).not.toContain('\u001b');
  });
});
