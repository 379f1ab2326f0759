import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closable, type Closable } from '../closable.ts';
import { outputOf, startDaemon } from '../program.ts';
import { runtimeFolder } from '../temp.ts';
import { asRoot } from '../tools.ts';

export interface ContainerdImage {
  readonly name: string;
  readonly mediaType: string;
  readonly digest: string;
}

export interface Containerd extends Closable {
  readonly socket: string;
  /** For children that call `ctr` themselves: address, namespace and snapshotter. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `ctr` with these arguments. Rejects with its error output where it fails. */
  ctr(...args: readonly string[]): Promise<string>;
  images(): Promise<ContainerdImage[]>;
  import(archive: string, ...flags: readonly string[]): Promise<string>;
  /** Pulls over plain HTTP. */
  pull(reference: string, ...flags: readonly string[]): Promise<string>;
  /** What a command prints in a container of an image that is there; host network, no terminal. */
  run(reference: string, ...command: readonly string[]): Promise<string>;
}

/** Plugins that other kernels or file systems lack, and those that listen on ports. */
const DISABLED = ['grpc.v1.cri', 'internal.v1.opt', 'internal.v1.tracing', 'tracing.processor.v1.otlp']
  .concat(['aufs', 'btrfs', 'devmapper', 'zfs'].map((name) => `snapshotter.v1.${name}`))
  .map((name) => `io.containerd.${name}`);

/** Starts a private containerd with its own root, state and socket. `namespace`: `k8s.io` as kubelet uses it. */
export async function startContainerd(namespace = 'default'): Promise<Containerd> {
  const folder = await runtimeFolder('ctd');
  const socket = join(folder.path, 's');
  const config = join(folder.path, 'config.toml');
  await writeFile(
    config,
    [
      'version = 2',
      `root = ${JSON.stringify(join(folder.path, 'root'))}`,
      `state = ${JSON.stringify(join(folder.path, 'state'))}`,
      `disabled_plugins = ${JSON.stringify(DISABLED)}`,
      `[grpc]\naddress = ${JSON.stringify(socket)}\nuid = 0\ngid = 0`,
      `[ttrpc]\naddress = ${JSON.stringify(join(folder.path, 't'))}`,
    ].join('\n'),
  );
  const daemon = startDaemon(...asRoot('containerd', ['--config', config]));
  const end = async (): Promise<void> => {
    await daemon.close();
    await folder.close();
  };
  // The snapshotter that works on every file system.
  const env = {
    CONTAINERD_ADDRESS: socket,
    CONTAINERD_NAMESPACE: namespace,
    CONTAINERD_SNAPSHOTTER: 'native',
  };
  const ctr = (...args: readonly string[]): Promise<string> => outputOf(...asRoot('ctr', args), { env });
  try {
    await daemon.line(/containerd successfully booted/);
  } catch (error) {
    await end();
    throw error;
  }
  return closable(
    {
      socket,
      env,
      ctr,
      images: async () => parseImages(await ctr('images', 'ls')),
      import: (archive: string, ...flags: readonly string[]) => ctr('images', 'import', ...flags, archive),
      pull: (reference: string, ...flags: readonly string[]) =>
        ctr('images', 'pull', '--plain-http', ...flags, reference),
      run: (reference: string, ...command: readonly string[]) =>
        ctr(
          'run',
          '--rm',
          '--net-host',
          '--fifo-dir',
          join(folder.path, 'fifo'),
          reference,
          `c-${randomUUID()}`,
          ...command,
        ),
    },
    end,
  );
}

function parseImages(table: string): ContainerdImage[] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [name = '', mediaType = '', digest = ''] = line.split(/\s+/);
      return { name, mediaType, digest };
    });
}
