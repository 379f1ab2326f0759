import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { hexOf } from '../../src/oci/digest.ts';
import { type Copying, startCopying } from '../copy/copying.ts';
import { failureOf } from '../support/failure.ts';
import { d2, one, writeOciLayout } from '../support/fixtures/index.ts';
import { topOf } from '../support/image.ts';
import { writePrograms } from '../support/programs.ts';

let bench: Copying;
beforeEach(async () => {
  bench = await startCopying([]);
  await writeFile(path.join(bench.folder, 'a.tar'), 'an archive');
  return () => bench.close();
});

const image = one({ layerBytes: 100 });
const docker = d2({ layerBytes: 100 });

/**
 * Resolves an archive with a skopeo that is a shell script: one for `inspect`, whose stdout is the manifest in the archive,
 * and one for `copy`.
 */
async function resolve(
  { inspect = 'cat "$BENCH/inside.json"', copy = '' }: { inspect?: string; copy?: string },
  given: Parameters<Copying['resolve']>[1] & { entry?: string } = {},
) {
  const { entry = `docker-archive:${bench.folder}/a.tar => x.example/a:1`, ...context } = given;
  await writeFile(path.join(bench.folder, 'inside.json'), topOf(docker).bytes);
  const script = `case "$*" in *inspect*) ${inspect};; *) ${copy};; esac`;
  await writePrograms(bench.folder, { skopeo: script });
  const tools = {
    skopeo: { file: path.join(bench.folder, 'skopeo'), version: '9.9' },
    environment: {
      env: { PATH: process.env['PATH'] ?? '', BENCH: bench.folder },
      globalArgs: [],
      temporary: '',
      storageEnv: {},
      daemonFlags: () => [],
      certsFolder: async () => '',
    },
  };
  const result = bench.resolve([entry], { ...context, skopeoTools: async () => tools });
  try {
    return await result;
  } finally {
    // Nothing of an archive's conversion stays.
    expect((await readdir(bench.store.runFolder)).filter((name) => name.startsWith('archive-'))).toEqual([]);
  }
}

/** What a skopeo that converts does: the layout names the manifest, and the pool has its blobs. */
async function converting(lacking: readonly string[] = []): Promise<string> {
  await writeOciLayout(path.join(bench.folder, 'made'), [{ image }]);
  const blobs = [...image.manifests.keys(), ...image.blobs.keys()].filter(
    (digest) => !lacking.includes(digest),
  );
  const files = blobs.map((digest) => `"$BENCH/made/blobs/sha256/${hexOf(digest)}"`).join(' ');
  return [
    'mkdir -p layout pool/sha256',
    'cp "$BENCH/made/index.json" "$BENCH/made/oci-layout" layout',
    `cp ${files} pool/sha256`,
  ].join('; ');
}

const says = (words: string): string => `echo '${words}' >&2; exit 1`;
const reasonOf = (failed: readonly { readonly error: unknown }[]): unknown =>
  failed.map(({ error }) => error)[0];

describe('an archive that skopeo converts', () => {
  it('is read by its open file, and has the ID and the layers of the archive', async () => {
    const copy = `${await converting()}; cat archive.tar > "$BENCH/seen"`;
    const { resolved, failed } = await resolve({ copy });
    expect(failed).toEqual([]);
    expect(await readFile(path.join(bench.folder, 'seen'), 'utf8')).toBe('an archive');
    const { config, layers } = JSON.parse(new TextDecoder().decode(topOf(docker).bytes));
    expect(resolved).toMatchObject([
      {
        digest: image.top,
        converted: {},
        imageId: config.digest,
        diffIds: layers.map(({ digest }: { digest: string }) => digest),
        platforms: ['linux/amd64'],
        notes: ['converted from a docker archive by skopeo 9.9'],
      },
    ]);
    for (const digest of [...image.manifests.keys(), ...image.blobs.keys()])
      expect(await bench.store.read(digest, 1e6)).toBeDefined();
  });

  it('is asked for the image that is named', async () => {
    const copy = `${await converting()}; echo "$*" > "$BENCH/called"`;
    const entry = `docker-archive:${bench.folder}/a.tar:x.example/inside:2`;
    const inspect = 'echo "$*" > "$BENCH/inspected"; cat "$BENCH/inside.json"';
    const { resolved } = await resolve({ inspect, copy }, { entry });
    expect(resolved.map(({ ref, names }) => [ref, names])).toEqual([
      ['x.example/inside:2', ['x.example/inside:2']],
    ]);
    const [inspected, called] = await Promise.all(
      ['inspected', 'called'].map((name) => readFile(path.join(bench.folder, name), 'utf8')),
    );
    expect(inspected).toBe('inspect --raw docker-archive:archive.tar:x.example/inside:2\n');
    expect(called).toMatch(
      /^copy (?!.*--preserve-digests).* docker-archive:archive\.tar:x\.example\/inside:2 oci:layout\n$/,
    );
  });

  it('fails where skopeo has not written what it names', async () => {
    const { failed } = await resolve({ copy: await converting([image.top]) });
    expect(reasonOf(failed)).toMatchObject({
      code: 'local',
      message: expect.stringMatching(/^skopeo has not written sha256:\w+, which it names$/),
    });
  });

  it('ends with the run', async () => {
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    const controller = new AbortController();
    // It would wait for ever for somebody who reads.
    const inspect = 'mkfifo end; : > "$BENCH/begun"; echo > end';
    const resolving = failureOf(resolve({ inspect }, { signal: controller.signal }));
    await expect.poll(() => readdir(bench.folder)).toContain('begun');
    controller.abort(reason);
    expect(await resolving).toBe(reason);
  });
});

describe('an archive that skopeo does not read', () => {
  const format = 'It must be a tar as `docker save` writes it, with manifest.json at its top.';
  const words: readonly (readonly [words: string, message: string, hint: string])[] = [
    [
      'file manifest.json: file does not exist',
      'it has no manifest.json, so it is no docker archive',
      `${format} An archive with an OCI layout is oci-archive:path.`,
    ],
    ['decoding tar manifest.json: unexpected end of JSON input', 'its manifest.json is not JSON', format],
    [
      'loading manifest.json: expected 1 item, got 0',
      'it holds no image',
      'Save the image into it again, and look whether that succeeds.',
    ],
    [
      'loading manifest.json: expected 1 item, got 10',
      'it holds several images',
      'Name one of them: docker-archive:path:name:tag.',
    ],
    [
      'some layer tarfiles are missing in the tarball',
      'it lacks layers that its manifest.json names',
      format,
    ],
    [
      'Digest did not match, expected sha256:a, got sha256:b',
      'a layer in it is damaged, or a hard link to another file in it',
      'Save the image again, or pack its folder without hard links.',
    ],
    ...['unexpected EOF', 'archive/tar: invalid tar header', 'gzip: invalid checksum'].map(
      (said) =>
        [
          said,
          'it is cut off, or no tar, or compressed so that this skopeo cannot read it',
          'Uncompress it, or save the image again.',
        ] as const,
    ),
  ];

  it.each(words)('says so by %j: %s', async (said, message, hint) => {
    const { failed } = await resolve({ inspect: says(said) });
    expect(reasonOf(failed)).toMatchObject({
      code: 'unsupported',
      message: `docker-archive:${bench.folder}/a.tar: ${message}`,
      hint,
    });
  });

  it('says what nobody foresaw in its own words, and that its form may be wrong', async () => {
    for (const failing of [{ inspect: says('an odd thing') }, { copy: says('an odd thing') }]) {
      const { failed } = await resolve(failing);
      expect(reasonOf(failed)).toMatchObject({
        code: 'unsupported',
        message: `docker-archive:${bench.folder}/a.tar: skopeo failed (exit 1): an odd thing`,
        hint: format,
      });
    }
  });

  it.each([
    ['open /x: no such image: not found', 'not-found'],
    ['write: no space left on device', 'local'],
    ['open archive.tar: permission denied', 'denied'],
  ])('for another reason has no word of its form: %s', async (said, code) => {
    const { failed } = await resolve({ inspect: says(said) });
    expect(reasonOf(failed)).toMatchObject({ code });
    expect(reasonOf(failed)).not.toMatchObject({ hint: expect.stringContaining(format) });
  });
});
