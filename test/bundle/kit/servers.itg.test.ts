import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVER_CONFIGURATIONS } from '../../../src/bundle/kit/servers.ts';
import { type Resolving, startResolving } from '../../resolve/resolving.ts';
import { foreign, idx, one, writeOciLayout } from '../../support/fixtures/index.ts';
import { topOf } from '../../support/image.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { runProgram } from '../../support/program.ts';
import { hasZot } from '../../support/servers/index.ts';
import { startSite } from '../../support/site.ts';
import { findTool, toolPath } from '../../support/tools.ts';
import { writeBundle } from '../write-bundle.ts';

const ONE = one({ layerBytes: 100 });
let bench: Resolving;
let bundle: string;
beforeAll(async () => {
  bench = await startResolving();
  const lock = bench.lock(await bench.resolve(ONE, 'quay.io/acme/one:1'));
  bundle = await writeBundle(bench, lock, 'bundle', ['oci', 'zot']);
});
afterAll(() => bench.close());

const textOf = (name: string): string => SERVER_CONFIGURATIONS[name] ?? '';

/** Runs a server, and a command line when it answers at port 5000. */
const during = (server: string, command: string): string => `${server} >/tmp/log 2>&1 &
pid=$!
until wget -q -O /dev/null http://127.0.0.1:5000/v2/ || ! kill -0 $pid; do sleep 0.1; done 2>/dev/null
${command}
kill $pid; wait $pid; echo; cat /tmp/log >&2`;
const PULL = 'wget -q -O - http://127.0.0.1:5000/v2/quay.io/acme/one/manifests/1 | sha256sum | cut -c 1-64';

describe('V7: configurations of the kit for servers', () => {
  it.for(['zot.json', 'zot-old.json'])(
    'zot serves a bundle on read-only media by kit/%s, from its folder',
    async (name) => {
      if (!hasZot()) return noteNotOnZot();
      await using site = await startSite({
        shell: 'busybox',
        programs: ['zot'],
        mounts: { '/b': `${bundle}:ro` },
      });
      const { stdout, stderr } = await site.run(
        `zot verify kit/${name} >&2 && ${during(`zot serve kit/${name}`, PULL)}`,
        {
          cwd: '/b',
        },
      );
      expect(stdout.trim()).toBe(ONE.top.slice(7));
      // The last one is what zot says at every end.
      expect(stderr.match(/"level":"(?:error|fatal)".*/g)).toEqual([
        expect.stringContaining('Server closed'),
      ]);
      expect(stderr.includes('"ReadTimeout":0,')).toBe(name === 'zot.json');
    },
  );

  it('they differ by the timeouts alone, and nothing is collected, linked or taken', () => {
    const [now, old] = ['zot.json', 'zot-old.json'].map((name) => JSON.parse(textOf(name)));
    expect(now).toEqual({ ...old, http: { ...old.http, readTimeout: '0s', writeTimeout: '0s' } });
    expect(old).toMatchObject({
      storage: { rootDirectory: 'registry', gc: false, dedupe: false },
      http: { accessControl: { repositories: { '**': { anonymousPolicy: ['read'] } } } },
    });
  });

  it('the unit for systemd is one that it takes, and the command in it serves the bundle', async () => {
    const unit = textOf('zot.service');
    if (findTool('systemd-analyze') === undefined)
      console.log('systemd-analyze is not here: zot.service was not read by it');
    else {
      const file = path.join(bench.folder, 'zot.service');
      await writeFile(file, unit);
      expect(await runProgram(toolPath('systemd-analyze'), ['verify', '--man=no', file])).toMatchObject({
        exitCode: 0,
        stderr: '',
      });
    }
    const [, command = ''] = /^ExecStart=\/bin\/(.*)$/m.exec(unit) ?? [];
    if (!hasZot()) return noteNotOnZot();
    await using site = await startSite({
      shell: 'dash',
      programs: ['zot', 'wget'],
      mounts: { '/srv/images': `${bundle}:ro` },
    });
    const { stdout } = await site.run(during(command, PULL));
    expect(stdout.trim()).toBe(ONE.top.slice(7));
  });

  it.for([
    ['docker-registry', 400],
    ['registry', 201],
  ] as const)(
    '%s takes layers that have addresses, and a sparse index with %i',
    async ([program, sparse]) => {
      const urls = ['https://blobs.example/layer'];
      const { image } = foreign({ layerBytes: 100, urls, held: true, flavour: 'oci' });
      const layout = path.join(bench.folder, `layout-${program}`);
      await writeOciLayout(layout, [{ image }]);
      const { bytes, mediaType } = topOf(idx());
      await writeFile(path.join(layout, 'sparse'), bytes);
      await using site = await startSite({
        shell: 'busybox',
        programs: [program, 'skopeo', 'curl'],
        mounts: { '/b': `${bundle}:ro`, '/layout': `${layout}:ro` },
      });
      const at = '127.0.0.1:5000';
      const steps = [
        `skopeo --insecure-policy copy -q --preserve-digests --dest-tls-verify=false oci:/layout docker://${at}/x:1`,
        `curl -s -H 'Accept: ${topOf(image).mediaType}' http://${at}/v2/x/manifests/1 | sha256sum | cut -c 1-64`,
        `curl -s -o /dev/null -w '%{http_code}' -T /layout/sparse -H 'Content-Type: ${mediaType}' http://${at}/v2/x/manifests/2`,
      ];
      const server = `${program} serve /b/kit/docker-registry.yml`;
      const { stdout, stderr } = await site.run(during(server, steps.join('\n')));
      expect([stdout.trim(), stderr]).toEqual([
        `${image.top.slice(7)}\n${sparse}`,
        expect.stringContaining(`listening on ${at}`),
      ]);
    },
  );
});
