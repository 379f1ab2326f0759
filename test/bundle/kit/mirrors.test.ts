import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { mirrorFiles } from '../../../src/bundle/kit/mirrors.ts';
import { buildLock, type LockedImage } from '../../../src/lock/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-type.ts';

const digest = digestOf(new TextEncoder().encode('{}'));

/** The kit's configurations for images that are stored under these names. */
function filesFor(...names: string[]): ReadonlyMap<string, string> {
  const image: LockedImage = {
    ref: `docker.io/library/any@${digest}`,
    names: names.map((name) => `${name}:1`),
    source: 'docker',
    digest,
    mediaType: OCI_MANIFEST,
    root: digest,
    rootMediaType: OCI_MANIFEST,
    platforms: [],
    leaves: [],
    referrers: [],
  };
  const lock = buildLock([{ image, sizes: new Map([[digest, 2]]), origins: [] }]);
  return new Map(mirrorFiles(lock).map(({ name, content }) => [name, content]));
}

describe('V18: the kit’s mirror configurations', () => {
  it('have a folder for each registry, in a form that FAT and Windows take, and none for names without one', () => {
    const files = filesFor(
      'docker.io/library/one',
      'docker.io/acme/two',
      'localhost:5000/x',
      'BUILD/x',
      '[::1]:5000/x',
      'plain',
    );
    expect([...files.keys()]).toEqual([
      'hosts/127.0.0.1_5000_/hosts.toml',
      'hosts/BUILD/hosts.toml',
      'hosts/docker.io/hosts.toml',
      'hosts/localhost_5000_/hosts.toml',
      'registries.conf',
      'k3s-registries.yaml',
      'daemon.json',
    ]);
    for (const name of files.keys()) expect(name).not.toMatch(/[<>:"\\|?*]/);
  });

  it('lead from each registry to the folder that zot serves for it', () => {
    const files = filesFor('localhost:5000/x', 'BUILD/x', '[::1]:5000/x');
    const tables = (files.get('registries.conf') ?? '').matchAll(
      /prefix = (.*)\nlocation = (.*)\ninsecure = true/g,
    );
    expect([...tables].map(([, prefix, location]) => [prefix, location])).toEqual([
      ['"127.0.0.1:5000"', '"127.0.0.1:5000"'],
      ['"BUILD"', '"127.0.0.1:5000/build"'],
      ['"[::1]:5000"', '"127.0.0.1:5000/ipv6-0--1_5000"'],
      ['"localhost:5000"', '"127.0.0.1:5000/localhost_5000"'],
    ]);
    expect(files.get('hosts/localhost_5000_/hosts.toml')).toContain(
      [
        'server = "http://127.0.0.1:5000/v2/localhost_5000"',
        'capabilities = ["pull", "resolve"]',
        'override_path = true',
        '',
        '[host."http://127.0.0.1:5000/v2/localhost_5000"]',
        'capabilities = ["pull", "resolve"]',
        'override_path = true',
        '',
      ].join('\n'),
    );
  });

  it('fall back to the plain address for a registry that has the address of the site’s own', () => {
    const files = filesFor('127.0.0.1:5000/x', 'docker.io/library/one');
    expect(files.get('hosts/127.0.0.1_5000_/hosts.toml')).toMatch(
      /^server = "http:\/\/127\.0\.0\.1:5000"\n\n\[host\."http:\/\/127\.0\.0\.1:5000\/v2\/127\.0\.0\.1_5000"\]$/m,
    );
    expect(files.get('registries.conf')).toContain(
      'location = "127.0.0.1:5000"\ninsecure = true\n\n[[registry.mirror]]\nlocation = "127.0.0.1:5000/127.0.0.1_5000"\n',
    );
    expect(parse(files.get('k3s-registries.yaml') ?? '')).toMatchObject({
      mirrors: {
        '127.0.0.1:5000': {
          endpoint: ['http://127.0.0.1:5000/v2/127.0.0.1_5000', 'http://127.0.0.1:5000'],
        },
      },
    });
  });

  it('CRI-O (not run): knows each field of registries.conf, which it reads by the library of podman', () => {
    const conf = filesFor('127.0.0.1:5000/x', 'docker.io/library/one').get('registries.conf') ?? '';
    const lines = conf.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    // containers/image, docs/containers-registries.conf.5.md: tables, and their fields with a text or true.
    for (const line of lines)
      expect(line).toMatch(
        /^(?:\[\[registry(?:\.mirror)?\]\]|(?:prefix|location) = "[\w.:/-]+"|insecure = true)$/,
      );
    expect(lines).toHaveLength(2 * 4 + 3);
  });

  /** rancher/wharfie, pkg/registries/types.go: what k3s and RKE2 decode the file into. */
  const registriesSchema = z.strictObject({
    mirrors: z.record(
      z.string(),
      z.strictObject({ endpoint: z.array(z.url()), rewrite: z.record(z.string(), z.string()).optional() }),
    ),
  });

  it('k3s and RKE2 (not run): decode their file, whose rewrites give what zot serves', () => {
    const files = filesFor('docker.io/library/one', 'localhost:5000/x');
    const { mirrors } = registriesSchema.parse(parse(files.get('k3s-registries.yaml') ?? ''));
    const rewritten = (host: string, path: string): string[] =>
      Object.entries(mirrors[host]?.rewrite ?? {}).map(([from, to]) => path.replace(new RegExp(from), to));
    expect(rewritten('docker.io', 'library/one')).toEqual(['docker.io/library/one']);
    expect(rewritten('localhost:5000', 'x')).toEqual(['localhost_5000/x']);
    expect(mirrors['docker.io']?.endpoint).toEqual(['http://127.0.0.1:5000']);
  });

  /** moby, daemon/pkg/registry/config.go: ServiceOptions; ValidateMirror takes no path before docker 28. */
  const daemonSchema = z.strictObject({
    'insecure-registries': z.array(z.stringFormat('address', /^[\w.-]+:\d+$/)),
    'registry-mirrors': z.array(z.stringFormat('mirror', /^https?:\/\/[^/]+$/)),
  });

  it('dockerd (not run): decodes its file, with a mirror without a path', () => {
    expect(
      daemonSchema.parse(JSON.parse(filesFor('docker.io/library/one').get('daemon.json') ?? '')),
    ).toEqual({
      'insecure-registries': ['127.0.0.1:5000'],
      'registry-mirrors': ['http://127.0.0.1:5000'],
    });
  });
});
