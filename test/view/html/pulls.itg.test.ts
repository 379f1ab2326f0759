import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderBundlePage } from '../../../src/view/index.ts';
import { writeBundle } from '../../bundle/write-bundle.ts';
import { type Resolving, startResolving } from '../../resolve/resolving.ts';
import { chart, d2, one } from '../../support/fixtures/index.ts';
import { outputOf } from '../../support/program.ts';
import { serveBundle, type ServedBundle } from '../../support/serve-bundle.ts';
import { startContainerd, startDockerd, startPodman } from '../../support/servers/index.ts';
import { asRoot, toolPath } from '../../support/tools.ts';

const APP = 'quay.io/acme/app:1';
const app = one({ layerBytes: 1000 });
const PORTED = 'localhost:5000/ported:1';
const ported = d2({ layerBytes: 1000 });

let bench: Resolving;
let served: ServedBundle;
/** The commands of the page, with the address of the registry of this test. */
let commands: string[];
beforeAll(async () => {
  bench = await startResolving();
  const lock = bench.lock(
    await bench.resolve(app, APP),
    await bench.resolve(ported, PORTED),
    await bench.resolve(chart(), 'ghcr.io/acme/chart:1'),
  );
  served = await serveBundle(await writeBundle(bench, lock, 'bundle', ['oci', 'zot']));
  const cells = renderBundlePage(lock).matchAll(/<code[^>]*data-ref[^>]*>([^<]*)</g);
  commands = [...cells].map(([, command = '']) => command.replaceAll('127.0.0.1:5000', served.host));
});
afterAll(async () => {
  await served.close();
  await bench.close();
});

/** The arguments of the commands that begin so and name a text; a command of a page has no quotes. */
const argsOf = (program: string, named: string): string[][] =>
  commands
    .filter((command) => command.startsWith(`${program} `) && command.includes(named))
    .map((command) => command.split(' ').slice(1));

describe('V16: the pull commands of report.html', () => {
  it('pull by podman, by tag and by digest, a name with a port from its folder, and by skopeo under the stored name', async () => {
    await using podman = await startPodman();
    for (const args of [...argsOf('podman', '/acme/app'), ...argsOf('podman', '/localhost_5000/ported')])
      await podman.podman(...args);
    const storage = path.join(bench.folder, 'storage.conf');
    await writeFile(
      storage,
      `[storage]\ndriver = "vfs"\ngraphroot = "${podman.root}"\nrunroot = "${podman.runRoot}"\n`,
    );
    const [skopeo = []] = argsOf('skopeo', 'containers-storage:');
    await outputOf(...asRoot('skopeo', skopeo), { env: { ...podman.env, CONTAINERS_STORAGE_CONF: storage } });
    const images = await podman.images();
    expect(
      Object.fromEntries(images.map(({ name, digest }) => [name.replace(served.host, 'R'), digest])),
    ).toMatchObject({
      'R/quay.io/acme/app:1': app.top,
      'R/localhost_5000/ported:1': ported.top,
      [PORTED]: ported.top,
    });
  });

  it('pull by ctr into the namespace of Kubernetes', async () => {
    await using containerd = await startContainerd('k8s.io');
    const [args = []] = argsOf('ctr', 'ported');
    await containerd.ctr(...args);
    expect((await containerd.images()).map(({ digest }) => digest)).toEqual([ported.top]);
  });

  it('pull by docker', async () => {
    await using dockerd = await startDockerd();
    const [args = []] = argsOf('docker', 'ported');
    await dockerd.docker(...args);
    expect((await dockerd.images()).map(({ name }) => name)).toEqual([
      `${served.host}/localhost_5000/ported:1`,
    ]);
  });

  it('copy an artifact by skopeo', async () => {
    const [args = []] = argsOf('skopeo', 'chart:1');
    await outputOf(toolPath('skopeo'), ['--insecure-policy', ...args], { cwd: bench.folder });
    expect((await stat(path.join(bench.folder, 'artifact.tar'))).size).toBeGreaterThan(1000);
  });
});
