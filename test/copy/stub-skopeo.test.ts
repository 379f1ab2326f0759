import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { MAX_CONFIG_BYTES } from '../../src/oci/config.ts';
import { formatBytes } from '../../src/text/bytes.ts';
import { type Digest, digestOf, hexOf, shortDigest } from '../../src/oci/digest.ts';
import type { CredentialStore } from '../../src/registry/index.ts';
import { openStore } from '../../src/store/index.ts';
import { always } from '../registry/support.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import { buildImage, filledLayer, writeOciLayout } from '../support/fixtures/index.ts';
import { writePrograms } from '../support/programs.ts';
import { type Copied, type Copying, startCopying } from './copying.ts';

/** Layers that are skopeo's, and one that is not. */
const [base, left, right, small] = [
  filledLayer('base', 1_300_000),
  filledLayer('left', 1_200_000),
  filledLayer('right', 1_100_000),
  filledLayer('small', 100),
];
const [BASE, LEFT, RIGHT, SMALL] = [base, left, right, small].map(({ bytes }) => digestOf(bytes)) as [
  Digest,
  Digest,
  Digest,
  Digest,
];
const images = {
  left: buildImage({ layers: [base, left] }),
  right: buildImage({ layers: [base, right] }),
  other: buildImage({ layers: [left] }),
  mixed: buildImage({ layers: [base, small] }),
};

let registry: BadRegistry;
let bench: Copying;
beforeAll(async () => {
  registry = await startBadRegistry({
    images: Object.fromEntries(Object.entries(images).map(([name, image]) => [`${name}:1`, image])),
  });
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.misbehave({});
  bench = await startCopying([registry.host]);
  for (const { bytes } of [base, left, right, small])
    await writeFile(path.join(bench.folder, hexOf(digestOf(bytes))), bytes);
  return () => bench.close();
});

const at = (name: keyof typeof images): string => `${registry.host}/${name}:1`;
const land = (...digests: readonly Digest[]): string =>
  digests.map((digest) => `land ${hexOf(digest)}`).join('; ');

/**
 * Copies with a skopeo that is a shell script. It has `land HEX`, which brings a layer as skopeo does, `say WORD…`, whose
 * words are `said` afterwards, and `$leaf`, the name of the image that it copies.
 */
async function copy(
  names: readonly (keyof typeof images)[],
  script: string,
  { entries = names.map(at), ...given }: Parameters<Copying['copy']>[1] & { entries?: string[] } = {},
): Promise<Copied & { readonly said: readonly string[] }> {
  const resolved = await bench.images(entries);
  registry.clear();
  const log = path.join(bench.folder, 'said');
  await writeFile(log, '');
  const leaves = Object.entries(images).map(([name, { top }]) => `*@${top}) leaf=${name};;`);
  const lines = [
    `say() { echo "$@" >> "$LOG"; }`,
    'land() { cp "$BLOBS/$1" "layout/oci-put-blob-$1"; mv "layout/oci-put-blob-$1" "pool/sha256/$1"; }',
    'mkdir layout',
    'for word in "$@"; do',
    `case "$word" in ${leaves.join(' ')} esac`,
    'done',
    script,
  ];
  await writePrograms(bench.folder, { skopeo: lines.join('\n') });
  const tools = {
    skopeo: { file: path.join(bench.folder, 'skopeo'), version: '1.0' },
    environment: {
      env: { PATH: process.env['PATH'] ?? '', LOG: log, BLOBS: bench.folder },
      globalArgs: [],
      temporary: '',
      storageEnv: {},
      daemonFlags: () => [],
      certsFolder: async () => 'certs',
    },
  };
  try {
    const copied = await bench.copy(resolved, { copier: 'skopeo', skopeoTools: async () => tools, ...given });
    return { ...copied, said: (await readFile(log, 'utf8')).trim().split('\n') };
  } finally {
    // Whatever happened: credentials may be in a copy's folder.
    expect((await readdir(bench.store.runFolder)).filter((name) => name.startsWith('leaf-'))).toEqual([]);
  }
}

const logged = ({ events }: Copied, level: string): string[] =>
  events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));
const bytesOf = ({ events }: Copied): number =>
  events.reduce((sum, event) => sum + (event.type === 'bytes' ? event.delta : 0), 0);
const blobsAsked = (): string[] =>
  registry.requests({ kind: 'blob' }).map(({ path: asked }) => asked.split('/').at(-1) ?? '');
const completed = (why: string) =>
  expect.stringMatching(new RegExp(`${why}; the built-in client completes it$`));

describe('what skopeo is told of a leaf', () => {
  const told = [
    'say "$@"',
    'say $(cat "$HOME/.config/containers/registries.conf.d/own.conf")',
    'case "$*" in *--src-authfile*) say $(cat /proc/self/fd/0);; esac',
    land(BASE, LEFT),
  ].join('\n');

  it('is its digest and its repository, and plain HTTP where the user allows it', async () => {
    const { said, failures, ...copied } = await copy(['left'], told);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(new RegExp(` docker://${registry.host}/left@${images.left.top} oci:layout$`));
    expect(said[0]).toContain(' --src-no-creds --src-cert-dir certs --src-tls-verify=false ');
    expect(said[1]).toContain('insecure = true');
    expect(failures.size).toBe(0);
    expect(copied.movers).toEqual(
      new Map([
        [BASE, 'skopeo'],
        [LEFT, 'skopeo'],
      ]),
    );
    expect(blobsAsked()).toEqual([]);
    expect(bytesOf({ ...copied, failures })).toBe(base.bytes.length + left.bytes.length);
    expect(logged({ ...copied, failures }, 'debug')).toEqual([
      `skopeo copies ${formatBytes(base.bytes.length + left.bytes.length)}, 2 layers of ${shortDigest(images.left.top)}`,
    ]);
  });

  it('is the login of its registry, by a file without a name, and what came with it is private', async () => {
    const login = { username: 'me', password: 'secret' };
    const credentials: CredentialStore = {
      find: async ({ domain, path: repository }) =>
        domain === registry.host && repository === 'left' ? login : undefined,
    };
    const { said } = await copy(['left'], told, { credentials, insecureRegistries: ['other.example'] });
    expect(said[0]).toContain(' --src-authfile ');
    expect(said[0]).not.toMatch(/--src-no-creds|--src-tls-verify|secret/);
    expect(said[1]).toContain('insecure = false');
    expect(JSON.parse(said[2] ?? '')).toEqual({
      auths: { [registry.host]: { auth: Buffer.from('me:secret').toString('base64') } },
    });
    await copy(['right'], land(RIGHT));
    const next = await openStore(path.join(bench.folder, 'store'), { asksAgain: true });
    const here = [base, right].map(({ bytes }) => next.has({ digest: digestOf(bytes), size: bytes.length }));
    expect(await Promise.all(here)).toEqual([false, true]);
    await next.close();
  });

  it('is what the store has of its layers, and of those of leaves before it, and no more', async () => {
    const script = `say $leaf $(ls pool/sha256)
      if [ $leaf = left ]; then ${land(LEFT)}; else ${land(BASE, RIGHT)}; fi`;
    const { said, movers, failures } = await copy(['left', 'right'], script);
    expect(failures.size).toBe(0);
    expect([...movers.values()]).toEqual(['skopeo', 'skopeo', 'skopeo']);
    // The leaf with fewer other bytes leads.
    expect(said).toEqual(['right', `left ${hexOf(BASE)}`]);
  });
});

describe('a leaf of which skopeo does not bring all', () => {
  it('though it ends well, is completed by our own client', async () => {
    const copied = await copy(['left'], land(BASE));
    expect(copied.movers).toEqual(
      new Map([
        [BASE, 'skopeo'],
        [LEFT, 'direct'],
      ]),
    );
    expect(blobsAsked()).toEqual([LEFT]);
    expect(logged(copied, 'warning')).toEqual([completed('^skopeo left out 1 layers without a message')]);
    expect(bytesOf(copied)).toBe(base.bytes.length + left.bytes.length);
  });

  it('since it fails, is completed so, and its words are told without the login', async () => {
    const script = `${land(LEFT)}; echo "what is secret: me:secret-word" >&2; exit 3`;
    const credentials = always({ username: 'me', password: 'secret-word' });
    const copied = await copy(['left'], script, { credentials });
    expect(copied.movers).toEqual(
      new Map([
        [LEFT, 'skopeo'],
        [BASE, 'direct'],
      ]),
    );
    expect(logged(copied, 'warning')).toEqual([
      completed(
        `^${registry.host}/left@${images.left.top}: skopeo failed \\(exit 3\\): what is secret: me:\\*\\*\\*`,
      ),
    ]);
  });

  it('but other bytes, is completed so, and these do not enter the store', async () => {
    const copied = await copy(['other'], `echo wrong > pool/sha256/${hexOf(LEFT)}`);
    expect(copied.movers).toEqual(new Map([[LEFT, 'direct']]));
    expect(logged(copied, 'warning')).toEqual([completed('')]);
    expect(await bench.store.verify({ digest: LEFT, size: left.bytes.length })).toBe(true);
  });

  it('but more than the manifest says, is ended and completed so', async () => {
    const size = left.bytes.length + MAX_CONFIG_BYTES + 1;
    // It would wait for ever for somebody who reads.
    const script = `mkfifo end; truncate -s ${size} layout/oci-put-blob1; echo > end`;
    const copied = await copy(['other'], script);
    expect(copied.movers).toEqual(new Map([[LEFT, 'direct']]));
    expect(logged(copied, 'warning')).toEqual([completed('^skopeo is sent more than the manifest says')]);
    expect(bytesOf(copied)).toBe(left.bytes.length);
  });

  it('nor our own client, leaves the rest to the next leaf that needs it', async () => {
    registry.misbehave({ faults: [{ path: new RegExp(BASE), failure: { kind: 'status', status: 404 } }] });
    const script = `say $leaf; if [ $leaf = right ]; then ${land(RIGHT)}; else ${land(BASE, LEFT)}; fi`;
    const copied = await copy(['left', 'right'], script);
    expect(copied.said).toEqual(['right', 'left']);
    expect(copied.failures.size).toBe(0);
    expect(copied.movers.get(BASE)).toBe('skopeo');
    const steps = copied.events.flatMap((event) => (event.type === 'step' ? [event.outcome] : []));
    expect(steps).toEqual(['fetched', 'fetched']);
  });
});

describe('without skopeo', () => {
  it('our own client brings layers of any size', async () => {
    const copied = await copy(['left'], 'say called', { copier: 'direct' });
    expect([...copied.movers.values()]).toEqual(['direct', 'direct']);
    expect(copied.said).toEqual(['']);
  });
});

describe('a small layer of a leaf that skopeo copies', () => {
  it('is brought by skopeo where our own client does not get it', async () => {
    registry.misbehave({ faults: [{ path: new RegExp(SMALL), failure: { kind: 'status', status: 404 } }] });
    const copied = await copy(['mixed'], `say $(ls pool/sha256); ${land(BASE, SMALL)}`);
    expect(copied.failures.size).toBe(0);
    expect(new Set(copied.movers)).toEqual(
      new Set([
        [BASE, 'skopeo'],
        [SMALL, 'skopeo'],
      ]),
    );
    expect(copied.movers.size).toBe(2);
    expect(copied.said).toEqual(['']);
  });

  it('is linked for skopeo where our own client has it: skopeo waits for it', async () => {
    const copied = await copy(['mixed'], `say $(ls pool/sha256); ${land(BASE)}`);
    expect(copied.said).toEqual([hexOf(SMALL)]);
    expect(copied.movers.get(SMALL)).toBe('direct');
  });
});

describe('copies by skopeo', () => {
  it('are as many at once as is allowed', async () => {
    const script = `say begins; ${land(LEFT, RIGHT, BASE)}; say ends`;
    const { said, failures } = await copy(['other', 'right'], script, { parallel: 1 });
    expect(failures.size).toBe(0);
    expect(said).toEqual(['begins', 'ends', 'begins', 'ends']);
  });

  it('run side by side: neither of these ends before the other one has begun', async () => {
    const script = `mkfifo "$BLOBS/meet" 2>/dev/null
      if [ $leaf = other ]; then echo > "$BLOBS/meet"; ${land(LEFT)}
      else cat "$BLOBS/meet"; ${land(BASE, RIGHT)}; fi`;
    const { failures, movers } = await copy(['other', 'right'], script, { parallel: 2 });
    expect([failures.size, movers.size]).toEqual([0, 3]);
  });

  it('end with the run: an interruption ends them, and nothing is completed', async () => {
    const controller = new AbortController();
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    // What has landed tells that it runs; it never ends by itself.
    const script = `mkfifo end; ${land(BASE)}; echo > end`;
    const onLanded = (): void => controller.abort(reason);
    expect(await failureOf(copy(['left'], script, { signal: controller.signal, onLanded }))).toBe(reason);
    expect(blobsAsked()).toEqual([]);
  });

  it('that wait for a small layer do not wait any more', async () => {
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    const controller = new AbortController();
    registry.misbehave({ faults: [{ path: new RegExp(SMALL), failure: { kind: 'stall', at: 0.5 } }] });
    const copying = failureOf(copy(['mixed'], 'say called', { signal: controller.signal }));
    await expect.poll(blobsAsked).toEqual([SMALL]);
    controller.abort(reason);
    expect(await copying).toBe(reason);
  });

  it.each([false, true])(
    'are of what a registry has, also where a layout has it, first: %s',
    async (layoutFirst) => {
      const layout = path.join(bench.folder, 'layout');
      await writeOciLayout(layout, [{ image: images.left, name: 'x.example/left:1' }]);
      const entries = [at('left'), `oci:${layout}`];
      const script = `say $leaf; ${land(BASE, LEFT)}`;
      const { movers, said } = await copy([], script, {
        entries: layoutFirst ? entries.toReversed() : entries,
      });
      expect([...movers.values()]).toEqual(['skopeo', 'skopeo']);
      expect(said).toEqual(['left']);
    },
  );
});
