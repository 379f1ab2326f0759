import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import {
  absentChild,
  artifact,
  HOST_ARCHITECTURE,
  image,
  index,
  platformOf,
  Repository,
  type Descriptor,
  type Image,
} from './tree.ts';

/** What the sample tree holds, by the words that tests use. */
export interface Sample {
  readonly one: Repository;
  readonly multi: Repository;
  readonly oci: Image;
  readonly signature: Descriptor;
  readonly sbom: Descriptor;
  readonly wholeIndex: Descriptor;
  readonly children: readonly [Descriptor, Descriptor];
  readonly sparseIndex: Descriptor;
  readonly sparseChild: Descriptor;
  readonly unlistedIndex: Descriptor;
  readonly unlistedChild: Descriptor;
  readonly docker: Image;
  readonly digestOnly: Image;
  readonly big: Image;
  /** Images that a runtime can pull, as repository and tag. */
  readonly pullable: readonly (readonly [string, string])[];
  /** Every repository, in the order of zot's catalogue. */
  readonly catalog: readonly string[];
}

/** Writes the sample tree into a folder: each case of zot's rules once. */
export async function writeSample(root: string): Promise<Sample> {
  await mkdir(root, { recursive: true });
  const repository = (name: string) => new Repository(root, name);

  const one = repository('docker.io/library/one');
  const oci = await image(one, { content: 'one' });
  one.list(oci.manifest, '1.0', 'latest');
  const signature = await artifact(one, oci.manifest, {
    artifactType: 'application/vnd.example.signature',
    annotations: { 'org.example.by': 'somebody' },
  });
  one.list(signature);
  const sbom = await artifact(one, oci.manifest, {});
  one.list(sbom);
  const digestOnly = await image(one, { content: 'digest only' });
  one.list(digestOnly.manifest);
  await one.write();

  const multi = repository('docker.io/library/multi');
  const children = [await child(multi, 'amd64'), await child(multi, 'arm64')] as const;
  const wholeIndex = await index(multi, children);
  multi.list(wholeIndex, '1.0');
  for (const each of children) multi.list(each);
  await multi.write();

  const sparse = repository('docker.io/library/sparse');
  const sparseChild = await child(sparse, HOST_ARCHITECTURE);
  const sparseIndex = await index(sparse, [sparseChild, absentChild()]);
  sparse.list(sparseIndex, '1.0');
  sparse.list(sparseChild);
  await sparse.write();

  const unlisted = repository('docker.io/library/unlisted');
  const unlistedChild = await child(unlisted, HOST_ARCHITECTURE);
  const unlistedIndex = await index(unlisted, [unlistedChild]);
  unlisted.list(unlistedIndex, '1.0');
  await unlisted.write();

  const v2s2 = repository('docker.io/library/v2s2');
  const docker = await image(v2s2, { content: 'docker', docker: true });
  v2s2.list(docker.manifest, '1.0');
  await v2s2.write();

  const large = repository('large');
  const big = await image(large, { content: 'large', padding: randomBytes(20 * 1024 * 1024) });
  large.list(big.manifest, '1.0');
  await large.write();

  const short = repository('a');
  short.list((await image(short, { content: 'a' })).manifest, '1');
  await short.write();
  const lower = repository('a/b');
  lower.list((await image(lower, { content: 'a/b' })).manifest, '1');
  await lower.write();
  const dashed = repository('a-b');
  dashed.list((await image(dashed, { content: 'a-b' })).manifest, '1');
  await dashed.write();
  const hidden = repository('team/myblobs');
  hidden.list((await image(hidden, { content: 'hidden' })).manifest, '1');
  await hidden.write();

  return {
    one,
    multi,
    oci,
    signature,
    sbom,
    wholeIndex,
    children,
    sparseIndex,
    sparseChild,
    unlistedIndex,
    unlistedChild,
    docker,
    digestOnly,
    big,
    pullable: [
      ['docker.io/library/one', '1.0'],
      ['docker.io/library/one', 'latest'],
      ['docker.io/library/multi', '1.0'],
      ['docker.io/library/sparse', '1.0'],
      ['docker.io/library/v2s2', '1.0'],
      ['large', '1.0'],
      ['a', '1'],
      ['a/b', '1'],
      ['a-b', '1'],
      ['team/myblobs', '1'],
    ],
    catalog: [
      'a',
      'a/b',
      'a-b',
      'docker.io/library/multi',
      'docker.io/library/one',
      'docker.io/library/sparse',
      'docker.io/library/unlisted',
      'docker.io/library/v2s2',
      'large',
    ],
  };
}

async function child(repository: Repository, architecture: string): Promise<Descriptor> {
  const { manifest } = await image(repository, { content: architecture, architecture });
  return { ...manifest, platform: platformOf(architecture) };
}
