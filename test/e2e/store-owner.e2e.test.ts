import { chmod, chown, lchown, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { expectExit } from '../support/expect-exit.ts';
import { one } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { CLI } from '../support/oci-save.ts';
import { outputOf, type ProgramResult, runProgram } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';
import { namesIn } from '../support/whole-bundle.ts';

/** The user nobody, whose home is nowhere. */
const ME = 65534;
const ANOTHER = 1234;

let temp: TempFolder;
let registry: BadRegistry;
let image: Image;
beforeEach(async () => {
  if (process.getuid?.() !== 0) throw new Error('only root may be two users: run these tests as root');
  temp = await tempFolder('users');
  registry = await startBadRegistry();
  image = one({ seed: 'poisoned', layerBytes: 1000 });
  registry.put('acme/one', image, '1');
  await chmod(temp.path, 0o1777);
  await folderOf(ME, 'work');
});
afterEach(async () => {
  await registry.close();
  await temp.close();
});

const at = (name: string): string => path.join(temp.path, name);

/** Makes a folder that a user owns. */
async function folderOf(user: number, name: string, mode = 0o755): Promise<void> {
  await mkdir(at(name), { recursive: true });
  await chown(at(name), user, user);
  await chmod(at(name), mode);
}

/** Runs the command as the user nobody, without HOME. */
function run(...args: readonly string[]): Promise<ProgramResult> {
  // Wherever this checkout lies, the user can read it.
  const caps = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'];
  const user = ['--reuid', String(ME), '--regid', String(ME), '--clear-groups', ...caps];
  const without = ['env', '-u', 'HOME', '-u', 'XDG_CACHE_HOME', `TMPDIR=${temp.path}`];
  const command = [toolPath('setpriv'), ...user, ...without, process.execPath, CLI, ...args];
  return runProgram(command[0] ?? '', command.slice(1), { cwd: at('work') });
}
const save = (...more: readonly string[]): string[] => [
  'save',
  `${registry.host}/acme/one:1`,
  '-p',
  'linux/amd64',
  '--copier',
  'direct',
  '--insecure-registries',
  registry.host,
  ...more,
];

/** A store of another user, open to all, with wrong bytes for the image's layer. */
async function poison(store: string): Promise<void> {
  const layer = largestBlobOf(image);
  const blobs = path.join(store, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const bytes = new Uint8Array(image.blobs.get(layer) ?? []).fill(0, 10, 20);
  const file = path.join(blobs, layer.slice('sha256:'.length));
  await writeFile(file, bytes);
  const { size, mtimeNs, ino } = await stat(file, { bigint: true });
  const stamp = { key: path.basename(file), value: `${size} ${mtimeNs} ${ino}` };
  await writeFile(path.join(store, 'journal.jsonl'), `${JSON.stringify(stamp)}\n`);
  await outputOf('chown', ['-R', `${ANOTHER}:${ANOTHER}`, store]);
  await outputOf('chmod', ['-R', '777', store]);
}

describe('found A5, case F6: without a home', () => {
  it('no store is used that another user made first in the temporary folder', async () => {
    await poison(at('oci-save'));
    const failed = await run(...save());
    expectExit(failed, 2);
    expect(failed.stderr).toMatch(
      /this user has no home that can be written to\n[^]* {2}hint: .*--cache-dir/,
    );
    expect(registry.requests()).toEqual([]);
    expect(await namesIn(at('work'))).toEqual([]);
    expectExit(await run(...save('--cache-dir', at('work/store'))), 0);
    expect((await stat(at('work/store'))).mode & 0o777).toBe(0o700);
  });
});

describe('found A5: a store', () => {
  it('of another user is refused by name, with a hint, and left as it is', async () => {
    await poison(at('theirs'));
    const before = await namesIn(at('theirs'));
    for (const args of [save(), ['cache', 'list'], ['cache', 'verify'], ['cache', 'prune', '--all']]) {
      const failed = await run(...args, '--cache-dir', at('theirs'));
      expectExit(failed, 2);
      expect(failed.stderr).toContain(`${at('theirs')} belongs to another user (${ANOTHER})`);
      expect(failed.stderr).toMatch(/hint: .*--cache-dir/);
    }
    expect(await namesIn(at('theirs'))).toEqual(before);
    expect(registry.requests()).toEqual([]);
  });

  it('below a link of another user is refused', async () => {
    await folderOf(ME, 'mine');
    await symlink(at('mine'), at('link'));
    await lchown(at('link'), ANOTHER, ANOTHER);
    const failed = await run(...save('--cache-dir', at('link/store')));
    expectExit(failed, 2);
    expect(failed.stderr).toContain(`${at('link')} belongs to another user`);
    expect(await namesIn(at('mine'))).toEqual([]);
  });

  it('behind our own link into another user’s folder is refused', async () => {
    await folderOf(ANOTHER, 'theirs', 0o777);
    await symlink(at('theirs'), at('work/oci-save'));
    await lchown(at('work/oci-save'), ME, ME);
    const failed = await run(...save('--cache-dir', at('work/oci-save/store')));
    expectExit(failed, 2);
    expect(failed.stderr).toContain(`${at('work/oci-save')} belongs to another user`);
    expect(await namesIn(at('theirs'))).toEqual([]);
  });

  it('in a folder of ours that another user made is refused', async () => {
    await folderOf(ANOTHER, '_oci-save', 0o777);
    const failed = await run(...save('--cache-dir', at('_oci-save/store')));
    expectExit(failed, 2);
    expect(failed.stderr).toContain(`${at('_oci-save')} belongs to another user`);
    expect(await namesIn(at('_oci-save'))).toEqual([]);
  });

  it.each<[string, (store: string) => Promise<unknown>, string]>([
    [
      'a folder that another user made while it was open to all',
      async (store) => {
        await mkdir(`${store}/blobs`);
        await chown(`${store}/blobs`, ANOTHER, ANOTHER);
      },
      'blobs',
    ],
    [
      'our own link into a folder of another user',
      async (store) => {
        await poison(at('poisoned'));
        await symlink(at('poisoned/blobs'), `${store}/blobs`);
        await lchown(`${store}/blobs`, ME, ME);
      },
      'blobs',
    ],
    [
      'a record that another user wrote',
      async (store) => {
        await writeFile(`${store}/journal.jsonl`, '');
        await chown(`${store}/journal.jsonl`, ANOTHER, ANOTHER);
      },
      'journal.jsonl',
    ],
  ])('of ours with %s in it is refused', async (_, plant, named) => {
    const store = at('work/store');
    await folderOf(ME, 'work/store', 0o700);
    await plant(store);
    const failed = await run(...save('--cache-dir', store));
    expectExit(failed, 2);
    expect(failed.stderr).toContain(`${path.join(store, named)} belongs to another user (${ANOTHER})`);
    expect(registry.requests()).toEqual([]);
  });

  it('of another user is accepted by root, who works for that user in a container', async () => {
    await folderOf(ANOTHER, 'oci-save');
    await outputOf(process.execPath, [CLI, ...save('--cache-dir', at('oci-save'), '-o', at('work/bundle'))]);
    expect((await stat(at('oci-save'))).uid).toBe(ANOTHER);
  });
});
