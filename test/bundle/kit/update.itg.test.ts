import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { type ProgramResult, runProgram } from '../../support/program.ts';
import { hasZot } from '../../support/servers/index.ts';
import { SITE_SHELLS, startSite } from '../../support/site.ts';
import { toolPath } from '../../support/tools.ts';
import { REPOSITORY } from '../../support/two-bundles.ts';
import { filesOf, namesIn } from '../../support/whole-bundle.ts';
import { digestIn, expectJoined, lockIn, pull, serve, startUpdating, type Updating } from './updating.ts';

let bench: Updating;
beforeAll(async () => {
  bench = await startUpdating();
});
afterAll(() => bench.close());

describe('V17: kit/update.sh joins a bundle to the one that is served', () => {
  it.for(SITE_SHELLS)('%s: the site has the names of both, as oci-save would write it', async (shell) => {
    const folder = await bench.siteOf();
    await using site = await startSite({
      shell,
      mounts: { '/site': folder, '/new': `${bench.bundle('v2')}:ro` },
    });
    const joined = await site.run('sh /new/kit/update.sh /site');
    expect(joined).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Joined /new into /site') });
    expect(joined.stdout).toContain(`\n  new     ${REPOSITORY}/chart:1\n`);
    expect(joined.stdout).toContain(`  moved   ${REPOSITORY}/app:1\n`);
    expect(joined.stdout).toContain('registries that were not there before: quay.example');
    await expectJoined(bench, folder);
    const sums = digestOf(await readFile(path.join(folder, 'SHA256SUMS'))).slice(7);
    expect(joined.stdout).toContain(`\nsha256 of SHA256SUMS: ${sums}\n`);
    // Each image once, with a size.
    const page = await readFile(path.join(folder, 'report.html'), 'utf8');
    const rows = [...page.matchAll(/<tr><td>(\S+?)<br>.*<td class="size">[\d.]+ (?:B|KiB)<\/td>/g)];
    const names = (await lockIn(folder)).images.flatMap((image) => image.names);
    expect(rows.map(([, name = '']) => name).toSorted()).toEqual(names.toSorted());
    const again = await site.run('cd /site && sh /new/kit/update.sh --join .');
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('has all of this bundle') });
    expect(await namesIn(folder)).toEqual((await namesIn(bench.bundle('v1'))).toSorted());
  });

  it.for(['zot', 'built-in'] as const)(
    'no pull from %s fails meanwhile, and all names are there after',
    async (by) => {
      // The built-in registry has a test of its own.
      if (by === 'zot' && !hasZot()) return noteNotOnZot();
      const folder = await bench.siteOf();
      await using server = await serve(path.join(folder, 'registry'), by);
      const [older, newer] = [await lockIn(bench.bundle('v1')), await lockIn(bench.bundle('v2'))];
      const old = digestIn(older, 'app:1');
      const wanted = [`app@${old}`, 'app:1', 'tool:1', 'old:1', `list@${digestIn(older, 'list:1')}`];
      const before = await Promise.all(wanted.map((name) => pull(server.url, name)));
      const ended = new AbortController();
      const run = bench.update([folder]).finally(() => ended.abort());
      const seen = new Set<string>();
      let rounds = 0;
      while (!ended.signal.aborted || rounds < 3) {
        for (const name of wanted) seen.add(`${name} ${await pull(server.url, name)}`);
        rounds += 1;
      }
      expect(await run).toMatchObject({ exitCode: 0 });
      const moved = `app:1 200 ${digestIn(newer, 'app:1')}`;
      expect([...seen].filter((one) => one !== moved).toSorted()).toEqual(
        wanted.map((name, at) => `${name} ${before[at]}`).toSorted(),
      );
      expect(before.every((one) => one.startsWith('200 '))).toBe(true);
      for (const [name, digest] of [
        ['app:1', digestIn(newer, 'app:1')],
        [`app:digest-${old.slice(7, 19)}`, old],
        ['chart:1', digestIn(newer, 'chart:1')],
        ['old:1', digestIn(older, 'old:1')],
      ] as const)
        expect(`${name} ${await pull(server.url, name)}`).toBe(`${name} 200 ${digest}`);
      // Both platforms of the index that each bundle had for one of them.
      for (const leaf of [...older.images, ...newer.images].flatMap(({ names, leaves }) =>
        names.includes(`${REPOSITORY}/list:1`) ? leaves : [],
      ))
        expect(await pull(server.url, `list@${leaf.digest}`)).toBe(`200 ${leaf.digest}`);
    },
  );

  it('copies further names of a blob where hard links are not known, and says how much is written', async () => {
    const bin = path.join(bench.folder, 'no-links');
    await mkdir(bin);
    await writeFile(path.join(bin, 'ln'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const site = await bench.siteOf();
    const run = await bench.update([site], { PATH: `${bin}:${process.env['PATH']}` });
    expect(run).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/knows no hard links[^]* are written to/),
    });
    await expectJoined(bench, site);
    const [image] = (await lockIn(bench.bundle('v2'))).images;
    const blob = image?.digest.slice(7) ?? '';
    expect((await stat(path.join(site, 'blobs/sha256', blob))).nlink).toBe(1);
  });

  it('is finished by running it again, wherever it was killed', async () => {
    const bin = path.join(bench.folder, 'killing');
    await mkdir(bin);
    const counter = path.join(bin, 'count');
    // Kills the script, at one of the calls that it makes.
    const killing = (tool: string): string =>
      `#!/bin/sh\nread -r n <${counter}; n=$((n + 1)); echo $n >${counter}\n` +
      `[ $n -ne "$KILL_AT" ] || { kill -$KILL_BY $SCRIPT; exit 1; }\nexec ${toolPath(tool)} "$@"\n`;
    for (const tool of ['mv', 'ln']) await writeFile(path.join(bin, tool), killing(tool), { mode: 0o755 });
    const killedAt = async (site: string, at: number, by = 'KILL'): Promise<ProgramResult> => {
      await writeFile(counter, '0\n');
      const env = { PATH: `${bin}:${process.env['PATH']}`, KILL_AT: String(at), KILL_BY: by };
      const script = path.join(bench.bundle('v2'), 'kit/update.sh');
      const line = 'export SCRIPT=$$; exec "$0" "$@"';
      return runProgram(toolPath('dash'), ['-c', line, toolPath('dash'), script, site], { env });
    };
    const all = await bench.siteOf();
    expect(await killedAt(all, 1_000_000)).toMatchObject({ exitCode: 0 });
    const calls = Number(await readFile(counter, 'utf8'));
    // Before the blobs are in the pool, between the repositories and the rest, and before the last sums.
    const points = [3, Math.round(calls / 2), calls - 2];
    for (const at of points) {
      const site = await bench.siteOf();
      // What can still speak tells what to do.
      const isTold = at === points[1];
      expect(await killedAt(site, at, isTold ? 'TERM' : 'KILL'), `call ${at}`).toMatchObject(
        isTold
          ? { exitCode: 143, stderr: expect.stringContaining('interrupted: run the same command again') }
          : { exitCode: null },
      );
      // Of what it had brought, one file is cut off, too.
      const brought = path.join(site, '.oci-save-update/blobs');
      const [blob] = at === points[0] ? await namesIn(brought) : [];
      if (at === points[0]) await writeFile(path.join(brought, blob ?? 'none'), 'x');
      expect(await bench.update([site]), `after call ${at}`).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('The join that was cut off is completed.'),
      });
      expect(await filesOf(site), `after call ${at}`).toEqual(await filesOf(all));
    }
    await expectJoined(bench, all);
  });
});
