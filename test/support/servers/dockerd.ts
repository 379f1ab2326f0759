import { join } from 'node:path';
import { z } from 'zod';
import { closable, type Closable } from '../closable.ts';
import { outputOf, startDaemon } from '../program.ts';
import { runtimeFolder } from '../temp.ts';
import { asRoot, toolPath } from '../tools.ts';

export interface DockerImage {
  readonly name: string;
  /** The image ID: the digest of its config. */
  readonly id: string;
}

export interface Dockerd extends Closable {
  readonly socket: string;
  /** For children that call `docker` themselves. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `docker` with these arguments. Rejects with its error output where it fails. */
  docker(...args: readonly string[]): Promise<string>;
  images(): Promise<DockerImage[]>;
}

/**
 * Starts a private Docker daemon with its own data, socket and containerd; it has no network for containers. `flags` are
 * added to those of `dockerd`.
 */
export async function startDockerd(flags: readonly string[] = []): Promise<Dockerd> {
  const folder = await runtimeFolder('dkr');
  const at = (name: string): string => join(folder.path, name);
  const socket = at('s');
  const daemon = startDaemon(
    ...asRoot('dockerd', [
      `--data-root=${at('root')}`,
      `--exec-root=${at('exec')}`,
      `--pidfile=${at('pid')}`,
      `--host=unix://${socket}`,
      '--storage-driver=vfs',
      '--iptables=false',
      '--ip6tables=false',
      '--bridge=none',
      ...flags,
    ]),
  );
  const end = async (): Promise<void> => {
    await daemon.close();
    await folder.close();
  };
  const env = { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: at('config') };
  const docker = (...args: readonly string[]): Promise<string> =>
    outputOf(toolPath('docker'), args, { env, cwd: folder.path });
  try {
    await daemon.line(/API listen on/, 60);
  } catch (error) {
    await end();
    throw error;
  }
  return closable<Omit<Dockerd, keyof Closable>>(
    {
      socket,
      env,
      docker,
      images: async () => {
        const lines = (await docker('images', '--no-trunc', '--format', '{{json .}}')).trim().split('\n');
        return lines
          .filter((line) => line !== '')
          .map((line) => imageSchema.parse(JSON.parse(line)))
          .map(({ Repository, Tag, ID }) => ({ name: `${Repository}:${Tag}`, id: ID }));
      },
    },
    end,
  );
}

const imageSchema = z.object({ Repository: z.string(), Tag: z.string(), ID: z.string() });
