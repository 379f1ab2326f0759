import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nameOfEntry, openLayout } from '../../src/image/index.ts';
import { digestOf, hexOf, shortDigest } from '../../src/oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../src/oci/manifest.ts';
import { failureOf } from '../support/failure.ts';
import { one, writeOciLayout } from '../support/fixtures/index.ts';
import { descriptorOfImage, type Image, largestBlobOf } from '../support/image.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const image = (seed: string): Image => one({ seed, layerBytes: 100 });
const [a, b] = [image('a'), image('b')];
let temp: TempFolder;
let folder: string;
beforeEach(async () => {
  temp = await tempFolder('layout');
  folder = path.join(temp.path, 'layout');
  await writeOciLayout(folder, []);
});
afterEach(() => temp.close());

const index = (value: unknown): Promise<void> =>
  writeFile(path.join(folder, 'index.json'), typeof value === 'string' ? value : JSON.stringify(value));
const entry = (of: Image, annotations: object = {}) => descriptorOfImage(of, { annotations });
const REF = 'org.opencontainers.image.ref.name';
const CONTAINERD = 'io.containerd.image.name';
const fileOf = (digest: Image['top']): string => path.join(folder, 'blobs', 'sha256', hexOf(digest));

describe('a folder that is no layout', () => {
  it.each([
    ['[]', 'it does not have the fields of an index'],
    ['{"manifests":5}', 'it does not have the fields of an index'],
    ['{"manifests":[]', 'it is not JSON'],
  ])('is refused by its name: with the index %s', async (text, why) => {
    await index(text);
    expect(await failureOf(openLayout(folder))).toMatchObject({
      code: 'list',
      message: `${folder} is not an OCI layout: its index.json cannot be read: ${why}`,
    });
  });

  it('is refused where it has no index', async () => {
    await rm(path.join(folder, 'index.json'));
    expect(await failureOf(openLayout(folder))).toMatchObject({
      code: 'list',
      message: `${folder} is not an OCI layout: its index.json cannot be read`,
    });
  });

  it('is refused where its index is no file, or is larger than 64 MiB', async () => {
    const file = path.join(folder, 'index.json');
    await truncate(file, 64 * 1024 * 1024 + 1);
    expect(await failureOf(openLayout(folder))).toMatchObject({
      code: 'unsupported',
      message: `${file} is too large: 67108864 bytes are the limit`,
    });
    await rm(file);
    await mkdir(file);
    expect((await failureOf(openLayout(folder))).code).toBe('local');
  });

  it.each([{}, { manifests: null }])('is one without images where it lists none: %j', async (value) => {
    await index(value);
    const layout = await openLayout(folder);
    expect(await layout.list()).toEqual([]);
    expect(await failureOf(() => layout.find(undefined))).toMatchObject({
      code: 'list',
      message: `the layout ${folder} holds 0 images`,
      hint: 'It is empty.',
    });
  });
});

describe('an image of a layout', () => {
  it('is the only one, or the one that has the name: of containerd, or of the specification', async () => {
    await index({
      manifests: [entry(a, { [REF]: '1', [CONTAINERD]: 'x.example/a:1' }), entry(b, { [REF]: 'b' })],
    });
    const layout = await openLayout(folder);
    for (const [name, found] of [
      ['1', a],
      ['x.example/a:1', a],
      ['b', b],
    ] as const)
      expect(layout.find(name).digest).toBe(found.top);
    expect(await layout.tags()).toEqual(['b', 'x.example/a:1']);
    expect((await layout.list()).map(nameOfEntry)).toEqual(['x.example/a:1', 'b']);
    expect(await failureOf(() => layout.find(undefined))).toMatchObject({
      message: `the layout ${folder} holds 2 images`,
      hint: 'Name one of: x.example/a:1, b.',
    });
    await index({ manifests: [entry(b)] });
    const [only] = [await openLayout(folder)];
    expect(only.find(undefined).digest).toBe(b.top);
    expect(await failureOf(() => only.find('b'))).toMatchObject({
      code: 'list',
      message: `the layout ${folder} holds no image named 'b'`,
      hint: `Name one of: ${shortDigest(b.top)}.`,
    });
  });

  it('is one under several names, and none where one name means several', async () => {
    await index({ manifests: [entry(a, { [REF]: '1' }), entry(a, { [REF]: '2' })] });
    expect((await openLayout(folder)).find(undefined).digest).toBe(a.top);
    await index({ manifests: [entry(a, { [REF]: '1' }), entry(b, { [REF]: '1' })] });
    const layout = await openLayout(folder);
    expect(await failureOf(() => layout.find('1'))).toMatchObject({
      message: `the layout ${folder} holds several images named '1'`,
    });
    expect(await layout.tags()).toEqual(['1']);
  });

  it('is not looked for among entries that are not valid, which are told of where nothing else is found', async () => {
    const wrong = { ...entry(b, { [REF]: 'b' }), size: -1 };
    await index({ manifests: [entry(a, { [REF]: 'a' }), wrong] });
    const layout = await openLayout(folder);
    expect(layout.find(undefined).digest).toBe(a.top);
    expect((await failureOf(() => layout.find('b'))).message).toMatch(
      /holds no image named 'b'; what it lists is not valid: size is not a number of bytes \(child 2, sha256:\w+\)$/,
    );
  });

  it('has 20 of its names in a hint', async () => {
    const manifests = Array.from({ length: 21 }, (_, at) => entry(image(`${at}`), { [REF]: `n${at}` }));
    await index({ manifests });
    const { hint } = await failureOf(async () => (await openLayout(folder)).find(undefined));
    expect(hint).toBe(`Name one of: ${Array.from({ length: 20 }, (_, at) => `n${at}`).join(', ')}.`);
  });
});

describe('the blobs of a layout', () => {
  it('are not there with another size, and no manifest has more than 8 MiB', async () => {
    await writeOciLayout(folder, [{ image: a, name: 'a' }]);
    const layout = await openLayout(folder);
    const digest = largestBlobOf(a);
    const size = a.blobs.get(digest)?.length ?? 0;
    expect(await layout.has({ digest, size })).toBe(true);
    expect(await layout.has({ digest, size: size + 1 })).toBe(false);
    await truncate(fileOf(a.top), MAX_MANIFEST_BYTES);
    expect(await failureOf(layout.manifest('a'))).toMatchObject({
      code: 'digest',
      message: `${folder}: manifest ${shortDigest(a.top)} is damaged`,
    });
    await truncate(fileOf(a.top), MAX_MANIFEST_BYTES + 1);
    expect((await failureOf(layout.manifest('a'))).code).toBe('unsupported');
  });

  it('are read in the folders alone in which they may lie, links followed', async () => {
    await writeOciLayout(folder, [{ image: a, name: 'a' }]);
    const secret = path.join(temp.path, 'secret');
    const digest = largestBlobOf(a);
    const bytes = Buffer.from(a.blobs.get(digest) ?? '');
    await writeFile(secret, bytes);
    await rm(fileOf(digest));
    await symlink(secret, fileOf(digest));
    const blob = { digest, size: bytes.length };
    const anywhere = await openLayout(folder);
    expect(digestOf(await buffer((await anywhere.open(blob, 0)).body))).toBe(digest);
    const inside = await openLayout(folder, [folder]);
    expect((await inside.manifest('a')).digest).toBe(a.top);
    const { body } = await inside.open(blob, 0);
    expect((await failureOf(buffer(body))).code).toBe('local');
    expect((await failureOf(inside.has(blob))).code).toBe('local');
    await rm(path.join(folder, 'index.json'));
    await symlink(secret, path.join(folder, 'index.json'));
    expect((await failureOf(openLayout(folder, [folder]))).code).toBe('local');
  });
});

describe('S5: a blob of a layout that is damaged', () => {
  it('is told by its file, and no registry is blamed', async () => {
    await writeOciLayout(folder, [{ image: a, name: 'a:1' }]);
    const digest = largestBlobOf(a);
    const size = a.blobs.get(digest)?.length ?? 0;
    await writeFile(fileOf(digest), Buffer.alloc(size, 'x'));
    const { body } = await (await openLayout(folder)).open({ digest, size }, 0);
    expect(await failureOf(buffer(body))).toMatchObject({
      code: 'digest',
      message: `${folder}, blobs/sha256/${hexOf(digest)} is damaged: it does not hash to ${shortDigest(digest)}`,
      hint: 'Nothing is made of wrong data. Save it again, or copy it again from where it was whole.',
    });
    await rm(fileOf(digest));
    const gone = await (await openLayout(folder)).open({ digest, size }, 0);
    expect(await failureOf(buffer(gone.body))).toMatchObject({
      code: 'not-found',
      hint: 'Copy the layout again: it is not whole.',
    });
  });
});
