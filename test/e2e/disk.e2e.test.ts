import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AMD64, buildIndex, busybox, dockerArchive, one } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { expectExit } from '../support/expect-exit.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, type ProgramResult } from '../support/program.ts';
import { smallDisk } from '../support/small-disk.ts';
import { startSaving } from '../support/saving.ts';
import { toolPath } from '../support/tools.ts';
import { checkBundle, filesOf, isThere, namesIn } from '../support/whole-bundle.ts';

const MIB = 1024 * 1024;
/** Free beyond this is left free. */
const RESERVE = 16 * MIB;

const { registry, work, args } = await startSaving({}, ['--retries', '1']);

/** An image of which nothing but its manifests is read before its blobs are copied. */
function imageNamed(name: string, layerBytes: number): Image {
  const image = buildIndex([{ image: one({ seed: name, layerBytes }), platform: AMD64 }]);
  registry.put(name, image, '1');
  registry.misbehave({});
  registry.clear();
  return image;
}

describe('case F5: a disk with too little space', () => {
  it.each([
    ['the store', '--cache-dir', 'fetched blobs'],
    ['the output', '-o', 'the bundle, which cannot be linked there,'],
  ])(
    'for %s is reported before the first blob, with the volume and the needed and free bytes',
    async (_, option, what) => {
      await using disk = await smallDisk(8 * MIB + RESERVE);
      imageNamed('large', 10 * MIB);
      const place = `${disk.path}/here`;
      const failed = await work.run(...args(`${registry.host}/large:1`, option, place));
      expectExit(failed, 2);
      const { stderr } = failed;
      const [, words = ''] =
        /error: the disk is too small: (.+)\n {2}hint: .*--cache-dir.*--output/.exec(stderr) ?? [];
      expect(words).toMatch(/^10\.\d MiB are needed, 2[34]\.\d MiB are free \(/);
      expect(words).toContain(`10.0 MiB for ${what} in ${disk.path}`);
      expect(registry.requests({ kind: 'blob' })).toEqual([]);
      expect(await namesIn(disk.path)).toEqual(option === '-o' ? [] : ['here']);
      expect(await namesIn(`${place}/runs`)).toEqual([]);
      expect(await isThere(work.file('oci-bundle'))).toBe(false);
    },
  );

  it.each(['direct', 'skopeo'])(
    'takes the store, a bundle and an archive in parts where there is no room for a third copy, by %s',
    async (copier) => {
      const layer = 24 * MIB;
      await using disk = await smallDisk(2 * layer + RESERVE + 2 * MIB);
      imageNamed('two-copies', layer);
      const places = ['--cache-dir', `${disk.path}/store`, '-o', `${disk.path}/out`];
      const archive = ['--archive', 'tar', '--split-size', '10MiB', '--copier', copier];
      await work.succeed(...args(`${registry.host}/two-copies:1`, ...places, ...archive));
      expect(await checkBundle(`${disk.path}/out`)).toHaveLength(1);
      expect((await namesIn(disk.path)).filter((name) => name.includes('.tar.'))).toHaveLength(3);
    },
  );

  it('for the store’s first file is reported as a full disk', async () => {
    await using disk = await smallDisk(MIB);
    await disk.fill();
    const store = ['--cache-dir', `${disk.path}/store`];
    const failed = await work.run(...args(`${registry.host}/large:1`, ...store));
    expectExit(failed, 1);
    const { stderr } = failed;
    expect(stderr).toMatch(/local: the disk is full: .+\n {4}hint: Free space, or put the store/);
  });

  it.each([
    ['store', '--cache-dir', /the store .+ cannot be used \(EROFS\)/],
    ['output', '-o', /nothing can be written at .+ \(EROFS\)/],
  ])('a %s that is read-only is reported before the first request', async (_, option, words) => {
    await using disk = await smallDisk(64 * MIB);
    imageNamed('readonly', 1000);
    await work.succeed(...args(`${registry.host}/readonly:1`, option, `${disk.path}/here`));
    await disk.readOnly();
    registry.clear();
    const { exitCode, stderr } = await work.run(
      ...args(`${registry.host}/readonly:1`, option, `${disk.path}/here`),
    );
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(words)]);
    expect(registry.requests()).toEqual([]);
  });
});

describe('found H1: a mount', () => {
  /** Mounts a folder or file of the same file system somewhere, until `work` is done. */
  async function bound(from: string, to: string, task: () => Promise<void>): Promise<void> {
    await outputOf(toolPath('mount'), ['--bind', from, to]);
    try {
      await task();
    } finally {
      await outputOf(toolPath('umount'), [to]);
    }
  }
  /** Expects that a save is refused before its first request, and leaves everything as it is. */
  async function expectRefused(point: string, hint: RegExp, ...more: readonly string[]): Promise<void> {
    registry.clear();
    const beside = async (): Promise<string[]> =>
      (await namesIn(path.dirname(point))).filter((name) => name.includes(path.basename(point)));
    const before = await beside();
    const failed = await work.run(...args(`${registry.host}/mounted:1`, ...more));
    expectExit(failed, 2);
    expect(failed.stderr).toContain(`error: ${point} is a mount point: `);
    expect(failed.stderr).toMatch(hint);
    expect(registry.requests()).toEqual([]);
    expect(await beside()).toEqual(before);
  }
  const IN_IT = /hint: Name a folder in it with --output, as .+\/oci-bundle\./;

  it('at the output is refused before the first request, and a folder in it is not', async () => {
    await using disk = await smallDisk(32 * MIB);
    imageNamed('mounted', 64 * 1024);
    const point = path.dirname(disk.path);
    await expectRefused(point, IN_IT, '-o', point);
    await expectRefused(point, IN_IT, '-o', point, '--dry-run');
    await work.succeed(...args(`${registry.host}/mounted:1`, '-o', path.join(point, 'oci-bundle')));
    expect(await checkBundle(path.join(point, 'oci-bundle'))).toHaveLength(1);
  });

  it('of the same file system, in an earlier bundle, or over a file that a run writes, is refused, too', async () => {
    await using place = await workplace();
    imageNamed('mounted', 64 * 1024);
    const output = place.file('out');
    await mkdir(place.file('elsewhere'));
    await mkdir(output);
    await bound(place.file('elsewhere'), output, () => expectRefused(output, IN_IT, '-o', output));
    const more = ['-o', output, '--archive', 'tar'];
    await work.succeed(...args(`${registry.host}/mounted:1`, ...more));
    const inside = path.join(output, 'blobs');
    await bound(inside, inside, () => expectRefused(inside, /Name another one/, ...more));
    const archive = `${output}.tar`;
    await bound(archive, archive, () => expectRefused(archive, /Name another one/, ...more));
    await work.succeed(...args(`${registry.host}/mounted:1`, ...more));
    expect(await checkBundle(output)).toHaveLength(1);
  });

  it('that is read-only, with the archive’s folder on it, is refused before the first request', async () => {
    await using disk = await smallDisk(32 * MIB);
    imageNamed('mounted', 64 * 1024);
    await disk.readOnly();
    registry.clear();
    const more = ['-o', 'beside-it', '--archive', 'tar', '--archive-name', path.join(disk.path, 'x')];
    const failed = await work.run(...args(`${registry.host}/mounted:1`, ...more));
    expectExit(failed, 2);
    expect(failed.stderr).toMatch(/nothing can be written at .+\/x \(EROFS\)\n {2}hint: /);
    expect(registry.requests()).toEqual([]);
  });
});

/** Saves an image whose layer stops at its half until `meanwhile` is over. */
async function saveWhile(
  name: string,
  meanwhile: () => Promise<void>,
  ...more: readonly string[]
): Promise<ProgramResult> {
  const layer = largestBlobOf(imageNamed(name, 6 * MIB));
  const gate = Promise.withResolvers<void>();
  const failure = { kind: 'stall', at: 0.5, until: gate.promise } as const;
  registry.misbehave({ faults: [{ path: new RegExp(layer), times: 1, failure }] });
  await writeFile(work.file('list.txt'), `${registry.host}/${name}:1\n`);
  const running = work.run(...args('-f', 'list.txt', ...more));
  await registry.request({ kind: 'blob', reference: layer }, 'arrival');
  await meanwhile();
  gate.resolve();
  return running;
}

describe('a disk that fills during a run', () => {
  it.each(['skopeo', 'direct'])(
    'while a blob is fetched fails the image and leaves no partial output, by the copier %s',
    async (copier) => {
      await using disk = await smallDisk(32 * MIB);
      const name = `filled-${copier}`;
      const store = `${disk.path}/store`;
      const more = ['--cache-dir', store, '-o', name, '--copier', copier];
      const failed = await saveWhile(name, () => disk.fill(), ...more);
      expectExit(failed, 1);
      const { stderr } = failed;
      const row = `  list.txt:1: ${registry.host}/${name}:1\n    local: the disk is full: blob sha256:`;
      expect(stderr).toContain(row);
      expect(stderr).toMatch(/hint: Free space, or put the store .+ on another volume/);
      expect(stderr).not.toContain('fault in oci-save');
      expect(await isThere(work.file(name))).toBe(false);
      expect((await work.report(`${name}.report.json`)).failed).toHaveLength(1);
      expect(await namesIn(`${store}/runs`)).toEqual([]);
      expect([...(await filesOf(`${store}/blobs/sha256`))].filter(([hex, sum]) => hex !== sum)).toEqual([]);
    },
  );

  it.each([0, MIB])(
    'while the bundle is written, with %i bytes left, leaves the earlier bundle and nothing else',
    async (left) => {
      await using disk = await smallDisk(48 * MIB);
      imageNamed('before', 64 * 1024);
      const output = `${disk.path}/bundle`;
      await work.succeed(...args(`${registry.host}/before:1`, '-o', output));
      const [before, beside] = [await filesOf(output), await namesIn(disk.path)];
      const failed = await saveWhile(`unwritten-${left}`, () => disk.fill(left), '-o', output);
      expectExit(failed, 1);
      const { stderr } = failed;
      expect(stderr).toMatch(
        /\n(?:Failed|error) \(local\): the disk is full: the bundle could not be written[^]*\n {2}hint: .*--output/,
      );
      // The last kilobytes are the report's, where there are any.
      if (left === 0) expect(stderr).toContain('the report is missing, too: the disk is full');
      const { outcome, error } = await work.report(path.relative(work.folder, `${output}.report.json`));
      expect([outcome, error?.class]).toEqual(left === 0 ? ['done', undefined] : ['failed', 'local']);
      expect(stderr).not.toContain('fault in oci-save');
      expect(await filesOf(output)).toEqual(before);
      expect(await namesIn(disk.path)).toEqual(beside);
    },
  );
});

describe('a bundle or report that cannot be written', () => {
  /** Saves an image into `output`, and makes folders while its largest layer is on the way. */
  async function saveAmidFolders(
    place: Workplace,
    output: string,
    folders: readonly string[],
  ): Promise<ProgramResult> {
    const layer = largestBlobOf(imageNamed(output, 64 * 1024));
    const gate = Promise.withResolvers<void>();
    const failure = { kind: 'stall', at: 0.5, until: gate.promise } as const;
    registry.misbehave({ faults: [{ path: new RegExp(layer), times: 1, failure }] });
    const arrived = registry.request({ kind: 'blob', reference: layer }, 'arrival');
    const running = place.run(...args(`${registry.host}/${output}:1`, '-o', output, '--archive', 'tar'));
    await arrived;
    for (const name of folders) await mkdir(place.file(`${name}/full`), { recursive: true });
    gate.resolve();
    return running;
  }

  it('is reported in the report, and no other output of the run appears', async () => {
    await using place = await workplace();
    const failed = await saveAmidFolders(place, 'in-the-way', ['in-the-way.tar']);
    expectExit(failed, 1);
    expect(failed.stderr).toMatch(
      /\nFailed \(local\): others wrote at the output since this run began; it is left as it is: .*in-the-way\.tar is a folder\n {2}hint: /,
    );
    expect(failed.stderr).toContain('No bundle was written');
    const { outcome, error, bundle, archive } = await place.report('in-the-way.report.json');
    expect([outcome, error?.class, bundle?.path, archive]).toEqual(['failed', 'local', undefined, undefined]);
    expect(await isThere(place.file('in-the-way'))).toBe(false);
    expect((await namesIn(place.folder)).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  it('fails with its own error where the report cannot be written either', async () => {
    await using place = await workplace();
    const failed = await saveAmidFolders(place, 'out', ['out.tar', 'out.report.json']);
    expectExit(failed, 1);
    expect(failed.stderr).toMatch(/the report is missing, too: /);
    expect(failed.stderr).toMatch(
      /error \(local\): others wrote at the output since this run began[^]*out\.tar is a folder\n/,
    );
  });
});

describe('several disks', () => {
  it('one for the store and one for the output: blobs are copied', async () => {
    await using disk = await smallDisk(32 * MIB);
    imageNamed('elsewhere', 1300 * 1024);
    const output = `${disk.path}/bundle`;
    const refs = [`${registry.host}/elsewhere:1`, `${registry.host}/elsewhere:1 => other/name:2`];
    await work.succeed(...args(...refs, '-o', output));
    expect(await checkBundle(output)).toHaveLength(2);
    await work.succeed(...args(...refs, '-o', output));
    expect(await checkBundle(output)).toHaveLength(2);
  });

  it('case F5: one of them tiny, for temporary files: no blob is written there', async () => {
    await using disk = await smallDisk(64 * 1024);
    await using place = await workplace({ TMPDIR: disk.path });
    const { image, tags } = busybox({ layerBytes: 1300 * 1024 });
    await writeFile(place.file('saved.tar'), dockerArchive([{ image, tags }]));
    imageNamed('spacious', 1300 * 1024);
    await place.succeed(...args(`${registry.host}/spacious:1`, 'docker-archive:saved.tar => busybox:1'));
    expect(await checkBundle(place.file('oci-bundle'))).toHaveLength(2);
  });
});
