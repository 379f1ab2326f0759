import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { outputOf } from '../support/program.ts';
import { checkBundle, filesOf } from '../support/whole-bundle.ts';
import { startWorkspace, type Workspace } from './step.ts';

let registry: BadRegistry;
let workspace: Workspace;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'acme/one:1': one() } });
});
afterAll(() => registry.close());

/** Runs a step in a new workspace, and returns what it set as outputs. */
async function outputsOf(inputs: Readonly<Record<string, string>>) {
  const { outputs } = await workspace.step({
    platforms: 'linux/amd64',
    'insecure-registries': registry.host,
    images: `${registry.host}/acme/one:1`,
    ...inputs,
  });
  return outputs;
}

/** The names in a list of paths, as they stand in the workspace. */
const namesOf = (paths = ''): string[] =>
  paths.split('\n').map((file) => (file === '' ? '' : path.relative(workspace.file('.'), file)));

describe('V19, found G6: the output `files` has all that travels', () => {
  it('of an archive in parts: it is joined, checked and unpacked where nothing else is', async () => {
    await using own = (workspace = await startWorkspace());
    const { files, archive, report } = await outputsOf({ archive: 'tar', 'split-size': '8KiB' });
    // What the step wrote, but the folder itself.
    const beside = (await readdir(own.file('.'))).filter((name) => name !== 'oci-bundle');
    expect(namesOf(files).toSorted()).toEqual(beside.toSorted());
    expect(namesOf(files)).toEqual([
      ...namesOf(archive),
      'oci-bundle.parts.json',
      'oci-bundle.join.sh',
      'oci-bundle.join.ps1',
      'oci-bundle.sha256',
      'oci-bundle.lock.json',
      'oci-bundle.report.json',
    ]);
    expect(namesOf(report)).toEqual(['oci-bundle.report.json']);
    const site = own.file('site');
    await mkdir(path.join(site, 'bundle'), { recursive: true });
    for (const file of (files ?? '').split('\n')) await copyFile(file, path.join(site, path.basename(file)));
    await outputOf('sh', ['-c', 'sh oci-bundle.join.sh - | tar -xf - -C bundle'], { cwd: site });
    expect(await checkBundle(path.join(site, 'bundle'))).toEqual([`${registry.host}/acme/one:1`]);
    expect(await filesOf(path.join(site, 'bundle'))).toEqual(await filesOf(own.file('oci-bundle')));
  });

  it.each<[string, Readonly<Record<string, string>>, string[]]>([
    [
      'an archive alone',
      { archive: 'tar', output: 'none', 'archive-name': 'images' },
      ['images.tar', 'images.sha256', 'images.lock.json', 'images.report.json'],
    ],
    ['a folder', {}, ['oci-bundle', 'oci-bundle.report.json']],
    [
      'a folder of one view, whose lock is beside it',
      { layout: 'zot' },
      ['oci-bundle', 'oci-bundle.lock.json', 'oci-bundle.report.json'],
    ],
    ['a run that failed, so that its report is kept', { images: 'absent:1' }, ['oci-bundle.report.json']],
    ['a dry run', { 'dry-run': 'true' }, ['']],
  ])('of %s', async (_, inputs, wanted) => {
    await using own = (workspace = await startWorkspace());
    const { files } = await outputsOf({
      ...inputs,
      ...('images' in inputs ? { images: `${registry.host}/${inputs['images']}` } : {}),
    });
    expect(namesOf(files)).toEqual(wanted);
    for (const name of wanted) await outputOf('test', ['-e', own.file(name)]);
  });
});
