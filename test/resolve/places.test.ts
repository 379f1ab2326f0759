import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SaveEvent } from '../../src/events.ts';
import { parseOptions } from '../../src/options/index.ts';
import type { Resolution } from '../../src/resolve/index.ts';
import { openStore } from '../../src/store/index.ts';
import { type Copying, startCopying } from '../copy/copying.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { idx, one, writeOciLayout } from '../support/fixtures/index.ts';
import { topOf } from '../support/image.ts';
import { writePrograms } from '../support/programs.ts';

let registry: BadRegistry;
let bench: Copying;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'app:1': one({ layerBytes: 100 }) } });
});
afterAll(() => registry.close());
beforeEach(async () => {
  bench = await startCopying([registry.host]);
  return () => bench.close();
});

/** What skopeo says of a storage (containers/image, docker/daemon and storage). */
const NO_DAEMON = 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?';
const NO_CONF = 'stat /x/storage.conf: no such file or directory';
const ABSENT = 'No such image: app:1';

/** Resolves an entry where skopeo fails with these words, or prints this manifest. */
async function resolve(
  entry: string,
  words: string,
  { source = '', offline = false, printed = '', copies = '', store = bench.store },
): Promise<Resolution & { readonly warnings: readonly string[] }> {
  const fails = `echo 'level=fatal msg="${words}"' >&2; exit 1`;
  await writeFile(path.join(bench.folder, 'printed.json'), printed);
  const works = `case "$*" in *inspect*) cat '${bench.folder}/printed.json';; *) ${copies};; esac`;
  await writePrograms(bench.folder, { skopeo: printed === '' ? fails : works });
  const tools = {
    skopeo: { file: path.join(bench.folder, 'skopeo'), version: '9.9' },
    environment: {
      env: { PATH: process.env['PATH'] ?? '' },
      globalArgs: [],
      temporary: '',
      storageEnv: {},
      daemonFlags: () => [],
      certsFolder: async () => '',
    },
  };
  const events: SaveEvent[] = [];
  const resolution = await bench.resolve([entry], {
    offline,
    store,
    sourceOrder: parseOptions({ images: entry, source }).source,
    skopeoTools: async () => tools,
    emit: (event) => events.push(event),
  });
  const warnings = events.flatMap((event) =>
    event.type === 'log' && event.level === 'warning' ? [event.message] : [],
  );
  return { ...resolution, warnings };
}
const app = (): string => `${registry.host}/app:1`;

describe('S6: a storage before the registry in the order', () => {
  it.each([
    ['docker-daemon,remote', NO_DAEMON, 'Docker’s daemon: Docker’s daemon cannot be reached'],
    ['containers-storage,remote', NO_CONF, `containers-storage: skopeo failed (exit 1): ${NO_CONF}`],
  ])('that cannot be read is a warning, since it may have another image: %s', async (source, words, why) => {
    const { resolved, warnings } = await resolve(app(), words, { source });
    expect(resolved.map(({ source: from }) => from)).toEqual(['docker']);
    expect(warnings).toEqual([
      `it is taken from its registry, and may be another image than the one before it in the order: ${why}`,
    ]);
    expect(resolved[0]?.notes).toEqual([`taken from its registry; ${why}`]);
  });

  it('that does not have it is none, and neither is one that nobody named', async () => {
    const passed = await resolve(app(), ABSENT, { source: 'local,remote' });
    expect([passed.resolved.length, passed.warnings]).toEqual([1, []]);
    const auto = await resolve(app(), NO_DAEMON, {});
    expect([auto.resolved.length, auto.warnings]).toEqual([1, []]);
  });
});

const hintOf = ({ failed: [failure] }: Resolution): unknown =>
  failure?.error instanceof Error && 'hint' in failure.error ? failure.error.hint : failure;

describe('S8: offline, where no storage may be looked at', () => {
  it('an image that the store lacks is told with the option that names storages', async () => {
    const result = await resolve(app(), '', { offline: true, source: 'remote' });
    expect(hintOf(result)).toBe(
      'Bring it into the store by a run without --offline. Storages of this machine are looked at where --source names them.',
    );
  });
});

describe('found B9: what an image of a storage became', () => {
  it('is given from a shared store only in a run that reads that image', async () => {
    const image = one({ layerBytes: 100, seed: 'stored' });
    const made = path.join(bench.folder, 'made');
    await writeOciLayout(made, [{ image }]);
    const printed = new TextDecoder().decode(topOf(image).bytes);
    const copies = [
      'mkdir -p layout pool/sha256',
      `cp ${made}/index.json ${made}/oci-layout layout`,
      `cp ${made}/blobs/sha256/* pool/sha256`,
    ].join('; ');
    const job = async (entry: string): Promise<string> => {
      const store = await openStore(path.join(bench.folder, 'shared'), { asksAgain: true });
      try {
        const { resolved } = await resolve(entry, '', { printed, copies, store });
        return resolved.map(({ digest }) => digest).join();
      } finally {
        await store.close();
      }
    };
    const pinned = `${registry.host}/other/app@${image.top} => x.example/app:1`;
    expect(await job('containers-storage:localhost/app:1')).toBe(image.top);
    expect(await job(pinned)).toBe('');
    expect(await job('docker-daemon:localhost/other:1 => x.example/app:1')).toBe(image.top);
    expect(await job('containers-storage:localhost/app:1')).toBe(image.top);
    expect(await job(pinned)).toBe('');
  });
});

describe('S4: an image of containers-storage', () => {
  it('that Podman built has another name than Docker Hub’s, which the hint gives', async () => {
    const result = await resolve('containers-storage:app:1', 'reference does not resolve to an image ID', {});
    expect(hintOf(result)).toBe(
      'What Podman built as app:1 is there as localhost/app:1: write containers-storage:localhost/app:1. podman images lists the names.',
    );
    const other = await resolve('containers-storage:quay.io/a/app:1', 'does not resolve to an image ID', {});
    expect(hintOf(other)).toMatch(/^Names are complete there/);
  });

  it('that is an index is told with what writes it into an archive', async () => {
    const printed = new TextDecoder().decode(topOf(idx()).bytes);
    const result = await resolve('containers-storage:localhost/app:1', '', { printed });
    expect(result.failed[0]?.error).toMatchObject({
      code: 'unsupported',
      message: 'containers-storage:localhost/app:1: it is an index of several images',
    });
    expect(hintOf(result)).toMatch(/podman manifest push --all NAME oci-archive:FILE:NAME/);
  });
});
