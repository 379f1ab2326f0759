import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { d2, idx, one, zst } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { servedDigest } from '../support/layout-entries.ts';
import { ELSEWHERE, KEPT, UNPACKED } from '../support/odd/savable.ts';
import { REFUSED } from '../support/odd/refused.ts';
import { runProgram } from '../support/program.ts';
import { startSaving } from '../support/saving.ts';
import { startContainerd, startDockerRegistry, startPodman } from '../support/servers/index.ts';
import { serveBundle } from '../support/serve-bundle.ts';
import { toolPath } from '../support/tools.ts';
import { checkBundle } from '../support/whole-bundle.ts';

const small = { layerBytes: 200 };
/** The first and the last of every order by name, and some between. */
const ORDINARY: Readonly<Record<string, Image>> = {
  'aaa-first': one({ seed: 'first', ...small }),
  'large-layer': one({ seed: 'large' }),
  'middle-docker': d2(small),
  'oci-index': idx(small),
  'zzz-last': zst(small),
};
const SAVED = { ...ORDINARY, ...UNPACKED, ...ELSEWHERE, ...KEPT };
const IMPORTED = { ...ORDINARY, ...UNPACKED };

const tagged = Object.entries(SAVED).map(([name, image]) => [`${name}:1`, image] as const);
const { registry, work } = await startSaving(Object.fromEntries(tagged));

const nameOf = (name: string): string => `site.example/odd/${name}:1`;
const namesOf = (images: object): string[] => Object.keys(images).map(nameOf).toSorted();
let lock: Lock;
const imageOf = (name: string): Lock['images'][number] =>
  lock.images.find(({ names }) => names.includes(nameOf(name))) ?? expect.fail(name);

beforeAll(async () => {
  for (const [at, [, image]] of REFUSED.entries()) registry.put(`refused-${at}`, image, '1');
  const saved = Object.keys(SAVED).map((name) => `${registry.host}/${name}:1 => ${nameOf(name)}`);
  const refused = REFUSED.map((_, at) => `${registry.host}/refused-${at}:1`);
  const list = [...saved, ...refused].toSorted().join('\n');
  const options = ['--archive', 'tar', '--on-error', 'warn', '--insecure-registries', registry.host];
  const args = ['save', '-f', '-', '-p', 'all', '-o', 'odd', ...options];
  const { exitCode, stderr } = await work.runWith(list, ...args);
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
  lock = await work.lock('odd/oci-save.lock.json');
});

describe('a bundle of odd and ordinary images', () => {
  it('holds each that can be saved, bit for bit, and names the others', async () => {
    expect(await checkBundle(work.file('odd'))).toEqual(namesOf(SAVED));
    expect(Object.fromEntries(Object.keys(SAVED).map((name) => [name, imageOf(name).digest]))).toEqual(
      Object.fromEntries(Object.entries(SAVED).map(([name, { top }]) => [name, top])),
    );
    const { failed, images } = await work.report('odd.report.json');
    expect(failed).toHaveLength(REFUSED.length);
    const noted = images.filter(({ notes }) => notes.length > 0).flatMap(({ names }) => names);
    expect(noted).toEqual(
      ['a-build-cache', 'a-layer-of-text', 'an-index-of-nothing', 'foreign-layer'].map(nameOf),
    );
  });

  it('is imported by ctr: all that runtimes unpack is unpacked before it stops', async () => {
    await using containerd = await startContainerd();
    await expect(containerd.import(work.file('odd.tar'))).rejects.toThrow('ctr: ');
    const images = await containerd.images();
    expect(images.flatMap(({ name }) => (name.includes('@') ? [] : [name])).toSorted()).toEqual(
      namesOf(SAVED),
    );
    // Unpacking marks the config with the snapshot of its layers, where it has any.
    const contents = await containerd.ctr('content', 'ls');
    const unpacked = Object.keys(IMPORTED).filter((name) => {
      const configs = imageOf(name).leaves.map(({ config }) => config);
      return contents
        .split('\n')
        .some(
          (line) => line.includes('gc.ref.snapshot') && configs.some((config) => line.startsWith(config)),
        );
    });
    const layered = Object.keys(IMPORTED).filter((name) => name !== 'no-layers');
    expect(unpacked.toSorted()).toEqual(layered.toSorted());
  });

  it('is loaded by podman, which gets every image of which it can unpack the layers', async () => {
    await using podman = await startPodman();
    await podman.load(work.file('odd.tar'));
    const loaded = new Set((await podman.images()).map(({ name }) => name));
    expect([...loaded].toSorted()).toEqual(namesOf({ ...IMPORTED, ...ELSEWHERE }));
  });

  it('is copied by skopeo, each OCI image with its digest, except indexes in indexes', async () => {
    const oci = Object.keys(IMPORTED).filter((name) => {
      if (name === 'nested-indexes') return false;
      const { mediaType, leaves } = imageOf(name);
      return [mediaType, ...leaves.map((leaf) => leaf.mediaType)].every((type) => type.includes('.oci.'));
    });
    const copy = async (name: string): Promise<string> => {
      const target = work.file(`copied-${name}`);
      const source = `oci:${work.file('odd')}:${nameOf(name)}`;
      const flags = ['--insecure-policy', '--preserve-digests', '--all'];
      await runProgram(toolPath('skopeo'), ['copy', ...flags, source, `dir:${target}`], { env: work.env });
      return digestOf(await readFile(`${target}/manifest.json`).catch(() => new Uint8Array()));
    };
    const copied: Record<string, string> = {};
    for (const name of oci) copied[name] = await copy(name);
    expect(copied).toEqual(Object.fromEntries(oci.map((name) => [name, imageOf(name).digest])));
  });

  it('is served with every digest', async () => {
    await using served = await serveBundle(work.file('odd'));
    const digests: Record<string, string> = {};
    for (const name of Object.keys(SAVED))
      digests[name] = await servedDigest(`${served.host}/${nameOf(name)}`);
    expect(digests).toEqual(
      Object.fromEntries(Object.keys(SAVED).map((name) => [name, imageOf(name).digest])),
    );
  });

  it('is pushed to docker-registry, which takes every one with its digest', async () => {
    await using target = await startDockerRegistry();
    await work.succeed('push', 'odd', target.host, '--insecure-registries', target.host);
    const digests: Record<string, string> = {};
    for (const name of Object.keys(SAVED))
      digests[name] = await servedDigest(`${target.host}/${nameOf(name)}`);
    expect(digests).toEqual(
      Object.fromEntries(Object.keys(SAVED).map((name) => [name, imageOf(name).digest])),
    );
  });
});
