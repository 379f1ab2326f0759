import { chmod, cp, mkdir, readdir, readlink, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeTar, type TarEntry } from '../../src/archive/index.ts';
import {
  unpackBundle,
  type UnpackOptions,
  type UnpackReport,
  verifyBundle,
} from '../../src/commands/index.ts';
import { failureOf } from '../support/failure.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { outputOf } from '../support/program.ts';
import { hasZot, startZot } from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { filesOf } from '../support/whole-bundle.ts';
import { serveRegistry } from '../../src/serve/index.ts';
import { type Saved, saveBundles } from './bundles.ts';

let saved: Saved;
beforeAll(async () => {
  saved = await saveBundles(['app', 'parts', 'zot', 'devices']);
});
afterAll(() => saved.close());

async function* noBytes(): AsyncGenerator<Uint8Array> {}

const unpack = (
  archive: string | string[],
  output: string,
  more: Partial<UnpackOptions> & { stdin?: AsyncIterable<Uint8Array>; platform?: NodeJS.Platform } = {},
): Promise<UnpackReport> => {
  const { stdin = noBytes(), platform, ...options } = more;
  return unpackBundle(
    { archive: [archive].flat(), output, ...options },
    { emit: () => {}, signal: undefined, stdin, platform },
  );
};

const verify = (content: string, withoutLinks = false) =>
  verifyBundle({ content: [content], withoutLinks }, { emit: () => {}, signal: undefined, stdin: noBytes() });

describe('R10: unpack --state', () => {
  it('gives zot a root that points at the bundle, and leaves its copies out', async () => {
    const [output, state] = [saved.at('exfat/app'), saved.at('disk/state')];
    const report = await unpack(saved.at('app.tar'), output, { state });
    expect(report).toMatchObject({ outcome: 'done', output, state, copies: { files: 0 } });
    expect(await outputOf('find', [path.join(output, 'registry'), '-path', '*/sha256/*'])).toBe('');
    expect(await readlink(path.join(state, 'quay.io/acme/idx/blobs'))).toBe(path.join(output, 'blobs'));
    if (!hasZot()) noteNotOnZot();
    await using server = hasZot()
      ? await startZot({ root: state })
      : Object.assign(await serveRegistry({ root: saved.at('app/registry'), host: '127.0.0.1', port: 0 }), {
          async [Symbol.asyncDispose](): Promise<void> {},
        });
    const from = `docker://${server.url.slice('http://'.length)}/quay.io/acme/idx:3`;
    const flags = ['--all', '--preserve-digests', '--src-tls-verify=false', '--quiet'];
    await outputOf(toolPath('skopeo'), [
      '--insecure-policy',
      'copy',
      ...flags,
      from,
      `dir:${saved.at('pulled')}`,
    ]);
    expect(await verify(output, true)).toMatchObject({ outcome: 'whole', foreign: [] });
    const strict = await verify(output);
    expect([strict.outcome, strict.linksMissing]).toEqual(['damaged', strict.damaged.length]);
    expect(strict.damaged.every(({ path: file }) => file.startsWith('registry/'))).toBe(true);
  });

  it('is not for a bundle without a pool, and never takes a place that is there, or one in the bundle', async () => {
    const output = saved.at('pools/zot');
    const none = await failureOf(unpack(saved.at('zot.tar'), output, { state: saved.at('pools/state') }));
    expect([none.code, none.message]).toEqual(['usage', expect.stringContaining('no pool')]);
    const there = await failureOf(unpack(saved.at('app.tar'), output, { state: saved.at('app') }));
    expect([there.code, there.message]).toEqual(['machine', expect.stringContaining('is there')]);
    const inside = await failureOf(
      unpack(saved.at('app.tar'), output, { state: path.join(output, 'state') }),
    );
    expect([inside.code, inside.message]).toEqual(['usage', expect.stringContaining('lies in the bundle')]);
    expect(await readdir(saved.at('pools'))).toEqual([]);
  });
});

describe('R10: names and modes', () => {
  it('tells beforehand what Windows takes for a device', async () => {
    const error = await failureOf(
      unpack(saved.at('devices.tar'), saved.at('win/devices'), { platform: 'win32' }),
    );
    expect([error.code, error.message]).toEqual([
      'machine',
      expect.stringContaining("Windows takes 'con.example'"),
    ]);
    expect(await readdir(saved.at('win'))).toEqual([]);
    expect(await unpack(saved.at('devices.tar'), saved.at('win/devices'))).toMatchObject({ outcome: 'done' });
    expect(await unpack(saved.at('app.tar'), saved.at('win/app'), { platform: 'win32' })).toMatchObject({
      outcome: 'done',
    });
  });

  it.each(['a name that ends in a dot.', 'a name that ends in a space ', 'a*b', 'a?b', 'a|b', 'a<b', 'a"b'])(
    'writes nothing of an archive with the entry %j',
    async (name) => {
      const entries: TarEntry[] = [
        { kind: 'bytes', path: 'oci-layout', bytes: Buffer.from('{}') },
        { kind: 'bytes', path: `kit/${name}`, bytes: Buffer.from('x') },
      ];
      async function* stdin(): AsyncGenerator<Uint8Array> {
        yield* computeTar(entries).read();
      }
      const error = await failureOf(unpack('-', saved.at('names/app'), { stdin: stdin() }));
      expect([error.code, error.message]).toEqual([
        'digest',
        expect.stringContaining('no name that a bundle has'),
      ]);
    },
  );

  it('gives folders and files modes that a server of another user can read, whatever the umask; scripts can be started', async () => {
    const before = process.umask(0o077);
    try {
      const [output, state] = [saved.at('masked/app'), saved.at('masked/state')];
      await unpack(saved.at('app.tar'), output, { state });
      const all = (await outputOf('find', [output, state, '-printf', '%y %m %p\n'])).trim().split('\n');
      const modes = new Set(
        // What is in kit/lib is a part of the others.
        all.map((line) => line.replace(/ [^ ]*$/, (name) => (/kit\/[^/]*\.sh$/.test(name) ? ' x.sh' : ''))),
      );
      expect([...modes].toSorted()).toEqual(['d 755', 'f 644', 'f 755 x.sh', 'l 777']);
    } finally {
      process.umask(before);
    }
  });
});

describe('parts that came on two media', () => {
  it('are verified and unpacked when one part of each is named', async () => {
    const parts = (await readdir(saved.at())).filter((name) => /^parts\.tar\.\d{3}$/.test(name)).toSorted();
    await mkdir(saved.at('a'));
    await mkdir(saved.at('b'));
    for (const [at, part] of parts.entries())
      await rename(saved.at(part), saved.at(at % 2 === 0 ? 'a' : 'b', part));
    // A part that was cut off on one of them is whole on the other.
    await writeFile(saved.at('b', parts[0] ?? ''), 'cut');
    await cp(saved.at('parts.parts.json'), saved.at('b/parts.parts.json'));
    const named = [saved.at('a', parts[0] ?? ''), saved.at('b', parts[1] ?? '')];
    const io = { emit: () => {}, signal: undefined, stdin: noBytes() };
    expect(await verifyBundle({ content: named }, io)).toMatchObject({
      outcome: 'whole',
      kind: 'parts',
      images: 4,
    });
    // Without their list, the numbers tell.
    await rename(saved.at('b/parts.parts.json'), saved.at('list'));
    await chmod(saved.at('b', parts[0] ?? ''), 0o644);
    await rename(saved.at('b', parts[0] ?? ''), saved.at('cut'));
    expect(await unpack(named, saved.at('joined'))).toMatchObject({ outcome: 'done' });
    expect(await filesOf(saved.at('joined'))).toEqual(await filesOf(saved.at('parts')));
    const [, ...others] = named;
    const lacking = await verifyBundle({ content: others }, io);
    expect(lacking.parts.map(({ name }) => name)).toContain(parts[0]);
  });
});
