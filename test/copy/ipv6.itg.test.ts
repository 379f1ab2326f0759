import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCredentialStore } from '../../src/registry/index.ts';
import { createSkopeoEnvironment, findSkopeo } from '../../src/skopeo/index.ts';
import { openTrust } from '../../src/trust/index.ts';
import { closable, type Closable } from '../support/closable.ts';
import { buildImage, filledLayer } from '../support/fixtures/index.ts';
import { pushImage } from '../support/push.ts';
import { type DockerRegistry, startDockerRegistry, writeCertsDir } from '../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { startCopying } from './copying.ts';

const images = ['a', 'b'].map((name) => buildImage({ layers: [filledLayer(name, 1_200_000)] }));

let folder: TempFolder;
let registry: DockerRegistry;
let door: Closable & { readonly host: string };

/** Leads a port of the IPv6 loopback to a server. */
async function openDoor(port: number): Promise<Closable & { readonly host: string }> {
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.on('error', () => {});
      one.once('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return closable(
    { host: `[::1]:${address.port}` },
    () => new Promise<void>((resolve) => void server.close(() => resolve())),
  );
}

beforeAll(async () => {
  folder = await tempFolder('ipv6');
  registry = await startDockerRegistry({ tls: 'server', users: { puller: 'secret' } });
  for (const [index, image] of images.entries()) await pushImage(registry.target, `app${index}`, image, '1');
  door = await openDoor(registry.port);
});
afterAll(async () => {
  await registry.close();
  await door.close();
  await folder.close();
});

describe('N9: a registry by its IPv6 address, with TLS and a login', () => {
  it.each(['skopeo', 'direct'] as const)('is read by copier %s', async (copier) => {
    const made = registry.certificates;
    if (made === undefined) throw new Error('a registry with TLS has certificates');
    const certsDir = await writeCertsDir(`${folder.path}/${copier}`, door.host, made);
    const trust = await openTrust({ env: {}, caFile: '', certsDir, systemFiles: [], onWarning: () => {} });
    const authFile = `${folder.path}/${copier}.json`;
    const auth = Buffer.from('puller:secret').toString('base64');
    await writeFile(authFile, JSON.stringify({ auths: { [door.host]: { auth } } }));
    const credentials = await openCredentialStore({ authFile, env: {}, onWarning: () => {} });
    await using bench = await startCopying([], { trust: trust.of, credentials });
    const resolved = await bench.images([`${door.host}/app0:1`, `${door.host}/app1:1`]);
    const skopeo = await findSkopeo({ kind: 'auto' }, process.env);
    const environment = await createSkopeoEnvironment(bench.store.runFolder, process.env, trust);
    const given = { copier, credentials, skopeoTools: async () => ({ skopeo, environment }) };
    const { failures, movers, events } = await bench.copy(resolved, given);
    expect([failures.size, movers.size]).toEqual([0, images.length]);
    const warnings = events.flatMap((event) =>
      event.type === 'log' && event.level === 'warning' ? [event.message] : [],
    );
    // An older skopeo refuses such a name. One text for all images: who shows it folds it.
    const [major = 0, minor = 0] = skopeo.version.split('.').map(Number);
    const isOld = major === 1 && minor < 14;
    expect(warnings).toEqual(
      copier === 'skopeo' && isOld
        ? images.map(
            () =>
              `skopeo ${skopeo.version} knows no registry by an IPv6 address, as ${door.host} is; the built-in client completes it`,
          )
        : [],
    );
  });
});
