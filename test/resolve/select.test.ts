import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { parsePlatform, parsePlatformChoice } from '../../src/oci/platform.ts';
import { type Selection, selectChildren } from '../../src/resolve/select.ts';
import { jsonBytes } from '../support/image.ts';

interface Listed {
  /** The child: entries of one name are of one digest. */
  readonly name: string;
  readonly platform?: string;
  readonly type?: string;
  readonly attests?: true;
}

/** The names of the children that are taken of an index, by what happens to them. */
function select(entries: readonly Listed[], choice: string): Partial<Record<keyof Selection, string[]>> {
  const nameOf = new Map(
    entries.map(({ name }) => [digestOf(new TextEncoder().encode(name)), name] as const),
  );
  const manifests = entries.map(({ name, platform, type = OCI_MANIFEST, attests }) => ({
    mediaType: type,
    digest: digestOf(new TextEncoder().encode(name)),
    size: 10,
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    ...(attests ? { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } } : {}),
  }));
  const index = parseManifest(jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  if (index.kind !== 'index') throw new Error('no index');
  const selection = selectChildren(index, { platforms: parsePlatformChoice(choice) });
  const named = Object.entries(selection).map(([kind, children]: [string, Selection['leaves']]) => [
    kind,
    children.map(({ digest }) => nameOf.get(digest) ?? ''),
  ]);
  return Object.fromEntries(named.filter(([, names]) => names?.length));
}

const LIST = OCI_INDEX;

describe('found L6: the children of an index that are taken', () => {
  it.each<[string, Listed[], string, ReturnType<typeof select>]>([
    [
      'one without a platform is read for its config, among others of unwanted ones',
      [{ name: 'bare' }, { name: 'arm', platform: 'linux/arm64' }, { name: 'amd', platform: 'linux/amd64' }],
      'linux/amd64',
      { leaves: ['amd'], unknown: ['bare'] },
    ],
    [
      'one that is listed without a platform and for an unwanted one is read for its config',
      [{ name: 'twice', platform: 'linux/arm64' }, { name: 'twice' }],
      'linux/amd64',
      { unknown: ['twice'] },
    ],
    [
      'one that is listed without a platform and for a wanted one is taken',
      [{ name: 'twice' }, { name: 'twice', platform: 'linux/amd64' }],
      'linux/amd64',
      { leaves: ['twice'] },
    ],
    [
      'one that is listed for unwanted platforms alone is left out',
      [
        { name: 'twice', platform: 'linux/arm64' },
        { name: 'twice', platform: 'linux/arm/v7' },
      ],
      'linux/amd64',
      {},
    ],
    [
      'an index is read without a platform, or with a wanted one',
      [
        { name: 'bare', type: LIST },
        { name: 'amd', type: LIST, platform: 'linux/amd64' },
        { name: 'arm', type: LIST, platform: 'linux/arm64' },
      ],
      'linux/amd64',
      { indexes: ['bare', 'amd'] },
    ],
    [
      'with all, none is left out, and one without a platform is read for its config even so',
      [{ name: 'bare' }, { name: 'arm', platform: 'linux/arm64' }, { name: 'below', type: LIST }],
      'all',
      { leaves: ['arm'], indexes: ['below'], unknown: ['bare'] },
    ],
    [
      'an attestation is no platform, unless another entry of it is an image',
      [
        { name: 'att', platform: 'unknown/unknown' },
        { name: 'marked', platform: 'linux/amd64', attests: true },
        { name: 'both', attests: true },
        { name: 'both', platform: 'linux/amd64' },
        { name: 'other', attests: true },
        { name: 'other', platform: 'linux/arm64' },
      ],
      'linux/amd64',
      { leaves: ['both'], attestations: ['att', 'marked'] },
    ],
  ])('%s', (_, entries, choice, expected) => {
    expect(select(entries, choice)).toEqual(expected);
  });
});
